"""Mapping an area: what the network says of a pixel reaches the raster, however the work is cut or interrupted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import geometry_mask
from rasterio.windows import Window
from torch import nn
from torch.nn import functional

from tests.worlds import CLEAR, GRID, QUAD, SIDE, WHOLE, World, square, texture, write_mosaic
from workflow_scripts.rogi.imagery.ahead import ReadAhead
from workflow_scripts.rogi.imagery.grid import intersection, within
from workflow_scripts.rogi.imagery.looks import Looks, looks_beside
from workflow_scripts.rogi.imagery.mosaic import Imagery, Scene
from workflow_scripts.rogi.mapping.averaging import averaged
from workflow_scripts.rogi.mapping.blend import FULL, NODATA, Blend, Joining, Union
from workflow_scripts.rogi.mapping.ledger import Ledger
from workflow_scripts.rogi.mapping.output import Output
from workflow_scripts.rogi.mapping.predict import Tally, predict, windows_over
from workflow_scripts.rogi.mapping.scorer import Scorer
from workflow_scripts.rogi.mapping.windows import WindowGrid

EVERYWHERE = square(-100, -100, SIDE + 200)
ODD_SHAPE = square(60, 50, 300).difference(square(200, 120, 90)).union(square(400, 350, 40))
MARGIN = 512
LARGE = Window(WHOLE.col_off - MARGIN, WHOLE.row_off - MARGIN, SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)


class Pointwise(nn.Module):
    """The first band itself."""

    def forward(self, image: torch.Tensor, valid: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        return image[:, :1].clamp(max=FULL)


class Blur(nn.Module):
    """Depends on the neighbours, so at the edges on where the window ends."""

    def __init__(self, side: int = 31) -> None:
        super().__init__()
        self.side = side

    def forward(self, image: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        return functional.avg_pool2d(image[:, 1:2].float(), self.side, 1, self.side // 2).byte()


class Dying(Blur):
    """Is killed at some window."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def forward(self, image: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        self.left -= 1
        if self.left < 0:
            raise InterruptedError("killed")
        return super().forward(image, *others)


@dataclass
class Canvas:
    """A raster in memory that tells in which order it was written."""

    extent: Window
    bands: int
    nodata: int
    pixels: np.ndarray = field(init=False)
    order: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pixels = np.full((self.bands, self.extent.height, self.extent.width), self.nodata, np.uint8)

    def write(self, array: np.ndarray, band: int | None = None, *, window: Window) -> None:
        self.order.append((window.row_off, window.col_off))
        target = self.pixels if band is None else self.pixels[band - 1]
        target[..., *within(window, Window(0, 0, self.extent.width, self.extent.height))] = array


class Bar:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.done = 0.0

    def advance(self, amount: float, note: str = "") -> None:
        self.done += amount


@dataclass
class Run:
    """One way to map the world."""

    indexes: list[str]
    ledger: Path
    scoring: nn.Module = field(default_factory=Blur)
    area: shapely.Geometry = EVERYWHERE
    extent: Window = WHOLE
    window_px: int = 96
    overlap_px: int = 24
    batch_size: int = 3
    readers: int = 2
    made_by: str = "me"
    each: bool = False
    joining: Joining | None = None
    tally: Tally = field(default_factory=Tally)
    bar: Bar = field(default_factory=Bar)

    def __call__(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the whole output, scores and source."""
        grid = WindowGrid(self.window_px, self.window_px - self.overlap_px)
        joining = self.joining or Blend(self.window_px, self.overlap_px)
        scores, source = Canvas(self.extent, 1, NODATA), Canvas(self.extent, 1, 0)
        ledger = Ledger(self.ledger, self.made_by)
        output = Output(ledger, scores, source, GRID, grid, joining, self.area, self.extent)
        scorer = Scorer(self.scoring, torch.device("cpu"), 1, self.batch_size)
        windows = windows_over(self.area, grid.touching(self.extent), GRID)
        self.tally.outside = grid.count(self.extent) - len(windows)
        try:
            with ReadAhead(self._open, self.readers) as reading:
                predict(reading, scorer, ledger, output, windows, self.tally, self.bar)
        finally:
            ledger.close()
        assert len(set(scores.order)) == len(scores.order), "a block was written twice"
        assert scores.order == source.order
        assert output.pixels_written == np.count_nonzero(source.pixels)
        return scores.pixels[0], source.pixels[0]

    def _open(self) -> Looks:
        imagery = Imagery(self.indexes, 3, None, CLEAR)
        return Looks(imagery, looks_beside(imagery, self.indexes, [], self.each))


Mapped = Callable[..., tuple[np.ndarray, np.ndarray]]


@pytest.fixture
def mapped(world: World, tmp_path: Path) -> Mapped:
    """Map with a fresh ledger each time, unless one is named."""
    counter = iter(range(1000))

    def run(**how: object) -> tuple[np.ndarray, np.ndarray]:
        defaults = {"indexes": world.indexes[:1], "ledger": tmp_path / f"{next(counter)}"}
        return Run(**(defaults | how))()  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="module")
def reference(world: World, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Blurred scores of a large extent."""
    return Run(
        world.indexes[:1], tmp_path_factory.mktemp("reference") / "ledger", extent=LARGE, window_px=160, overlap_px=32
    )()[0]


@pytest.mark.parametrize(("window_px", "overlap_px"), [(64, 0), (96, 24), (128, 64)])
def test_a_pointwise_network_gives_its_own_answer(
    world: World, mapped: Mapped, window_px: int, overlap_px: int
) -> None:
    scores, source = mapped(scoring=Pointwise(), window_px=window_px, overlap_px=overlap_px)
    valid = world.valids[0]
    assert np.array_equal(scores, np.where(valid, np.minimum(world.images[0][0], FULL), NODATA))
    assert np.array_equal(source, valid.astype(np.uint8))


@settings(max_examples=20, deadline=None)
@given(
    left=st.integers(0, 2), top=st.integers(0, 2), width=st.integers(1, 3), height=st.integers(1, 3),
    batch_size=st.integers(1, 50), readers=st.integers(1, 4), at=st.integers(0, 40),
    west=st.integers(-50, 300), north=st.integers(-50, 300), side=st.integers(30, 700),
)  # fmt: skip
def test_no_cut_batch_reader_or_interruption_changes_a_byte(
    world: World, reference: np.ndarray, tmp_path_factory: pytest.TempPathFactory, left: int, top: int, width: int,
    height: int, batch_size: int, readers: int, at: int, west: int, north: int, side: int,
) -> None:  # fmt: skip
    """Any extent of whole blocks, any area, any batch, any number of readers, killed at any window and run again."""
    extent = Window(
        LARGE.col_off + left * MARGIN, LARGE.row_off + top * MARGIN,
        min(width, 3 - left) * MARGIN, min(height, 3 - top) * MARGIN,
    )  # fmt: skip
    area, ledger = square(west, north, side), tmp_path_factory.mktemp("run") / "ledger"
    how = {"area": area, "extent": extent, "batch_size": batch_size, "readers": readers}
    how |= {"window_px": 160, "overlap_px": 32}
    first, second = Tally(), Tally()
    try:
        Run(world.indexes[:1], ledger, scoring=Dying(at), tally=first, **how)()
    except InterruptedError:
        assert at > 0 or first.computed == 0
    scores, source = Run(world.indexes[:1], ledger, tally=second, **how)()
    outside = geometry_mask([area], scores.shape, GRID.transform(extent))
    assert np.array_equal(scores, np.where(outside, NODATA, reference[within(extent, LARGE)]))
    assert np.array_equal(source == 0, scores == NODATA)
    # Whatever was scored before the interruption, but for the batch under way, is not scored again.
    every = second.resumed + second.computed
    assert second.resumed == (every if at >= every else at // batch_size * batch_size)


def looks_at(world: World) -> Looks:
    imagery = Imagery(world.indexes, 3, None, CLEAR)
    return Looks(imagery, looks_beside(imagery, world.indexes, [], each=True))


def test_looks_at_a_window_are_averaged(world: World, mapped: Mapped) -> None:
    tally = Tally()
    scores, source = mapped(
        indexes=world.indexes, each=True, scoring=Pointwise(), window_px=64, overlap_px=0, tally=tally
    )
    looks, count = looks_at(world), 0
    for window in WindowGrid(64, 64).touching(WHOLE):
        scene = looks.read(window)
        parts = [(np.minimum(part.image[:1], FULL), part.valid) for part in (scene, *scene.beside)]
        shared = intersection(window, WHOLE)
        assert shared is not None
        expected = np.where(scene.valid, averaged(parts[0][0], parts[1:])[0], NODATA)
        assert np.array_equal(scores[within(shared, WHOLE)], expected[within(shared, window)])
        count += len(scene.beside)
    assert tally.looks == count > 0
    assert np.array_equal(source == 0, scores == NODATA)
    assert not np.array_equal(scores, mapped(indexes=world.indexes, scoring=Pointwise())[0])


@pytest.mark.parametrize(("batch_size", "at"), [(1, 7), (2, 40), (3, 11), (50, 0)])
def test_no_batch_or_interruption_between_looks_changes_a_byte(
    world: World, mapped: Mapped, tmp_path: Path, batch_size: int, at: int
) -> None:
    how = {"indexes": world.indexes, "each": True, "ledger": tmp_path / "kept"}
    with pytest.raises(InterruptedError):
        mapped(scoring=Dying(at), batch_size=batch_size, **how)
    tally = Tally()
    scores, _ = mapped(batch_size=batch_size, tally=tally, **how)
    assert np.array_equal(scores, mapped(**how | {"ledger": tmp_path / "anew"})[0])
    assert (tally.resumed > 0) == (at // batch_size * batch_size > 3)


def test_the_shape_of_the_area_changes_nothing_inside_it(mapped: Mapped) -> None:
    whole, _ = mapped()
    part, source = mapped(area=ODD_SHAPE)
    outside = geometry_mask([ODD_SHAPE], (SIDE, SIDE), GRID.transform(WHOLE))
    assert 0.2 < outside.mean() < 0.8
    assert np.array_equal(part, np.where(outside, NODATA, whole))
    assert not source[outside].any()


def test_two_areas_that_share_a_border_fit_together(mapped: Mapped) -> None:
    whole, _ = mapped()
    west, east = square(-10, -10, 211.5, 600), square(201.5, -10, 400, 600)
    parts = [mapped(area=area)[0] for area in (west, east)]
    assert np.array_equal(np.minimum(*parts), whole)
    assert ((parts[0] == NODATA) | (parts[1] == NODATA)).all()


def test_nothing_is_computed_where_nothing_is_to_be_seen(mapped: Mapped) -> None:
    far, tally = Window(WHOLE.col_off + 10 * SIDE, WHOLE.row_off, SIDE, SIDE), Tally()
    scores, source = mapped(area=square(9 * SIDE, 0, 3 * SIDE), extent=far, scoring=Dying(0), tally=tally)
    assert (scores == NODATA).all()
    assert not source.any()
    assert (tally.computed, tally.outside, tally.empty) == (0, 0, WindowGrid(96, 72).count(far))


def test_every_window_is_counted_once(mapped: Mapped, tmp_path: Path) -> None:
    extent, area = Window(WHOLE.col_off, WHOLE.row_off, 2 * SIDE, SIDE), square(0, 0, 700, 200)
    windows = list(WindowGrid(96, 72).touching(extent))
    areas = [
        (area.intersects(shapely.box(*GRID.bounds(window))), window.col_off < WHOLE.col_off + SIDE)
        for window in windows
    ]
    for rerun in (False, True):
        tally, bar = Tally(), Bar()
        mapped(scoring=Pointwise(), area=area, extent=extent, ledger=tmp_path / "kept", tally=tally, bar=bar)
        assert tally.outside == sum(not inside for inside, _ in areas) > 0
        assert (tally.resumed if rerun else tally.computed) == sum(inside and seen for inside, seen in areas) > 0
        assert (tally.computed if rerun else tally.resumed) == 0
        assert tally.empty == sum(inside and not seen for inside, seen in areas) > 0
        assert bar.done == pytest.approx((len(windows) - tally.outside) * 96**2 / 1e6)


def test_the_ledger_of_another_model_is_not_mixed_in(mapped: Mapped, tmp_path: Path) -> None:
    ledger = tmp_path / "kept"
    mapped(ledger=ledger, scoring=Pointwise(), made_by="another model")
    tally = Tally()
    scores, _ = mapped(ledger=ledger, tally=tally)
    assert tally.resumed == 0
    assert np.array_equal(scores, mapped()[0])


@pytest.mark.parametrize("stride", [160, 320])
def test_the_groups_geometry_takes_the_highest_score(world: World, mapped: Mapped, stride: int) -> None:
    scores, _ = mapped(window_px=480, overlap_px=480 - stride, joining=Union(), scoring=Blur(9))
    expected = np.zeros((SIDE, SIDE), np.uint8)
    with Imagery(world.indexes[:1], 3, None, CLEAR) as imagery:
        for window in WindowGrid(480, stride).touching(WHOLE):
            score = Blur(9)(torch.from_numpy(imagery.read(window).image[np.newaxis]))[0, 0].numpy()
            rows = slice(max(window.row_off, WHOLE.row_off), min(window.row_off + 480, WHOLE.row_off + SIDE))
            columns = slice(max(window.col_off, WHOLE.col_off), min(window.col_off + 480, WHOLE.col_off + SIDE))
            shared = Window.from_slices(rows, columns, boundless=True)
            np.maximum(expected[within(shared, WHOLE)], score[within(shared, window)],
                       out=expected[within(shared, WHOLE)])  # fmt: skip
    assert np.array_equal(scores, np.where(world.valids[0], expected, NODATA))


def test_windows_cross_quad_seams(tmp_path: Path) -> None:
    """A blur across the seam, once from four quads and once from the whole image."""
    image = texture(20)
    index = write_mosaic(tmp_path, image, np.ones((SIDE, SIDE), bool))
    # WHOLE starts at a multiple of 512 px, so one window holds all of it.
    scores, _ = Run([index], tmp_path / "ledger", window_px=512, overlap_px=0)()
    expected = Blur()(torch.from_numpy(image[np.newaxis]))[0, 0].numpy()
    seam = np.s_[QUAD - 48 : QUAD + 48, QUAD - 48 : QUAD + 48]
    assert np.array_equal(scores[seam], expected[seam])
    assert np.array_equal(scores, expected)


def test_a_failing_reader_stops_the_job(world: World, tmp_path: Path) -> None:
    class Broken(Imagery):
        def read(self, window: Window) -> Scene:
            raise OSError("no such disk")

    run = Run(world.indexes[:1], tmp_path / "ledger")
    run._open = lambda: Looks(Broken(world.indexes[:1], 3, None, CLEAR), {})  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no such disk"):
        run()


def test_a_failing_writer_stops_the_job(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Iterator[None]:
        raise OSError("disk full")

    monkeypatch.setattr(Canvas, "write", full)
    with pytest.raises(OSError, match="disk full"):
        Run(world.indexes[:1], tmp_path / "ledger")()
