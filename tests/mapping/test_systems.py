"""Which connected objects count, and which lie near each other."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from tests.mapping.tongues import PLAIN
from tests.worlds import GRID, WHOLE
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.mapping.blend import NODATA
from workflow_scripts.rogi.mapping.lattice import lattice_of
from workflow_scripts.rogi.mapping.rules import CandidateRules
from workflow_scripts.rogi.mapping.systems import find_systems, near_systems
from workflow_scripts.rogi.raster import write_raster


@pytest.mark.parametrize("max_hole_m2", [0.0, 1e6])
def test_the_least_area_counts_after_holes_are_filled_and_in_true_metres(tmp_path: Path, max_hole_m2: float) -> None:
    """A ring of 396 px round a hole of 504 px, and a square of as many pixels as both."""
    scores = np.zeros((80, 80), np.uint8)
    scores[5:35, 5:35] = scores[40:70, 5:35] = 200
    scores[8:35, 8:35][:24, :21] = 0
    path = str(tmp_path / "scores.tif")
    write_raster(path, scores, GRID.crs, GRID.transform(WHOLE), nodata=NODATA)
    with rasterio.open(path) as dataset:
        grid = lattice_of(dataset.crs, dataset.transform)
        all_of_them = find_systems(dataset, grid, CandidateRules(**PLAIN | {"max_hole_m2": max_hole_m2}))
        areas = area_m2(all_of_them)
        assert max(areas) / 900 == pytest.approx(15.2, abs=0.1)  # m² of a pixel at 35.1° N
        least = 0.999 * max(areas)
        found = find_systems(
            dataset, grid, CandidateRules(**PLAIN | {"max_hole_m2": max_hole_m2, "min_area_m2": least})
        )
    assert len(all_of_them) == 2
    assert len(found) == (2 if max_hole_m2 else 1)


def test_near_systems_are_the_others_within_a_distance() -> None:
    boxes = np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 14, 30, 100)])
    one, two, three, four = near_systems(boxes, 5)
    assert shapely.equals_exact(shapely.get_parts(one), boxes[[1]], 0).all()
    assert shapely.equals_exact(shapely.get_parts(two), boxes[[0]], 0).all()
    assert (three, four) == (None, None)
    assert len(shapely.get_parts(near_systems(boxes, 6)[1])) == 2
    assert near_systems(boxes[:0], 5) == []
