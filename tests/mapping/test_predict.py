"""Mapping an area: what the network says about a pixel reaches the raster, however the work is cut up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from rasterio.features import geometry_mask
from rasterio.windows import Window
from scipy import ndimage
from torch import nn

from tests.worlds import CLEAR, GRID, QUAD, SIDE, WHOLE, World, square, texture, write_mosaic
from workflow_scripts.rogi.imagery.grid import within
from workflow_scripts.rogi.imagery.mosaic import Imagery, Scene
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.predict import Predictor, Tally, predict
from workflow_scripts.rogi.mapping.windows import windows_in_rows, windows_mpx
from workflow_scripts.rogi.training.network import Normalized

EVERYWHERE = square(-100, -100, SIDE + 200)
ODD_SHAPE = square(60, 50, 300).difference(square(200, 120, 90)).union(square(400, 350, 40))


class Bar:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.done = 0.0

    def advance(self, amount: float, note: str = "") -> None:
        self.done += amount


class StandIn(Predictor):
    """Scores each window with a function of its scene."""

    def __init__(self, function: Callable[[Scene], np.ndarray]) -> None:
        self.function = function
        self.groups: list[int] = []

    def scores(self, scenes: list[Scene]) -> np.ndarray:
        self.groups.append(len(scenes))
        return np.stack([self.function(scene) for scene in scenes])


def pointwise(scene: Scene) -> np.ndarray:
    return np.minimum(scene.image[0], FULL)


def blur(scene: Scene) -> np.ndarray:
    """Depend on the whole window, most of all at its edges."""
    return ndimage.uniform_filter(scene.image[1].astype(float), 31, mode="mirror").astype(np.uint8)


@pytest.fixture(scope="module")
def imagery(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes[:1], 3, None, CLEAR) as imagery:
        yield imagery


def mapped(
    imagery: Imagery,
    predictor: Predictor,
    area: shapely.Geometry = EVERYWHERE,
    extent: Window = WHOLE,
    window_px: int = 96,
    overlap_px: int = 24,
    batch_size: int = 3,
    tally: Tally | None = None,
    bar: Bar | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole output, scores and source."""
    scores, source = (np.full((extent.height, extent.width), 77, np.uint8) for _ in range(2))
    cutting = (window_px, overlap_px, batch_size)
    for rows in predict(imagery, predictor, area, extent, *cutting, tally or Tally(), bar or Bar()):
        scores[within(rows.window, extent)] = rows.scores
        source[within(rows.window, extent)] = rows.source
    return scores, source


@pytest.mark.parametrize(("window_px", "overlap_px"), [(64, 0), (96, 24), (128, 64)])
def test_a_pointwise_network_gives_its_own_answer(
    world: World, imagery: Imagery, window_px: int, overlap_px: int
) -> None:
    scores, source = mapped(imagery, StandIn(pointwise), window_px=window_px, overlap_px=overlap_px)
    valid = world.valids[0]
    assert np.array_equal(scores, np.where(valid, np.minimum(world.images[0][0], FULL), NODATA))
    assert np.array_equal(source, valid.astype(np.uint8))


@pytest.mark.parametrize("batch_size", [1, 2, 7, 100])
def test_the_batch_size_changes_nothing(imagery: Imagery, batch_size: int) -> None:
    expected = mapped(imagery, StandIn(blur))
    predictor = StandIn(blur)
    for ours, theirs in zip(mapped(imagery, predictor, batch_size=batch_size), expected, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert max(predictor.groups) == min(batch_size, 9)  # nine windows stand in a row


@pytest.mark.parametrize(
    "extent",
    [
        Window(WHOLE.col_off + 131, WHOLE.row_off + 77, 200, 301),
        Window(WHOLE.col_off - 64, WHOLE.row_off - 128, 640, 704),
        Window(WHOLE.col_off + 500, WHOLE.row_off + 5, 12, 1),
    ],
)
def test_the_extent_changes_nothing(imagery: Imagery, extent: Window) -> None:
    large = Window(WHOLE.col_off - 200, WHOLE.row_off - 200, SIDE + 400, SIDE + 400)
    expected, _ = mapped(imagery, StandIn(blur), extent=large)
    scores, _ = mapped(imagery, StandIn(blur), extent=extent)
    assert scores.tobytes() == expected[within(extent, large)].tobytes()


def test_the_shape_of_the_area_changes_nothing_inside_it(imagery: Imagery) -> None:
    whole, _ = mapped(imagery, StandIn(blur))
    part, source = mapped(imagery, StandIn(blur), area=ODD_SHAPE)
    outside = geometry_mask([ODD_SHAPE], (SIDE, SIDE), GRID.transform(WHOLE))
    assert 0.2 < outside.mean() < 0.8
    assert np.array_equal(part, np.where(outside, NODATA, whole))
    assert not source[outside].any()


def test_two_areas_that_share_a_border_fit_together(imagery: Imagery) -> None:
    whole, _ = mapped(imagery, StandIn(blur))
    west, east = square(-10, -10, 211.5, 600), square(201.5, -10, 400, 600)
    parts = [mapped(imagery, StandIn(blur), area=area)[0] for area in (west, east)]
    assert np.array_equal(np.minimum(*parts), whole)
    assert ((parts[0] == NODATA) | (parts[1] == NODATA)).all()


def test_nothing_is_computed_where_nothing_is_to_be_seen(imagery: Imagery) -> None:
    far = Window(WHOLE.col_off + 5000, WHOLE.row_off, 200, 100)
    predictor, tally = StandIn(blur), Tally()
    scores, source = mapped(imagery, predictor, square(4000, 0, 2000), far, tally=tally)
    assert (scores == NODATA).all()
    assert not source.any()
    assert predictor.groups == []
    windows = sum(len(windows) for _, windows in windows_in_rows(far, 96, 24))
    assert (tally.computed, tally.outside, tally.empty) == (0, 0, windows)


def test_every_window_is_counted_once(imagery: Imagery) -> None:
    tally, bar, predictor = Tally(), Bar(), StandIn(pointwise)
    extent = Window(WHOLE.col_off, WHOLE.row_off, SIDE + 300, SIDE)
    mapped(imagery, predictor, square(0, 0, 700, 200), extent, tally=tally, bar=bar)
    areas = [
        (square(0, 0, 700, 200).intersects(shapely.box(*GRID.bounds(window))), window.col_off < WHOLE.col_off + SIDE)
        for _, windows in windows_in_rows(extent, 96, 24)
        for window in windows
    ]
    assert tally.outside == sum(not inside for inside, _ in areas)
    assert tally.computed == sum(inside and seen for inside, seen in areas) == sum(predictor.groups)
    assert tally.empty == sum(inside and not seen for inside, seen in areas)
    assert min(tally.outside, tally.computed, tally.empty) > 0
    assert bar.done == pytest.approx(windows_mpx(extent, 96, 24))


def test_windows_cross_quad_seams(tmp_path: Path) -> None:
    """A blur across the seam, once from four quads and once from plain numpy."""
    image = texture(20)
    index = write_mosaic(tmp_path, image, np.ones((SIDE, SIDE), bool))
    extent = Window(WHOLE.col_off + QUAD - 48, WHOLE.row_off + QUAD - 48, 96, 96)
    with Imagery([index], 3, None, CLEAR) as imagery:
        scores, _ = mapped(imagery, StandIn(blur), extent=extent, window_px=512, overlap_px=0)
    # WHOLE starts at a multiple of 512 px, so one window holds all of it.
    expected = blur(Scene(image, np.ones((SIDE, SIDE), bool), np.ones((SIDE, SIDE), np.uint8)))
    assert np.array_equal(scores, expected[within(extent, WHOLE)])


def test_scores_are_probabilities_times_254(world: World) -> None:
    """A 1 × 1 convolution has a closed form: the sigmoid of a weighted sum of normalised bands."""
    convolution = nn.Conv2d(3, 1, 1)
    mean, std = (100.0, 110.0, 120.0), (30.0, 20.0, 10.0)
    predictor = Predictor(Normalized(convolution, mean, std), torch.device("cpu"))
    image, valid = world.images[0], world.valids[0]
    scores = predictor.scores([Scene(image, valid, valid.astype(np.uint8))] * 2)
    weight, bias = convolution.weight.detach().numpy().ravel(), convolution.bias
    assert bias is not None
    normal = (image - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1)) * valid
    logits = np.tensordot(weight, normal, 1) + bias.item()
    assert scores.shape == (2, SIDE, SIDE)
    assert np.abs(scores[1] - FULL / (1 + np.exp(-logits))).max() <= 0.5 + 1e-3
    assert np.array_equal(scores[0], scores[1])


def test_certainty_is_254_and_never_nodata() -> None:
    network = nn.Conv2d(3, 1, 1)
    assert network.bias is not None
    nn.init.zeros_(network.weight)
    nn.init.constant_(network.bias, 50.0)
    predictor = Predictor(Normalized(network, (0.0,) * 3, (1.0,) * 3), torch.device("cpu"))
    scene = Scene(np.zeros((3, 8, 8), np.uint8), np.ones((8, 8), bool), np.ones((8, 8), np.uint8))
    assert (predictor.scores([scene]) == FULL).all()
    assert FULL < NODATA
