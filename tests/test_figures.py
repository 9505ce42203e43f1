"""Figures: the pixels that are shown are the imagery's, and both drawings come out."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from rasterio.windows import Window

from tests.worlds import CLEAR, GRID, PIXEL, SIDE, WHOLE, World, series, square, write_subregions
from workflow_scripts import draw_overview as script
from workflow_scripts.rogi import figures
from workflow_scripts.rogi.figures import decimated, draw_learning_curves, draw_overview
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.imagery.mosaic import Imagery


@pytest.fixture(scope="module")
def imagery(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes[:1], 3, None, CLEAR) as imagery:
        yield imagery


def frame(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=series(shapes)).to_crs(4326)


@pytest.mark.parametrize(("max_px", "step"), [(512, 1), (256, 2), (200, 3), (1, 512)])
def test_every_nth_pixel_is_shown(world: World, imagery: Imagery, max_px: int, step: int) -> None:
    shown = decimated(imagery, WHOLE, max_px)
    assert max(shown.shape[:2]) <= max_px
    assert np.array_equal(shown, np.moveaxis(world.images[0], 0, -1)[::step, ::step])


def test_strips_join_without_a_seam(world: World, imagery: Imagery, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(WHOLE.col_off, WHOLE.row_off - 300, SIDE, SIDE + 300)
    shown = decimated(imagery, window, 406)  # every second pixel, in strips of 512 rows
    whole = np.concatenate([np.zeros((3, 300, SIDE), np.uint8), world.images[0]], axis=1)
    assert np.array_equal(shown, np.moveaxis(whole, 0, -1)[::2, ::2])


def test_one_band_is_shown_in_grey(world: World) -> None:
    with Imagery(world.indexes[:1], 1, None, CLEAR) as imagery:
        shown = decimated(imagery, WHOLE, SIDE)
    assert np.array_equal(shown, np.stack([world.images[0][0]] * 3, axis=-1))


def clusters() -> gpd.GeoDataFrame:
    """Return five outlines round one place, three round another far away, and a single one beyond."""
    places = [(0, 0), (5, 0), (0, 5), (-5, 0), (0, -5), (900, 0), (905, 0), (900, 5), (0, 2000)]
    return gpd.GeoDataFrame(geometry=series([square(x, y, 2) for x, y in places]))


def test_the_densest_places_that_lie_apart() -> None:
    first, second = figures._dense_places(clusters(), 50 * PIXEL)
    for found, (x, y) in ((first, (0, 0)), (second, (900, 0))):
        centre = square(x, y, 2).centroid
        assert shapely.Point(found).distance(centre) < 12 * PIXEL


def test_one_place_or_none_is_enough() -> None:
    assert len(figures._dense_places(clusters().iloc[:5], 50 * PIXEL)) == 1
    assert figures._dense_places(clusters().iloc[:0], 50 * PIXEL) == []


def test_many_outlines_are_no_trouble(rng: np.random.Generator) -> None:
    """All distances between 50 000 outlines would take 20 GB."""
    points = series([shapely.Point(*xy) for xy in rng.random((50_000, 2)) * 1e6])
    assert len(figures._dense_places(gpd.GeoDataFrame(geometry=points), 100.0)) == 2


def test_the_overview_is_drawn(imagery: Imagery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "DETAIL_PX", 100)
    shapes = [square(100, 100, 40), square(400, 380, 40)]
    candidates, inventory = frame(shapes), frame([shape.buffer(-20) for shape in shapes])
    draw_overview(tmp_path / "map.png", imagery, frame([square(0, 0, SIDE)]), candidates, inventory)
    picture = imread(tmp_path / "map.png")[..., :3]
    for colour in (figures.CANDIDATE, figures.REVIEWED):
        assert (np.abs(picture - to_rgb(colour)).max(axis=2) < 0.1).sum() > 1000
    assert picture.std() > 0.1


def test_a_study_too_large_to_read_is_drawn_without_imagery(
    imagery: Imagery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MAX_READ_MPX", 0.01)
    monkeypatch.setattr(figures, "decimated", lambda *given: pytest.fail("imagery was read"))
    draw_overview(tmp_path / "map.png", imagery, frame([square(0, 0, SIDE)]), frame([]), frame([]))
    assert (tmp_path / "map.png").exists()


@pytest.mark.parametrize("validation", [[0.3, 0.6, 0.7], [np.nan] * 3])
def test_learning_curves_are_drawn(tmp_path: Path, validation: list[float]) -> None:
    scores = pd.DataFrame({"step": [75, 150, 225], "train_iou": [0.4, 0.6, 0.8], "val_iou": validation})
    scores = scores.assign(train_loss=[0.9, 0.5, 0.3], val_loss=validation)
    draw_learning_curves(tmp_path / "a.png", scores)
    draw_learning_curves(tmp_path / "b.png", scores)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert imread(tmp_path / "a.png")[..., :3].min() < 0.5


def test_the_script_gathers_all_subregions(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subregions = write_subregions(
        tmp_path / "s.gpkg", {"west": square(0, 0, 250, SIDE), "east": square(250, 0, 250, SIDE)}
    )
    for name, shapes in (("a", [square(50, 50, 30)]), ("b", []), ("c", [square(300, 300, 30)] * 2)):
        layer = frame(shapes).assign(candidate_id=[f"CAN{number}" for number in range(len(shapes))], probability=0.5)
        write_layers(tmp_path / f"{name}.gpkg", {"candidates": layer}, geometry_type="MultiPolygon")
    write_layers(tmp_path / "i.gpkg", {"rock_glaciers": frame([square(50, 50, 30)]), "markers": frame([])})
    candidates = [str(tmp_path / f"{name}.gpkg") for name in "abc"]
    drawn = []
    monkeypatch.setattr(script, "draw_overview", lambda *given: drawn.append(given))
    script.main(world.indexes, subregions, candidates, str(tmp_path / "i.gpkg"), "map.png", **world.imagery)
    ((path, imagery, regions, found, published),) = drawn
    assert (path, len(regions), len(found), len(published)) == ("map.png", 2, 3, 1)
    assert imagery.grid.matches(GRID)
    assert found.crs == read_vector(subregions).crs
    monkeypatch.undo()
    figure = str(tmp_path / "map.png")
    script.main(world.indexes, subregions, candidates, str(tmp_path / "i.gpkg"), figure, **world.imagery)
    assert Path(figure).stat().st_size > 10_000
