"""Outlines against imagery on disk: shifts in true metres, and shares of poor imagery."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.training.painted import painted, tongue
from tests.worlds import BANDS, CLOUD, HOLE, PIXEL, SCREENING, SIDE, WEB_MERCATOR, WHOLE, make_world, square
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.training import label_quality
from workflow_scripts.rogi.training.label_quality import Assessor, Rules

RULES = Rules(max_shift_m=40, min_significance=4, around_m=50, min_quality=0.75, snow_min_dn=170)
TONGUE = tongue(150, 420)
PIXEL_M = PIXEL * np.cos(np.radians(35.1)) / np.sqrt(1 - 0.00669437999 * np.sin(np.radians(35.1)) ** 2)
CORNER = np.array([WHOLE.col_off, WHOLE.row_off])
SNOW = np.s_[440:470, 300:340]


@pytest.fixture(scope="module")
def imagery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imagery]:
    """Return one mosaic with a cloud, a hole, a patch of snow and a tongue at a known place."""
    image = painted(TONGUE, SIDE, 40.0)
    image[:, *SNOW] = 190
    world = make_world(tmp_path_factory.mktemp("labels"), image)
    with Imagery(world.indexes, 3, None, Screening(**SCREENING)) as imagery:
        yield imagery


def on_ground(outline: shapely.Geometry) -> shapely.Geometry:
    """Return an outline in pixels of the world in EPSG:3857."""
    return shapely.transform(outline, lambda xy: (xy + CORNER) * (PIXEL, -PIXEL))


def of(part: tuple[slice, slice]) -> shapely.Polygon:
    """Return the rectangle of a part of the world."""
    rows, columns = part
    return square(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)


def assessed(imagery: Imagery, shapes: list[shapely.Geometry], rules: Rules = RULES, seed: int = 1) -> pd.DataFrame:
    names: dict[str, Any] = {"uid": [f"p{number}" for number in range(len(shapes))], "kind": "lake", "inventory": "A"}
    frame = gpd.GeoDataFrame(names, geometry=shapes, crs=WEB_MERCATOR, index=range(10, 10 + len(shapes))).to_crs(WGS84)
    return pd.DataFrame(list(Assessor(imagery, BANDS, rules, seed).assess(frame)))


def test_shifts_are_true_metres_to_the_east_and_north(imagery: Imagery) -> None:
    off = on_ground(shapely.affinity.translate(TONGUE, -4, 2.5))
    (row,) = assessed(imagery, [off]).to_dict("records")
    assert row["pixel_m"] == pytest.approx(PIXEL_M, rel=1e-3)
    assert row["shift_east_m"] == pytest.approx(4 * PIXEL_M, abs=0.5 * PIXEL_M)
    assert row["shift_north_m"] == pytest.approx(2.5 * PIXEL_M, abs=0.5 * PIXEL_M)
    assert row["shift_uncertainty_m"] < 1.5 * PIXEL_M
    assert row["shift_reliable"]
    assert (row["quality"], row["missing_share"], row["poor_imagery"]) == (1, 0, False)
    assert {name: row[name] for name in ("uid", "kind", "inventory")} == {"uid": "p0", "kind": "lake", "inventory": "A"}


def test_what_is_reliable_is_up_to_the_rules(imagery: Imagery) -> None:
    off = on_ground(shapely.affinity.translate(TONGUE, 1, 1))
    (usual,) = assessed(imagery, [off]).to_dict("records")
    strict = Rules(40, usual["shift_significance"] + 1e-6, 50, 0.75, 170)
    assert usual["shift_reliable"]
    assert not assessed(imagery, [off], strict)["shift_reliable"].any()


def test_shares_under_and_around(imagery: Imagery) -> None:
    """A cloud, a hole and snow, each known to the pixel, and half of one."""
    half = np.s_[CLOUD[0], CLOUD[1].start - 60 : CLOUD[1].start + 60]
    table = assessed(imagery, [of(CLOUD), of(HOLE), of(SNOW), of(half), on_ground(TONGUE)]).set_index("uid")
    assert table.loc["p0", ["cloud_share", "quality"]].tolist() == [1, 0]
    assert table.loc["p1", ["missing_share", "cloud_share", "quality"]].tolist() == [1, 0, 0]
    assert table.loc["p2", ["snow_share", "quality"]].tolist() == [1, 0]
    assert table.loc["p3", ["cloud_share", "quality"]].tolist() == [0.5, 0.5]
    assert table["poor_imagery"].tolist() == [True, True, True, True, False]
    clear = table.loc[["p0", "p1", "p2"], "around_quality"]
    assert clear.between(0.99, 1).all()
    shares = table[["missing_share", "cloud_share", "shadow_share", "snow_share", "quality"]]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    assert np.isnan(table.loc["p1", "shift_east_m"])
    assert not table.loc["p1", "shift_reliable"]


def test_tiles_leave_no_trace(imagery: Imagery, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = [on_ground(TONGUE), of(CLOUD)]
    whole = assessed(imagery, shapes)
    monkeypatch.setattr(label_quality, "TILE_PX", 40)
    tiled = assessed(imagery, shapes)
    numbers = whole.select_dtypes("number").columns
    assert tiled[numbers].to_numpy(float) == pytest.approx(whole[numbers].to_numpy(float), abs=1e-4, nan_ok=True)


def test_no_outline_depends_on_the_others(imagery: Imagery, tmp_path: Path) -> None:
    one, other = on_ground(TONGUE), of(SNOW)
    alone, together = assessed(imagery, [one]), assessed(imagery, [other, one])
    pd.testing.assert_series_equal(alone.iloc[0], together.iloc[1].replace("p1", "p0"), check_names=False)
