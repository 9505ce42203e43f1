import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.validation.scene import inventory, subregions
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.validation.cells import CellDesign, draw_cells, empty_ground, grid_crs, study_cells

DESIGN = CellDesign(1000, 30, "equal", 2, [0.3], [], [10])


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    cells = study_cells(subregions(), 1000)
    rng = np.random.default_rng(1)
    known = {"score": rng.random(len(cells)), "elevation_m": 5000.0, "slope_deg": 20 * rng.random(len(cells))}
    return cells.assign(**known)


def test_cells_fill_the_study_exactly(frame: gpd.GeoDataFrame) -> None:
    assert area_m2(frame.geometry).sum() == pytest.approx(area_m2(subregions().geometry).sum(), rel=1e-6)
    pairs = shapely.STRtree(frame.geometry.array).query(frame.geometry.array, "overlaps")
    assert pairs.shape[1] == 0
    assert frame["cell_id"].is_unique


def test_whole_cells_are_square_and_of_the_stated_size(frame: gpd.GeoDataFrame) -> None:
    whole = frame[np.isclose(area_m2(frame.geometry), 1e6, rtol=1e-4)]
    assert len(whole) > len(frame) / 2
    sides = whole.to_crs(grid_crs(subregions())).bounds
    assert (sides["maxx"] - sides["minx"]).to_numpy() == pytest.approx(1000, rel=1e-6)
    utm = whole.to_crs(whole.estimate_utm_crs()).geometry
    corners = np.array([shapely.get_coordinates(shape.exterior)[:4] for shape in utm])
    lengths = np.hypot(*np.moveaxis(np.roll(corners, 1, axis=1) - corners, -1, 0))
    assert lengths == pytest.approx(1000, rel=2e-3)


def test_a_cell_belongs_to_the_subregion_of_its_centre(frame: gpd.GeoDataFrame) -> None:
    centres = (
        frame.geometry.centroid if frame.crs is None else frame.to_crs(grid_crs(subregions())).centroid.to_crs(4326)
    )
    clear = (centres.x - 79.1).abs() > 0.006
    assert (frame["SUBREGION"] == np.where(centres.x < 79.1, "West", "East"))[clear].all()


def test_cells_stay_when_the_inventory_changes(frame: gpd.GeoDataFrame) -> None:
    """They are known before anything is mapped, and a shifted study of the same whole degrees shares the grid."""
    west = study_cells(subregions().iloc[:1], 1000)
    assert set(west["cell_id"]) & set(frame["cell_id"])


def test_empty_ground_is_what_no_outline_covers(frame: gpd.GeoDataFrame) -> None:
    outlines = inventory().geometry
    ground = empty_ground(frame.geometry, outlines)
    assert area_m2(ground.intersection(outlines.union_all())).max() < 1
    assert area_m2(ground).sum() == pytest.approx(area_m2(frame.geometry).sum() - area_m2(outlines).sum(), rel=1e-6)
    covered = empty_ground(frame.geometry.iloc[:2], gpd.GeoSeries([shapely.box(78, 34, 80, 36)], crs=4326))
    assert covered.is_empty.all()


def test_cells_are_drawn_by_subregion_score_and_terrain(frame: gpd.GeoDataFrame) -> None:
    drawn = draw_cells(frame, DESIGN, 1)
    assert len(drawn) == 30
    assert drawn["stratum"].nunique() == 8
    assert set(drawn["drawn"]) == {3, 4}
    assert drawn.groupby("stratum")["weight"].sum().sum() == pytest.approx(len(frame))
    assert drawn["area_m2"].to_numpy() == pytest.approx(area_m2(drawn.geometry))


def test_ground_without_imagery_is_not_drawn(frame: gpd.GeoDataFrame) -> None:
    dark = frame.assign(score=frame["score"].where(frame["SUBREGION"] == "West"))
    drawn = draw_cells(dark, DESIGN, 1)
    assert set(drawn["SUBREGION"]) == {"West"}
    assert drawn.groupby("stratum")["population"].first().sum() == (frame["SUBREGION"] == "West").sum()
