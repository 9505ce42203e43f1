from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from workflow_scripts.rogi.demo.imagery import pictures, write_quads
from workflow_scripts.rogi.demo.scene import Scene

QUARTERS = ("quads_q3", "quads_q4")
HALF = Window(0, 0, 4096, 2048)


@pytest.fixture(scope="module")
def north(world: dict[str, Any]) -> list[np.ndarray]:
    """The northern half of the quad in both quarters, int16 (4, 2048, 4096)."""
    images = []
    for quarter in QUARTERS:
        with rasterio.open(world[quarter][0]) as quad:
            images.append(quad.read(window=HALF).astype(np.int16))
    return images


@pytest.mark.parametrize("quarter", QUARTERS)
def test_quads_are_like_planets(world: dict[str, Any], quarter: str) -> None:
    with rasterio.open(world[quarter][0]) as quad:
        assert (quad.width, quad.height, quad.count) == (4096, 4096, 4)
        assert quad.dtypes == ("uint8",) * 4
        assert quad.crs.to_epsg() == 3857
        assert quad.colorinterp == (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
        assert quad.block_shapes == [(256, 256)] * 4
        assert quad.res == pytest.approx((4.777314267823516, 4.777314267823516))
        size = 4096 * 4.777314267823516
        assert quad.transform.c == pytest.approx(1474 * size - 20037508.342789244)
        assert quad.transform.f == pytest.approx(1238 * size - 20037508.342789244)


def test_only_a_corner_was_not_imaged(north: list[np.ndarray]) -> None:
    for image in north:
        alpha = image[3]
        assert set(np.unique(alpha)) == {0, 255}
        assert alpha[0, -256] == alpha[255, -1] == 0
        assert alpha[0, -257] == alpha[256, -1] == 255
        assert (alpha == 0).sum() == 256 * 257 / 2
        assert (image[:3, alpha == 0] == 0).all()
        assert image[:3, alpha == 255].min() >= 1


def test_the_third_quarter_has_clouds_and_shadows_and_the_fourth_has_none(
    scene: Scene, north: list[np.ndarray]
) -> None:
    opacity, shadow = scene.clouds.over(np.arange(2048), np.arange(4096))
    third, fourth = (image[:3] for image in north)
    core, dark = opacity > 0.99, (shadow > 0.99) & (opacity < 0.01)
    assert third[:, core].min() >= 225
    assert np.ptp(third[:, core], axis=0).max() <= 10
    assert third[:, dark].max() < 25
    valid = north[1][3] > 0
    assert fourth[:, valid].min(axis=0).max() < 215
    assert fourth[:, valid].max(axis=0).min() > 28


def test_the_quarters_agree_where_there_is_neither_cloud_nor_snow(scene: Scene, north: list[np.ndarray]) -> None:
    opacity, shadow = scene.clouds.over(np.arange(2048), np.arange(4096))
    clear = (opacity == 0) & (shadow == 0) & (north[0][3] > 0)
    difference = (north[1][:3] - north[0][:3])[:, clear]
    typical = np.median(difference, axis=1)
    assert typical[0] > 0 > typical[2]
    assert np.abs(typical).max() < 12
    brighter = difference.min(axis=0)
    assert (brighter > 30).mean() > 0.002  # new snow
    assert (brighter < -30).mean() < 0.0001


def test_quads_follow_from_the_seed_however_they_are_cut(world: dict[str, Any], scene: Scene) -> None:
    made = pictures(scene, 1230, 700, (60, 500))
    for quarter, expected in zip(QUARTERS, made, strict=True):
        with rasterio.open(world[quarter][0]) as quad:
            written = quad.read(window=Window(700, 1230, 500, 60)).astype(int)
        assert np.abs(written - expected).max() <= 1  # rounding
        assert (written == expected).mean() > 0.999


def test_a_quad_of_one_quarter_alone_is_an_error(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the quads of the two quarters differ"):
        write_quads(scene, [str(tmp_path / "L15-1474E-1237N.tif")], [str(tmp_path / "L15-1475E-1237N.tif")], 1)
