"""The script that outlines candidates: every object is published by exactly one subregion."""

import logging
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.windows import Window

from tests.worlds import GRID, WHOLE, square, write_subregions
from workflow_scripts import vectorize_candidates
from workflow_scripts.rogi.imagery.grid import within
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.vectorize import candidates
from workflow_scripts.rogi.raster import write_raster

RULES: dict[str, Any] = {"threshold": 0.5, "connectivity": 4, "max_hole_m2": 0.0, "min_area_m2": 10_000.0}
BORDER = 250
# (row, column, height, width) of objects; the third crosses the border, the last reaches out of both subregions.
OBJECTS = [(20, 20, 40, 30), (100, 400, 30, 60), (200, 230, 50, 45), (300, 225, 50, 45), (400, 440, 40, 40)]
OUTSIDE = (460, 470, 40, 35)  # in the halo alone
CUTS = {
    "west": Window(WHOLE.col_off, WHOLE.row_off, 330, 512),
    "east": Window(WHOLE.col_off + 180, WHOLE.row_off, 332, 512),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the candidates of two subregions, from overlapping cuts of one probability raster."""
    folder = tmp_path_factory.mktemp("candidates")
    scores = np.full((512, 512), 30, np.uint8)
    for number, (row, column, height, width) in enumerate([*OBJECTS, OUTSIDE]):
        scores[row : row + height, column : column + width] = 200 + number
    scores[:10] = NODATA
    shapes = {"west": square(0, 0, BORDER, 512), "east": square(BORDER, 0, 200, 512)}
    subregions = write_subregions(folder / "subregions.gpkg", shapes)
    for slug, cut in CUTS.items():
        part = scores[within(cut, WHOLE)]
        paths = str(folder / slug / "probability.tif"), str(folder / slug / "source.tif")
        write_raster(paths[0], part, GRID.crs, GRID.transform(cut), nodata=NODATA)
        write_raster(paths[1], (part != NODATA).astype(np.uint8), GRID.crs, GRID.transform(cut), nodata=0)
        out = str(folder / f"{slug}.gpkg")
        vectorize_candidates.main(*paths, subregions, out, slug, ["Quarter 3"], **RULES)
    return folder


def published(folder: Path) -> gpd.GeoDataFrame:
    frames = [gpd.read_file(folder / f"{slug}.gpkg", layer="candidates").assign(slug=slug) for slug in CUTS]
    return gpd.GeoDataFrame(gpd.pd.concat(frames, ignore_index=True))


def test_every_object_is_published_exactly_once(folder: Path) -> None:
    frame = published(folder)
    assert len(frame) == len(OBJECTS)
    expected = [square(column, row, width, height) for row, column, height, width in OBJECTS]
    shares = [
        [one.intersection(other).area / other.area for other in expected] for one in frame.to_crs(GRID.crs).geometry
    ]
    assert np.array_equal(np.sort(np.argmax(shares, axis=1)), np.arange(len(OBJECTS)))
    assert np.max(shares, axis=1) == pytest.approx(1)


def test_the_marker_decides_whose_an_object_is(folder: Path) -> None:
    frame = published(folder)
    owners = dict(zip((frame["probability"] * FULL).round().astype(int), frame["slug"], strict=True))
    # Markers of the two border objects are at columns 252.5 and 247.5; the last one lies beyond the east.
    assert owners == {200: "west", 201: "east", 202: "east", 203: "west", 204: "east"}


def test_objects_on_the_border_are_the_same_from_both_sides(folder: Path) -> None:
    seen = []
    for slug in CUTS:
        paths = folder / slug / "probability.tif", folder / slug / "source.tif"
        frame = candidates(*paths, ["Quarter 3"], **RULES)
        border = frame[frame.intersects(square(BORDER, 150, 1, 250))].sort_values("probability")
        assert len(border) == 2
        seen.append(border)
    one, other = seen
    assert one["source"].tolist() == other["source"].tolist()
    for column in ("probability", "area_m2"):
        assert one[column].tolist() == pytest.approx(other[column].tolist(), rel=1e-9)
    pairs = zip(one.normalize(), other.normalize(), strict=True)
    assert all(shape.equals_exact(twin, 1e-6) for shape, twin in pairs)


def test_ids_are_unique_and_read_as_places(folder: Path) -> None:
    ids = published(folder)["candidate_id"]
    assert ids.is_unique
    assert ids.str.fullmatch(r"CAN35\d{4}N079\d{4}E").all(), ids.tolist()


def test_the_layer_has_the_stated_columns_and_crs(folder: Path) -> None:
    frame = gpd.read_file(folder / "east.gpkg", layer="candidates")
    assert list(frame.columns) == ["candidate_id", "probability", "area_m2", "source", "geometry"]
    assert frame.crs.to_epsg() == 4326
    assert set(frame["source"]) == {"Quarter 3"}


def test_no_candidates_give_an_empty_layer(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = str(folder / "west" / "probability.tif"), str(folder / "west" / "source.tif")
    out = str(tmp_path / "none.gpkg")
    strict = RULES | {"min_area_m2": 1e9}
    with caplog.at_level(logging.INFO, "rogi"):
        vectorize_candidates.main(*paths, str(folder / "subregions.gpkg"), out, "west", ["Quarter 3"], **strict)
    frame = gpd.read_file(out, layer="candidates")
    assert frame.empty
    assert list(frame.columns) == ["candidate_id", "probability", "area_m2", "source", "geometry"]
    assert caplog.messages == [
        "west: 0 candidates, 0.000 km²; 0 more in the halo belong to its neighbours or lie outside the study"
    ]


def test_polygons_are_valid(folder: Path) -> None:
    assert shapely.is_valid(published(folder).geometry.array).all()
