import numpy as np
import pytest

from workflow_scripts.rogi.demo.resample import upsample
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.demo.surface import AMBIENT, GRAVEL, ROCK, light, view


def plane(azimuth_deg: float, tangent: float) -> np.ndarray:
    """Heights of a slope that faces an azimuth, cells of 2 m."""
    rows, columns = np.mgrid[0:9, 0:9] * 2.0
    azimuth = np.radians(azimuth_deg)
    return -tangent * (np.sin(azimuth) * columns - np.cos(azimuth) * rows)


@pytest.mark.parametrize(
    ("azimuth", "tangent", "expected"),
    [
        (0, 0, 1),
        (145, 1, AMBIENT + (1 - AMBIENT) * np.sqrt(2)),  # the sun stands right above a slope of 45° that faces it
        (325, 1, AMBIENT),  # and grazes the one that faces away
        (325, 2, AMBIENT),
        (55, 1, AMBIENT + (1 - AMBIENT) / np.sqrt(2)),
    ],
)
def test_light_follows_lamberts_law(azimuth: float, tangent: float, expected: float) -> None:
    np.testing.assert_allclose(light(plane(azimuth, tangent), 2.0), expected, atol=1e-6)


def test_a_view_is_part_of_the_whole(scene: Scene) -> None:
    whole = view(scene, 1000, 2000, (120, 300))
    part = view(scene, 1040, 2100, (50, 60))
    for name in ("colour", "light", "cold"):
        expected = getattr(whole, name)[..., 40:90, 100:160]
        np.testing.assert_allclose(getattr(part, name), expected, atol=1e-3)


def test_rock_glaciers_are_drawn_where_the_truth_says(scene: Scene) -> None:
    stamp = [stamp for stamp in scene.stamps if not stamp.is_water][-1]
    ground = view(scene, stamp.row, stamp.column, stamp.inside.shape)
    np.testing.assert_allclose(ground.colour[:, stamp.inside], stamp.colour[:, stamp.inside])
    assert np.abs(ground.colour - stamp.colour)[:, ~stamp.inside].mean() > 3
    assert ground.light[stamp.inside].std() > 0.1


def test_ice_is_blue_and_lakes_are_dark(scene: Scene) -> None:
    inner = max(scene.landforms.glaciers, key=lambda glacier: glacier.area).buffer(-20).representative_point()
    ice = view(scene, int(inner.y), int(inner.x), (3, 3)).colour.mean(axis=(1, 2))
    assert ice[2] > ice[0] + 20
    lake = scene.landforms.lakes[0].centroid
    water = view(scene, int(lake.y), int(lake.x), (3, 3))
    assert water.colour[0].max() < 120
    np.testing.assert_allclose(water.light, 1, atol=1e-5)


def test_walls_are_rock_and_the_plain_is_gravel(scene: Scene) -> None:
    plain = view(scene, 3800, 1000, (40, 400)).colour.mean(axis=(1, 2))
    np.testing.assert_allclose(plain, GRAVEL, atol=30)
    y, x = scene.frame.coarse_pixels(0), scene.frame.coarse_pixels(1)
    steep = (scene.relief.slope > 1.1) & (y[:, None] > 100) & (y[:, None] < 3500) & (x > 100) & (x < 3900)
    rows, columns = np.nonzero(steep)
    patches = [
        view(scene, int(y[r]) - 1, int(x[c]) - 1, (3, 3)) for r, c in zip(rows[::40], columns[::40], strict=True)
    ]
    walls = np.array([patch.colour.mean(axis=(1, 2)) for patch in patches])
    np.testing.assert_allclose(np.median(walls, axis=0), ROCK, atol=20)


def test_snow_keeps_to_high_and_gentle_ground(scene: Scene) -> None:
    ground = view(scene, 200, 0, (600, 4096))
    at = scene.frame.coarse_index(np.arange(200, 800) + 0.5, 0), scene.frame.coarse_index(np.arange(4096) + 0.5, 1)
    height, slope = (upsample(getattr(scene.relief, name), *at, False) for name in ("height", "slope"))
    gentle = slope < 0.2
    assert np.corrcoef(ground.cold[gentle], height[gentle])[0, 1] > 0.8
    band = (height > 5400) & (height < 5500)
    assert ground.cold[band & (slope > 0.9)].mean() < ground.cold[band & (slope < 0.3)].mean() - 500
