"""The geometry of cells in any CRS, against geodesics."""

from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Geod, Transformer

from workflow_scripts.rogi.insolation.cells import Cells, latitudes_and_steps, normals

SECOND = 1 / 3600
GRIDS = [
    ("EPSG:4326", Affine(SECOND, 0, 79, 0, -SECOND, 35.2)),
    ("EPSG:4326", Affine(SECOND, 0, 179.99, 0, -SECOND, -40)),
    ("EPSG:3857", Affine(30, 0, 8_800_000, 0, -30, 4_180_000)),
    ("EPSG:32644", Affine(30, 0, 200_000, 0, -30, 3_900_000)),  # 3.3° west of the central meridian
    ("EPSG:3995", Affine(90, 0, -1_500_000, 0, -90, -2_000_000)),  # north points to the upper right
]


@pytest.mark.parametrize(("crs", "transform"), GRIDS)
@pytest.mark.parametrize("azimuth", [0.0, 63, 180, 301])
def test_steps_lead_where_the_geodesic_leads(crs: str, transform: Affine, azimuth: float) -> None:
    rows: Any = np.array([0, 40, 7])
    columns: Any = np.array([3, 55, 80])
    latitude, steps = latitudes_and_steps(transform, CRS(crs), rows, columns)
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    start = back.transform(*(transform @ (columns + 0.5, rows + 0.5)))
    np.testing.assert_allclose(latitude, np.radians(start[1]), atol=1e-12)
    going = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))]) * 600
    moved = (steps @ going).T
    place = (columns + 0.5 + moved[0], rows + 0.5 + moved[1])
    end = back.transform(*(transform @ place))
    found, _, distance = Geod(ellps="WGS84").inv(*start, *end)
    np.testing.assert_allclose(distance, 600, rtol=3e-4)
    np.testing.assert_allclose((found - azimuth + 180) % 360 - 180, 0, atol=0.02)


def test_a_cell_is_the_same_in_any_array() -> None:
    crs, transform = CRS("EPSG:4326"), GRIDS[0][1]
    moved = transform @ Affine.translation(-40, -25)
    one = latitudes_and_steps(transform, crs, np.array([5]), np.array([9]))
    other = latitudes_and_steps(moved, crs, np.array([30]), np.array([49]))
    np.testing.assert_allclose(one[1], other[1], rtol=1e-9)
    np.testing.assert_allclose(one[0], other[0], rtol=1e-12)


def test_normals_point_up_and_downslope() -> None:
    found = normals(np.array([0, 90, 90, 30]), np.array([np.nan, 90, 180, 270]))
    expected = [[0, 0, 1], [1, 0, 0], [0, -1, 0], [-0.5, 0, np.sqrt(0.75)]]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isnan(normals(np.array([10.0]), np.array([np.nan]))).any()


def test_a_part_of_the_cells_has_all_their_values() -> None:
    numbers = np.arange(5)
    cells = Cells(numbers, numbers, numbers, np.ones((5, 2, 2)), np.ones((5, 3)), numbers)
    assert [len(values) for values in cells.part(slice(3, 9))] == [2] * 6
    assert cells.part(slice(1, 2)).row.tolist() == [1]
