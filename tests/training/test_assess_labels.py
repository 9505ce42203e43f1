"""The script that assesses training outlines: an inventory that lies off the imagery is found and named."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.affinity import translate

from tests.training.painted import cover, noise, tongue
from tests.worlds import BANDS, PIXEL, SCREENING, SIDE, WEB_MERCATOR, WHOLE, World, make_world
from workflow_scripts import assess_labels
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import WGS84

RULES = {"max_shift_m": 40, "min_significance": 4, "around_m": 60, "min_quality": 0.75, "snow_min_dn": 170}
PLACES = [(column, row) for row in (60, 160, 250, 440) for column in (110, 220)]
OFF_PX = (4.0, -3.0)  # of inventory B: to the right, and up
OUTPUTS = ("quality", "shifts", "styles", "tests")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return imagery with a tongue at each of PLACES."""
    share = cover(shapely.union_all([tongue(*place) for place in PLACES]), SIDE)
    image = (110 + 40 * share + 12 * noise(SIDE, 4)).clip(1, 200).astype(np.uint8)
    return make_world(tmp_path_factory.mktemp("assessed"), image)


def layer(shapes: list[shapely.Geometry], **columns: Any) -> gpd.GeoDataFrame:
    corner = np.array([WHOLE.col_off, WHOLE.row_off])
    placed = [shapely.transform(shape, lambda xy: (xy + corner) * (PIXEL, -PIXEL)) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=placed, crs=WEB_MERCATOR).to_crs(WGS84)


def write_inventory(path: Path, off: tuple[float, float]) -> None:
    """Write two inventories of the same tongues, B off by some pixels, and a negative where there is nothing."""
    right = [tongue(*place) for place in PLACES]
    count = len(right)
    known: dict[str, Any] = {"uid": [f"{name}-{number}" for name in "ab" for number in range(count)]}
    known |= {"inventory": ["A"] * count + ["B"] * count, "mapper": None, "footprint": "extended"}
    lake = layer([shapely.box(440, 440, 480, 480)], uid=["lake-0"], kind=["lake"], inventory=["Lakes"])
    pair = {"uid_a": ["a-0"], "inventory_a": ["A"], "uid_b": ["b-0"], "inventory_b": ["B"], "iou": [0.75]}
    outlines = layer(right + [translate(shape, *off) for shape in right], **known)
    layers = {"rock_glaciers": outlines, "negatives": lake, "overlaps": pd.DataFrame(pair)}
    write_layers(path, layers, {"rock_glaciers": "MultiPolygon", "negatives": "MultiPolygon"})


def run(world: World, folder: Path, off: tuple[float, float]) -> dict[str, pd.DataFrame]:
    write_inventory(folder / "inventory.gpkg", off)
    paths: dict[str, Any] = {name: str(folder / f"{name}.csv") for name in OUTPUTS}
    numbers: dict[str, Any] = {"rules": RULES, "samples": 200, "confidence": 0.95, "seed": 1}
    imagery: dict[str, Any] = {"bands": BANDS, "nodata": None, "damaged": "stop", "screening": SCREENING}
    assess_labels.main(str(folder / "inventory.gpkg"), world.indexes, **paths, **imagery, **numbers)
    return {name: pd.read_csv(path) for name, path in paths.items()}


def test_an_inventory_that_lies_off_is_named(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "rogi"):
        tables = run(world, tmp_path, OFF_PX)
    shifts, quality = tables["shifts"].set_index("inventory"), tables["quality"]
    pixel_m = shifts.loc["B", "pixel_m"]
    assert shifts.loc["B", "shift_east_m"] == pytest.approx(-OFF_PX[0] * pixel_m, abs=0.5 * pixel_m)
    assert shifts.loc["B", "shift_north_m"] == pytest.approx(OFF_PX[1] * pixel_m, abs=0.5 * pixel_m)
    assert shifts["systematic"].tolist() == [False, True, False]
    assert shifts["outlines"].tolist() == [8, 8, 1]
    (warning,) = (record.message for record in caplog.records if record.levelname == "WARNING")
    assert "inventory B: its outlines lie off the imagery" in warning
    assert "compare the CRS of the file" in warning
    assert len(quality) == 17
    assert quality["uid"].is_unique
    assert quality.loc[quality["inventory"] == "B", "shift_reliable"].all()
    assert "17 polygons assessed" in caplog.messages[-1]
    assert caplog.messages[-1].endswith("1 of 3 inventories systematically off")


def test_hands_are_compared(world: World, tmp_path: Path) -> None:
    tables = run(world, tmp_path, (0, 0))
    assert tables["styles"][["inventory", "overlaps", "mean_iou"]].to_numpy().tolist() == [
        ["A", 1, 0.75],
        ["B", 1, 0.75],
    ]
    assert (tables["tests"]["p"] > 0.9).all()
    assert not tables["shifts"]["systematic"].any()


def test_a_study_without_negatives_and_overlaps(world: World, tmp_path: Path) -> None:
    alone = layer([tongue(*PLACES[0])], uid=["a-0"], inventory=["A"], mapper=[None], footprint=["unknown"])
    nothing = layer([], uid=[], kind=[], inventory=[])
    no_pairs = pd.DataFrame({"inventory_a": pd.Series(dtype=str), "inventory_b": pd.Series(dtype=str), "iou": []})
    layers = {"rock_glaciers": alone, "negatives": nothing, "overlaps": no_pairs}
    write_layers(tmp_path / "inventory.gpkg", layers, {"rock_glaciers": "MultiPolygon", "negatives": "MultiPolygon"})
    paths: dict[str, Any] = {name: str(tmp_path / f"{name}.csv") for name in OUTPUTS}
    imagery: dict[str, Any] = {"bands": BANDS, "nodata": None, "damaged": "stop", "screening": SCREENING}
    numbers: dict[str, Any] = {"rules": RULES, "samples": 50, "confidence": 0.95, "seed": 1}
    assess_labels.main(str(tmp_path / "inventory.gpkg"), world.indexes, **paths, **imagery, **numbers)
    assert len(pd.read_csv(paths["quality"])) == 1
    assert list(pd.read_csv(paths["tests"]).columns) == ["measure", "hands", "outlines", "h", "p", "explained"]
