"""Boundary zones and distances on outlines whose front, sides and root are known."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from tests.inventory.study import subregions
from workflow_scripts import measure_boundaries
from workflow_scripts.rogi.attributes.elevation import Mosaic, open_mosaics
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.geodesy import WGS84, local_projection
from workflow_scripts.rogi.inventory.boundaries import COLUMNS, EITHER, boundary_points, compare_boundaries, summary
from workflow_scripts.rogi.inventory.flow_axes import flow_axes, heights_at, long_axes
from workflow_scripts.rogi.inventory.references import Reference
from workflow_scripts.rogi.raster import open_raster

LONGITUDE, LATITUDE = 79.05, 35.05
LOCAL = local_projection(LONGITUDE, LATITUDE)
POSTING = 1 / 3600


def outlines(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    """Return shapes drawn in true metres round the centre, in degrees."""
    return gpd.GeoSeries(list(shapes), crs=LOCAL).to_crs(WGS84)


def stadium(half_length: float, radius: float, angle: float = 0.0) -> shapely.Polygon:
    """Return a tongue with semicircular ends along the x axis, turned anticlockwise by degrees."""
    line = shapely.LineString([(-half_length, 0), (half_length, 0)])
    return shapely.affinity.rotate(line.buffer(radius, quad_segs=90), angle, origin=(0, 0))


@pytest.fixture
def hillside(tmp_path: Path) -> list[Mosaic]:
    """A plane that falls towards the east by 0.2 m per m."""
    import rasterio

    columns = np.arange(360)
    east = (columns + 0.5) * POSTING * 91_290  # metres of a degree of longitude at 35.05° N, near enough
    heights = np.broadcast_to(5000 - 0.2 * east, (360, 360)).astype("float32")
    transform = Affine(POSTING, 0, LONGITUDE - 0.05, 0, -POSTING, LATITUDE + 0.05)
    profile = {
        "driver": "GTiff",
        "width": 360,
        "height": 360,
        "count": 1,
        "dtype": "float32",
        "crs": CRS.from_epsg(4326),
    }
    with rasterio.open(tmp_path / "dem.tif", "w", transform=transform, nodata=-32768, **profile) as file:
        file.write(heights, 1)
    return open_mosaics([str(tmp_path / "dem.tif")])


def lengths(points: pd.DataFrame) -> dict[str, float]:
    """Return the boundary per zone, one of both outlines, in metres."""
    return (points.groupby("zone", observed=True)["step_m"].sum() / 2).round(1).to_dict()


def test_the_ends_of_a_tongue_are_its_semicircles(hillside: list[Mosaic]) -> None:
    tongue = outlines(stadium(300, 100))
    points = boundary_points(tongue, tongue, hillside, 1.0)
    assert lengths(points) == pytest.approx({"front": 100 * np.pi, "root": 100 * np.pi, "sides": 1200}, abs=4)
    assert points.loc[points["zone"] == "front", "east"].min() == pytest.approx(300, abs=1.5)  # it falls eastwards
    assert points.loc[points["zone"] == "root", "east"].max() == pytest.approx(-300, abs=1.5)
    assert points["distance_m"].max() < 1e-6


def test_a_slanting_tongue_flows_downslope_not_along_its_longer_side(hillside: list[Mosaic]) -> None:
    wide = outlines(stadium(300, 100, angle=90))  # across the slope
    points = boundary_points(wide, wide, hillside, 1.0)
    assert points.loc[points["zone"] == "front", "east"].min() > 30
    assert points.loc[points["zone"] == "root", "east"].max() < -30


def test_without_elevation_the_ends_are_not_told_apart() -> None:
    tongue = outlines(stadium(300, 100, angle=30))
    points = boundary_points(tongue, tongue, [], 1.0)
    assert lengths(points) == pytest.approx({EITHER: 200 * np.pi, "sides": 1200}, abs=8)
    along = points["east"] * np.cos(np.radians(30)) + points["north"] * np.sin(np.radians(30))
    assert along[points["zone"] == EITHER].abs().min() == pytest.approx(300, abs=3)


def test_distances_are_true_metres(hillside: list[Mosaic]) -> None:
    # 40 m farther in front, 10 m back at the root, 5 m wider on both sides
    short, long = outlines(shapely.box(-200, -50, 200, 50), shapely.box(-190, -55, 240, 55))
    one, other = gpd.GeoSeries([short], crs=WGS84), gpd.GeoSeries([long], crs=WGS84)
    points = boundary_points(one, other, hillside, 0.5)
    medians = points.groupby(["of_mapped", "zone"], observed=True)["distance_m"].median()
    assert medians[True, "sides"] == pytest.approx(5, abs=0.02)
    east = points["east"] + (0 + 25) / 2  # the origin lies midway between both centres
    front = points["of_mapped"] & (east > 199.9) & (points["north"].abs() < 10)
    assert points.loc[front, "distance_m"].to_numpy() == pytest.approx(40, abs=0.05)
    root = ~points["of_mapped"] & (east < -189.9) & (points["north"].abs() < 30)
    assert points.loc[root, "distance_m"].to_numpy() == pytest.approx(10, abs=0.02)
    assert front.sum() > 30
    assert root.sum() > 100


def test_swapping_the_outlines_changes_nothing(hillside: list[Mosaic]) -> None:
    one, other = outlines(stadium(300, 100, 20)), outlines(shapely.affinity.translate(stadium(320, 90, 30), 20, 10))
    for mosaics in (hillside, []):
        there, back = (boundary_points(*pair, mosaics, 2.0) for pair in ((one, other), (other, one)))
        columns = ["zone", "distance_m", "east"]
        there, back = (points.sort_values(["east", "north"], ignore_index=True)[columns] for points in (there, back))
        assert there["zone"].tolist() == back["zone"].tolist()
        np.testing.assert_allclose(there["distance_m"], back["distance_m"], atol=1e-6)


def test_a_void_takes_the_downslope_direction_away(hillside: list[Mosaic]) -> None:
    tongue = outlines(shapely.affinity.translate(stadium(300, 100), 4500, 0))  # beyond the eastern edge in part
    points = boundary_points(tongue, tongue, hillside, 5.0)
    assert set(points["zone"]) == {EITHER, "sides"}


def test_level_ground_has_no_downslope_direction() -> None:
    ring = np.array([[0, 0], [100, 0], [100, 50], [0, 50]], float)
    box = np.array([shapely.box(0, 0, 100, 50)])
    flat = flow_axes(ring, np.zeros(4, int), np.array([7.0, 7.5, 7.5, 7.0]), box)
    assert flat.downslope.tolist() == [False]
    assert np.abs(flat.direction[0]).tolist() == pytest.approx([1, 0])
    steep = flow_axes(ring, np.zeros(4, int), np.array([7.0, 7.0, 30.0, 30.0]), box)
    assert steep.downslope.tolist() == [True]
    assert steep.direction[0].tolist() == pytest.approx([0, -1])


def test_planes_are_fitted_outline_by_outline() -> None:
    rng = np.random.default_rng(0)
    slopes = rng.normal(0, 0.3, (20, 2))
    points = rng.uniform(-200, 200, (2000, 2))
    number = np.sort(rng.integers(0, 20, 2000))
    heights = (points * slopes[number]).sum(axis=1) + 100 * number + rng.normal(0, 0.1, 2000)
    found = flow_axes(points, number, heights, np.full(20, shapely.box(0, 0, 2, 1)))
    assert found.downslope.all()
    np.testing.assert_allclose(found.direction, -slopes / np.hypot(*slopes.T)[:, None], atol=0.01)


def test_the_longer_side_in_any_direction() -> None:
    boxes = np.array([shapely.affinity.rotate(shapely.box(0, 0, 30, 10), angle) for angle in (0, 40, 90, 150)])
    found = long_axes(boxes)
    expected = np.radians([0, 40, 90, 150])
    across = found[:, 0] * np.sin(expected) - found[:, 1] * np.cos(expected)
    np.testing.assert_allclose(across, 0, atol=1e-9)


def test_heights_are_bilinear_between_the_centres_of_cells(hillside: list[Mosaic]) -> None:
    rng = np.random.default_rng(1)
    places = np.array([LONGITUDE, LATITUDE]) + rng.uniform(-0.04, 0.04, (50, 2))
    expected = 5000 - 0.2 * (places[:, 0] - LONGITUDE + 0.05) * 91_290
    np.testing.assert_allclose(heights_at(hillside, places), expected, atol=2e-3)
    assert np.isnan(heights_at(hillside, np.array([[81.0, 35.0]]))).all()
    assert np.isnan(heights_at([], places)).all()
    with open_raster(hillside[0].tiles[0].path) as dataset:
        assert heights_at(hillside, np.array([dataset.xy(10, 20)]))[0] == pytest.approx(float(dataset.read(1)[10, 20]))


def shifted(metres: float) -> gpd.GeoSeries:
    return outlines(
        shapely.affinity.translate(stadium(300, 100), metres, 0),
        shapely.affinity.translate(stadium(200, 80), 1000 + metres, 800),
    )


def reference(metres: float, footprint: shapely.Geometry | None = None) -> Reference:
    return Reference("reference", shifted(metres), footprint)


def test_the_table_has_every_zone_of_every_subregion(hillside: list[Mosaic]) -> None:
    table = compare_boundaries("x", shifted(20), reference(0), subregions(), 0.5, hillside, 2.0)
    assert list(table.columns) == list(COLUMNS)
    assert table["subregion"].unique().tolist() == ["West", "total"]
    total = table[table["subregion"] == "total"].set_index("zone")
    assert total.index.tolist() == ["front", "sides", "root", "all"]
    assert (total["outlines"] == 2).all()
    both = 2 * (2 * np.pi * 180 + 4 * 500) / 1000
    assert total.loc["all", "boundary_km"] == pytest.approx(both, rel=1e-3)
    assert total.loc["sides", "median_m"] == pytest.approx(0, abs=0.05)
    assert total.loc["front", "p95_m"] == pytest.approx(20, abs=0.2)
    assert total.loc["all", "boundary_km"] == pytest.approx(total["boundary_km"].iloc[:3].sum())


def test_only_the_ground_of_the_reference_is_measured() -> None:
    first, _ = shifted(0)
    table = compare_boundaries("x", shifted(20), reference(0, first.buffer(1e-3)), subregions(), 0.5, [], 2.0)
    assert (table["outlines"] == 1).all()
    assert compare_boundaries("x", shifted(20), reference(0, shapely.box(0, 0, 1, 1)), subregions(), 0.5, [], 2.0).empty


def test_every_metre_of_boundary_counts_alike() -> None:
    points = pd.DataFrame({"pair": 0, "zone": "sides", "distance_m": [1.0, 2.0, 9.0], "step_m": [2.0, 2.0, 6.0]})
    everything = summary(points, "x", "West").set_index("zone").loc["all"]
    assert (everything["median_m"], everything["p95_m"]) == (9, 9)


def test_nothing_matched_gives_an_empty_table() -> None:
    table = compare_boundaries("x", shifted(0), reference(5000), subregions(), 0.5, [], 2.0)
    assert table.empty
    assert list(table.columns) == list(COLUMNS)


def test_the_script_measures_every_comparison(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_layers(tmp_path / "subregions.gpkg", {"subregions": subregions()}, "MultiPolygon")
    folder = tmp_path / "west"
    candidates = gpd.GeoDataFrame({"probability": [0.9, 0.8]}, geometry=shifted(20))
    write_layers(folder / "candidates.gpkg", {"candidates": candidates})
    none = gpd.GeoDataFrame({"operation": []}, geometry=[], crs=WGS84)
    final = gpd.GeoDataFrame({"operation": ["refine", "remain"]}, geometry=shifted(10))
    write_layers(folder / "reviewed.gpkg", {"rock_glaciers": final, "excluded": none})
    shifted(0).to_file(tmp_path / "truth.gpkg")
    entries = [{"name": "truth", "path": str(tmp_path / "truth.gpkg"), "layer": None, "footprint": None}]
    stages = [str(folder / "candidates.gpkg")], [str(folder / "reviewed.gpkg")]
    with caplog.at_level("INFO", logger="rogi"):
        measure_boundaries.main(
            *stages, [], str(tmp_path / "subregions.gpkg"), [], str(tmp_path / "out.csv"), entries, 0.5, 2.0
        )
    table = pd.read_csv(tmp_path / "out.csv")
    ends = table[(table["zone"] == EITHER) & (table["subregion"] == "total")].set_index("comparison")["p95_m"]
    assert ends["candidates vs reviewed inventory"] == pytest.approx(10, abs=0.2)
    assert ends["candidates vs truth"] == pytest.approx(20, abs=0.2)
    assert ends["reviewed inventory vs truth"] == pytest.approx(10, abs=0.2)
    assert "candidates vs truth: 2 matched outlines lie" in caplog.text
