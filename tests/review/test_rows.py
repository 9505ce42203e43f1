import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.review.scene import candidates, edit, returned, scene, square
from workflow_scripts.rogi.review.rows import completed, repair, unchanged, undecided


def test_rows_know_what_was_handed_out_or_is_there_now() -> None:
    handed = candidates(2, {0: square(0, side=0.0021)})
    rows = completed(
        returned([edit("remain", "CAN0"), edit("remain", "CAN3"), edit("remain", "X")], handed=handed), scene()
    )
    assert rows["is_handed"].tolist() == [True, False, False]
    assert rows["known"].iloc[0].equals(square(0, side=0.0021))
    assert rows["known"].iloc[1].equals(square(3))
    assert rows["known"].iloc[2] is None


@pytest.mark.parametrize(
    ("told", "operation", "taken_as"),
    [
        ([edit(None, "CAN0", square(0))], [None], [None]),
        ([edit(None, "CAN0")], [None], [None]),
        ([edit(None, "CAN0", square(0, side=0.0021))], ["refine"], ["refine"]),
        ([edit("remain", "CAN0", square(0, side=0.0021))], ["remain"], [None]),
        ([edit(None, "CAN0", square(0), merge_into="CAN1")], ["merge"], ["merge"]),
        ([edit(None, "CAN0", square(0, side=0.001)), edit(None, "CAN0", square(0.1, side=0.001))],
         ["split", "split"], ["split", "split"]),
        ([edit("split", "CAN0", square(0, side=0.001)), edit(None, "CAN0", square(0.1, side=0.001))],
         ["split", "split"], [None, "split"]),
        ([edit("refine", "CAN0", square(0, side=0.001)), edit(None, "CAN0", square(0.1, side=0.001))],
         ["refine", "refine"], [None, "refine"]),
    ],
)  # fmt: skip
def test_a_change_without_an_operation_is_taken_for_what_it_is(
    told: list[dict[str, object]], operation: list[str | None], taken_as: list[str | None]
) -> None:
    rows = completed(returned(told), scene())
    assert [None if one is None else one for one in rows["operation"]] == operation
    assert list(rows["taken_as"]) == taken_as
    assert undecided(rows).tolist() == [one is None for one in operation]


@given(shift=st.floats(0, 1e-6), back=st.booleans())
def test_rounding_is_no_change(shift: float, back: bool) -> None:
    moved = shapely.transform(square(1), lambda xy: xy + shift)
    shown = shapely.MultiPolygon([moved.reverse() if back else moved])
    assert unchanged(np.array([shown]), np.array([square(1)])).tolist() == [True]


@given(shift=st.floats(4e-6, 1e-3))
def test_a_vertex_that_somebody_moved_is_a_change(shift: float) -> None:
    corners = shapely.get_coordinates(square(1))
    corners[2] += shift
    assert unchanged(np.array([shapely.Polygon(corners)]), np.array([square(1)])).tolist() == [False]


def test_what_is_no_polygon_is_never_unchanged() -> None:
    shapes = np.array([None, shapely.Point(0, 0), shapely.Polygon()], dtype=object)
    assert not unchanged(shapes, shapes).any()


def test_a_third_coordinate_and_a_multipart_spelling_do_not_count() -> None:
    told = returned([edit(None, "CAN0", shapely.MultiPolygon([square(0)]))])
    assert undecided(completed(told, scene())).tolist() == [True]


def test_minutes_are_read_in_either_spelling() -> None:
    texts = ["3", "2,5", "1.5", "soon", None]
    rows = completed(returned([edit("remain", "CAN0", minutes=text) for text in texts]), scene())
    np.testing.assert_array_equal(rows["time_min"], [3, 2.5, 1.5, np.nan, np.nan])


def test_a_valid_outline_stays_as_drawn() -> None:
    assert repair(square(0)).equals_exact(square(0), 0)


def test_a_harmless_fault_is_repaired_without_changing_the_area() -> None:
    # a ring that touches itself in one point: two squares that share a corner, drawn in one go
    ring = shapely.Polygon([(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (1, 2), (1, 1), (0, 1)])
    assert not ring.is_valid
    mended = repair(ring)
    assert mended.is_valid
    assert mended.area == pytest.approx(2)


def test_a_spike_is_not_repaired_into_a_collection() -> None:
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 2), (0.5, 1), (0, 1)])
    with pytest.raises(ValueError, match="gives a GeometryCollection"):
        repair(spike)
