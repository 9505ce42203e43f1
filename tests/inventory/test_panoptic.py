"""Panoptic quality and average precision against counts by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.inventory.panoptic import average_precision, panoptic_quality, touching


def row(*spans: tuple[float, float]) -> gpd.GeoSeries:
    """Return boxes 100 m high between two eastings, in an equal-area CRS."""
    return gpd.GeoSeries([shapely.box(west, 0, east, 100) for west, east in spans], crs=8857)


TRUTH = row((0, 100), (100, 200), (300, 400), (500, 600))


def test_panoptic_quality_is_mean_iou_times_f1() -> None:
    mapped = row((0, 80), (300, 400), (700, 800))
    pq, sq, rq, matched = panoptic_quality(mapped, TRUTH)
    assert matched == 2
    assert sq == pytest.approx((0.8 + 1) / 2)
    assert rq == pytest.approx(2 * 2 / (3 + 4))
    assert pq == pytest.approx(sq * rq)


def test_a_merged_pair_counts_as_one_find_at_most() -> None:
    merged, apart = row((0, 200), (300, 400), (500, 600)), TRUTH
    assert panoptic_quality(merged, TRUTH).matched == 2  # half of the pair is no more than 0.5
    assert panoptic_quality(apart, TRUTH)[:3] == pytest.approx((1, 1, 1))


def test_nothing_found_is_nothing_scored() -> None:
    none = TRUTH.iloc[:0]
    assert panoptic_quality(none, TRUTH) == (0, 0, 0, 0)
    assert panoptic_quality(none, none) == (0, 0, 0, 0)
    assert average_precision(none, np.array([]), TRUTH) == 0


def test_average_precision_is_the_area_under_the_curve() -> None:
    mapped = row((0, 100), (700, 800), (300, 400), (900, 950))
    # Found, false, found, false: precision 1 up to a recall of 1/4, then 2/3 up to 2/4.
    assert average_precision(mapped, np.array([0.9, 0.8, 0.7, 0.6]), TRUTH) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision(mapped, np.array([0.6, 0.1, 0.7, 0.2]), TRUTH) == pytest.approx(2 / 4)
    # A find after a false one lifts the precision at the recall before it.
    assert average_precision(mapped, np.array([0.2, 0.9, 0.1, 0.0]), TRUTH) == pytest.approx((2 / 3) * 2 / 4)


def test_which_outlines_touch() -> None:
    assert touching(TRUTH, 1).tolist() == [True, True, False, False]
    assert touching(TRUTH, 150).tolist() == [True] * 4
