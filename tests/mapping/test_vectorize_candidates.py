"""The script that outlines candidates: every object is published by exactly one subregion."""

import logging
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.windows import Window

from tests.mapping.tongues import PLAIN, UNITS, pair, write_slope
from tests.worlds import GRID, PIXEL, WHOLE, square, write_subregions
from workflow_scripts import vectorize_candidates
from workflow_scripts.rogi.imagery.grid import within
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.rules import CandidateRules
from workflow_scripts.rogi.mapping.vectorize import candidates
from workflow_scripts.rogi.raster import write_raster

RULES: dict[str, Any] = PLAIN | {"min_area_m2": 10_000.0}
HALO_M = 330.0  # about 85 px
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
        vectorize_candidates.main(*paths, subregions, [], out, slug, ["Quarter 3"], HALO_M, RULES)
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
        frame = candidates(*paths, ["Quarter 3"], CandidateRules(**RULES))
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
    assert list(frame.columns) == vectorize_candidates.COLUMNS
    assert frame.crs.to_epsg() == 4326
    assert set(frame["source"]) == {"Quarter 3"}


@pytest.mark.parametrize(("threshold", "count"), [(0.5, 5), (202.0 / FULL, 3)])
def test_the_networks_own_threshold(folder: Path, tmp_path: Path, threshold: float, count: int) -> None:
    """Objects score 200 to 204, in the two subregions together; what lies outside of both does not count."""
    found = 0
    for slug in CUTS:
        raster = shutil.copytree(folder / slug, tmp_path / slug) / "probability.tif"
        with rasterio.open(raster, "r+") as dataset:
            dataset.update_tags(threshold=threshold)
        paths = str(raster), str(raster.with_name("source.tif")), str(folder / "subregions.gpkg")
        out = str(tmp_path / f"{slug}.gpkg")
        rules = RULES | {"threshold": "model"}
        vectorize_candidates.main(*paths, [], out, slug, ["Quarter 3"], HALO_M, rules)
        found += len(gpd.read_file(out))
    assert found == count


def test_no_candidates_give_an_empty_layer(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = str(folder / "west" / "probability.tif"), str(folder / "west" / "source.tif")
    out = str(tmp_path / "none.gpkg")
    strict = RULES | {"min_area_m2": 1e9}
    with caplog.at_level(logging.INFO, "rogi"):
        vectorize_candidates.main(
            *paths, str(folder / "subregions.gpkg"), [], out, "west", ["Quarter 3"], HALO_M, strict
        )
    frame = gpd.read_file(out, layer="candidates")
    assert frame.empty
    assert list(frame.columns) == vectorize_candidates.COLUMNS
    assert caplog.messages == [
        "west, threshold 0.500: 0 candidates in 0 systems, 0.000 km²; 0 more in the halo belong to its neighbours or "
        "lie outside the study; 0 reach missing imagery, beyond which they may go on"
    ]


def test_polygons_are_valid(folder: Path) -> None:
    assert shapely.is_valid(published(folder).geometry.array).all()


PAIR = (210, 195)  # row and column of a pair of tongues 80 px high; their border is column 245


def write_jobs(folder: Path, scores: np.ndarray, border: int = 245) -> str:
    """Write the overlapping rasters of two subregions that meet at a column, and return their boundaries."""
    for slug, cut in CUTS.items():
        part = scores[within(cut, WHOLE)]
        (folder / slug).mkdir()
        write_raster(folder / slug / "probability.tif", part, GRID.crs, GRID.transform(cut), nodata=NODATA)
        write_raster(folder / slug / "source.tif", np.ones_like(part), GRID.crs, GRID.transform(cut), nodata=0)
    shapes = {"west": square(0, 0, border, 512), "east": square(border, 0, 450 - border, 512)}
    return write_subregions(folder / "subregions.gpkg", shapes)


def vectorize(folder: Path, slug: str, subregions: str, dem: list[str], **rules: Any) -> gpd.GeoDataFrame:
    paths = str(folder / slug / "probability.tif"), str(folder / slug / "source.tif")
    out = str(folder / f"{slug}.gpkg")
    vectorize_candidates.main(*paths, subregions, dem, out, slug, ["Quarter 3"], HALO_M, UNITS | rules)
    return gpd.read_file(out, layer="candidates")


def test_a_system_across_a_border_loses_no_unit_and_doubles_none(tmp_path: Path) -> None:
    """Each unit goes to the subregion of its own marker, and both know the system by one id."""
    scores = np.zeros((512, 512), np.uint8)
    tongues = pair()
    scores[PAIR[0] : PAIR[0] + 100, PAIR[1] : PAIR[1] + 100][tongues > 0] = 250
    subregions = write_jobs(tmp_path, scores)
    dem = write_slope(tmp_path / "dem.tif", GRID, WHOLE.col_off + 250, WHOLE.row_off + 250, 0, 2)
    west, east = (vectorize(tmp_path, slug, subregions, [dem], smoothing_m=6.0) for slug in CUTS)
    assert (len(west), len(east)) == (1, 1)
    assert west["system_id"].tolist() == east["system_id"].tolist()
    assert west["candidate_id"].tolist() != east["candidate_id"].tolist()
    both = shapely.get_parts([west.geometry.iloc[0], east.geometry.iloc[0]])
    assert shapely.coverage_is_valid(both)
    expected = [(tongues == number).sum() for number in (1, 2)]
    found = gpd.GeoSeries(both, crs=4326).to_crs(GRID.crs).area / PIXEL**2
    assert found.tolist() == pytest.approx(expected, rel=0.03)


def test_an_object_cut_at_the_edge_stops_the_job_and_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scores = np.zeros((512, 512), np.uint8)
    scores[100:150, 200:400] = 250
    subregions = write_jobs(tmp_path, scores)
    place = r"330 m from the subregion, at lon/lat 79\.11\d\d/35\.09\d\d \(0\.10 km²\)"
    message = (
        rf"west: 1 objects are cut at the edge of the mapped area, {place}; raise subregions\.halo_m .*keep to take"
    )
    with pytest.raises(ValueError, match=message):
        vectorize(tmp_path, "west", subregions, [])
    assert not (tmp_path / "west.gpkg").exists()
    counts = [len(vectorize(tmp_path, slug, subregions, [], cut_objects="keep")) for slug in CUTS]
    assert counts == [0, 1]  # its marker lies in the east
    assert "1 objects are cut at the edge" in caplog.text


def test_what_is_cut_far_from_a_subregion_is_no_fault(tmp_path: Path) -> None:
    scores = np.zeros((512, 512), np.uint8)
    scores[100:150, 270:400] = 250
    subregions = write_jobs(tmp_path, scores)
    assert vectorize(tmp_path, "west", subregions, []).empty
    assert len(vectorize(tmp_path, "east", subregions, [])) == 1


def test_missing_imagery_and_missing_elevation_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scores = np.zeros((512, 512), np.uint8)
    scores[100:150, 100:150] = scores[300:350, 100:150] = 250
    scores[120:130, 150:160] = NODATA
    subregions = write_jobs(tmp_path, scores)
    with caplog.at_level(logging.INFO, "rogi"):
        vectorize(tmp_path, "west", subregions, [])
    assert any("no elevation to tell which way rock glaciers flow, so touching" in text for text in caplog.messages)
    assert caplog.messages[-1].endswith("1 reach missing imagery, beyond which they may go on")
