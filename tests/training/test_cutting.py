"""Patches: what is labelled, what is valid, and why some are left out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from rasterio.windows import Window

from tests.worlds import BANDS, CLEAR, CLOUD, GRID, SCREENING, SIDE, WHOLE, World, series, square
from workflow_scripts.rogi.imagery.looks import Looks
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.training.cutting import Cutter, LeftOut, Settings, burn
from workflow_scripts.rogi.training.placing import Place
from workflow_scripts.rogi.training.records import COLUMNS, Patch

SIZE = 64
SETTINGS = Settings(
    where="polygons",
    buffer_m=50.0,
    size_px=SIZE,
    stride_px=40,
    random_terrain_per_rock_glacier=0,
    looks="best",
    min_valid_share=0.0,
    max_poor_share=1.0,
    snow_min_dn=256,
)
CLOUDY = Window(WHOLE.col_off + CLOUD[1].start, WHOLE.row_off + CLOUD[0].start, SIZE, SIZE)


@pytest.fixture(scope="module")
def imagery(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes[:1], 3, None, CLEAR) as imagery:
        yield imagery


@pytest.fixture(scope="module")
def both(world: World) -> Iterator[Imagery]:
    with Imagery(world.indexes, 3, None, Screening(**SCREENING)) as imagery:
        yield imagery


def place(row: int, column: int) -> Place:
    return Place(Window(WHOLE.col_off + column, WHOLE.row_off + row, SIZE, SIZE), "rg-1", "rock_glacier", "Alps")


def cut(
    imagery: Imagery, where: Place, shapes: list[shapely.Geometry], mapped: Any = None, beside: Any = None, **more: Any
) -> list[tuple[dict[str, Any], Patch | None]]:
    settings = replace(SETTINGS, **more)
    cutter = Cutter(Looks(imagery, beside or {}), BANDS, series(shapes).to_crs(4326), mapped, settings)
    return list(cutter.cut(where))


def test_every_rock_glacier_in_view_is_labelled(world: World, imagery: Imagery) -> None:
    shapes = [square(20, 20, 10, 12), square(45, 30, 40, 5), square(300, 300, 20)]
    ((row, patch),) = cut(imagery, place(10, 10), shapes)
    assert patch is not None
    expected = np.zeros((SIZE, SIZE), bool)
    expected[10:22, 10:20] = True
    expected[20:25, 35:] = True
    assert np.array_equal(patch.label, expected)
    assert np.array_equal(patch.image, world.images[0][:, 10 : 10 + SIZE, 10 : 10 + SIZE])
    assert patch.valid.all()
    assert patch.channels.shape == (0, SIZE, SIZE)
    assert row["rock_glacier_share"] == expected.mean()


def test_the_row_says_what_the_patch_is(imagery: Imagery) -> None:
    ((row, patch),) = cut(imagery, place(-16, 10), [square(20, 20, 10)])
    assert patch is not None
    assert set(COLUMNS) <= set(row)
    known: dict[str, Any] = {"uid": "rg-1", "kind": "rock_glacier", "inventory": "Alps", "look": "composite"}
    known |= {"used": True, "left_out": "", "missing_channels": ""}
    assert {name: row[name] for name in known} == known
    assert (row["row_off"], row["col_off"]) == (WHOLE.row_off - 16, WHOLE.col_off + 10)
    assert row["valid_share"] == row["quality"] == 0.75
    assert row["geometry"].equals_exact(square(10, -16, SIZE), 1e-6)


def test_a_pixel_is_labelled_by_its_centre() -> None:
    shape = square(2.4, 3.6, 2.2, 1.0)  # columns 2.4 to 4.6, rows 3.6 to 4.6
    label = burn(np.array([shape], dtype=object), GRID, Window(WHOLE.col_off, WHOLE.row_off, 8, 8))
    assert np.argwhere(label).tolist() == [[4, 2], [4, 3], [4, 4]]


def test_nothing_is_labelled_where_nothing_is() -> None:
    assert not burn(np.array([], dtype=object), GRID, WHOLE).any()


def test_ground_without_imagery_is_neither_valid_nor_labelled(world: World, imagery: Imagery) -> None:
    ((_, patch),) = cut(imagery, place(290, 60), [square(0, 280, 120, 100)])  # over the hole
    assert patch is not None
    valid = world.valids[0][290 : 290 + SIZE, 60 : 60 + SIZE]
    assert np.array_equal(patch.valid, valid)
    assert np.array_equal(patch.label, valid & (np.arange(60, 60 + SIZE) < 120))
    assert not patch.image[:, ~valid].any()


def test_ground_that_nobody_mapped_is_not_valid(imagery: Imagery) -> None:
    mapped = series([square(0, 0, 40, SIDE)]).to_crs(4326)
    ((_, patch),) = cut(imagery, place(100, 10), [square(20, 110, 100, 20)], mapped)
    assert patch is not None
    inside = np.tile(np.arange(10, 10 + SIZE) < 40, (SIZE, 1))
    assert np.array_equal(patch.valid, inside)
    assert not patch.label[~inside].any()
    assert patch.label.sum() == 20 * 20
    ((row, nothing),) = cut(imagery, place(100, 100), [], mapped)
    assert nothing is None
    assert row["left_out"] == LeftOut.IMAGERY.value


def test_patches_with_too_little_imagery_are_left_out(imagery: Imagery) -> None:
    """Half of a patch that starts 32 px above the world is sky."""
    for share, used in ((0.5, True), (0.51, False)):
        ((row, patch),) = cut(imagery, place(-32, 100), [square(100, 0, 20)], min_valid_share=share)
        assert (patch is not None) == row["used"] == used
        assert row["left_out"] == ("" if used else "too little imagery")
        assert row["valid_share"] == 0.5


def test_cloudy_looks_are_left_out_and_equal_ones_are_not_shown_twice(both: Imagery) -> None:
    beside = dict(zip(("q3", "q4"), both.mosaics, strict=True))
    where = Place(CLOUDY, "rg-1", "rock_glacier", "Alps")
    outcome = cut(both, where, [], beside=beside, max_poor_share=0.9)
    assert [(row["look"], row["left_out"], patch is not None) for row, patch in outcome] == [
        ("composite", "", True),
        ("q3", LeftOut.POOR.value, False),
        ("q4", LeftOut.SAME.value, False),
    ]
    assert outcome[1][0]["cloud_share"] == 1
    assert [patch is not None for _, patch in cut(both, where, [], beside=beside)] == [True, True, False]


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
def test_missing_channels_are_counted(world: World, nothing: float) -> None:
    class Slope:
        names = ("slope",)

        def read(self, window: Window) -> np.ndarray:
            values = np.zeros((1, window.height, window.width), np.float32)
            values[0, 0, 0] = nothing if window.row_off > WHOLE.row_off + 50 else 1
            return values

    with Imagery(world.indexes[:1], 3, None, CLEAR, channels=Slope()) as imagery:  # type: ignore[arg-type]
        for row, missing in ((10, False), (60, True)):
            ((known, patch),) = cut(imagery, place(row, 10), [])
            assert patch is not None
            assert known["missing_channels"] == ("slope" if missing else "")
            assert np.isfinite(patch.channels).all() != missing
