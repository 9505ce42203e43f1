"""Fifty thousand candidates in one subregion: work grows with their number, and few geometries are measured at all."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.review.scene import LIMITS, edit, returned, subregions
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.review import apply
from workflow_scripts.rogi.review.edits import Returned
from workflow_scripts.rogi.review.pipeline import Rules, review
from workflow_scripts.rogi.review.rows import Scene

COSTLY = ("intersection", "difference", "union_all", "hausdorff_distance", "make_valid", "symmetric_difference")


def world(count: int) -> tuple[gpd.GeoDataFrame, Returned]:
    """Candidates that touch their neighbours, and two mappers who decide on half of them each."""
    column, row = np.divmod(np.arange(count), 40)
    west, south = 79 + 0.002 * column, 35 + 0.002 * row
    shapes = shapely.box(west, south, west + 0.002, south + 0.002)
    names = [f"CAN{number:06d}" for number in range(count)]
    frame = gpd.GeoDataFrame({"candidate_id": names, "system_id": names, "probability": 0.5, "spread": 0.1,
                              "source": "Q3"}, geometry=shapes, crs=4326)  # fmt: skip
    operations = ["remain", "remove", None, "remain"]
    told = [edit(operations[number % 4], name, shape, mapper=("Ann", "Bo")[number % 2])
            for number, (name, shape) in enumerate(zip(names, shapes, strict=True))]  # fmt: skip
    return frame, returned(told[::2], told[1::2], handed=frame)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count the geometries that costly operations are applied to."""
    counts: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any, **more: Any) -> Any:
            counts[name] += max(np.size(part) for part in args)
            return function(*args, **more)

        return inner

    with monkeypatch.context() as patch:
        for name in COSTLY:
            patch.setattr(shapely, name, counting(name, getattr(shapely, name)))
        yield counts


def costs(count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Counter[str], pd.DataFrame]:
    frame, told = world(count)
    scene = Scene(dict(zip(frame["candidate_id"], frame.geometry, strict=True)), subregions(), "west")
    with counted(monkeypatch) as counts:
        done = review(frame, told, scene, Rules(LIMITS, "stop", 1e4, ("Q3",)))
    assert len(done.log) == count
    return counts, done.log


def test_work_grows_with_the_number_of_candidates_and_not_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    small, _ = costs(200, monkeypatch)
    large, log = costs(800, monkeypatch)
    assert log["matched_by"].value_counts().to_dict() == {"id": 600}
    assert large["hausdorff_distance"] == large["union_all"] == large["difference"] == 0
    assert large["intersection"] <= 8 * 800 + 100  # with the neighbours that each touches, for three sets of outlines
    assert sum(large.values()) <= 4.5 * sum(small.values())


def test_outlines_that_give_ground_away_are_measured_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pairs of neighbours overlap."""
    calls: Counter[str] = Counter()

    def counting(shapes: gpd.GeoSeries) -> np.ndarray:
        calls["area_m2"] += 1
        return area_m2(shapes)

    monkeypatch.setattr(apply, "area_m2", counting)
    measured = []
    for count in (4, 20):
        frame, _ = world(count)
        drawn = (
            frame.geometry.translate(0, 2e-4).union(frame.geometry).envelope
        )  # a tenth of the neighbour to the north
        told = [edit("refine", name, shape) for name, shape in zip(frame["candidate_id"], drawn, strict=True)]
        scene = Scene(dict(zip(frame["candidate_id"], frame.geometry, strict=True)), subregions(), "west")
        done = review(frame, returned(told, handed=frame), scene, Rules(LIMITS, "stop", 1e4, ("Q3",)))
        assert done.objects["given"].notna().sum() == count - 1
        measured.append(calls.pop("area_m2"))
    assert measured[0] == measured[1]
