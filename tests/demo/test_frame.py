import numpy as np
import pytest
import shapely
from pyproj import Transformer

from workflow_scripts.rogi.demo.frame import Frame, quad_of

FRAME = Frame(west_quad=1474, south_quad=1237, quads_x=3, quads_y=2)


def test_quads_are_known_by_their_names() -> None:
    assert quad_of("results/planet/2021q3/L15-1474E-1237N.tif") == (1474, 1237)
    assert quad_of("L15-0003E-0020N_quad.tif") == (3, 20)
    with pytest.raises(ValueError, match=r"quad\.tif is not named like a Planet Basemaps quad \(L15-1474E-1237N"):
        quad_of("quad.tif")


def test_pixels_lie_where_proj_puts_them() -> None:
    column, row = np.array([0.0, 100.5, 12288]), np.array([0.0, 5000.25, 8192])
    x, y = np.array(FRAME.transform).reshape(3, 3)[:2] @ [column, row, np.ones(3)]
    longitude, latitude = Transformer.from_crs(3857, 4326, always_xy=True).transform(x, y)
    np.testing.assert_allclose(FRAME.lonlat(column, row), [longitude, latitude], atol=1e-9)
    np.testing.assert_allclose(FRAME.pixels(longitude, latitude), [column, row], atol=1e-4)


def test_quads_are_counted_from_the_west_and_from_the_south() -> None:
    row, column = FRAME.quad_offset(1475, 1237)
    assert (row, column) == (4096, 4096)
    assert FRAME.quad_offset(1474, 1238) == (0, 0)
    longitude, latitude = FRAME.lonlat(column + 10, row + 10)
    from_south = (0.5 + np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2)) / (2 * np.pi)) * 2048
    assert (int((longitude + 180) / 360 * 2048), int(from_south)) == (1475, 1237)


def test_true_pixels_are_smaller_than_web_mercator_ones() -> None:
    low = Frame(1474, 1237, 1, 1)
    middle = sum(low.bounds_lonlat()[1::2]) / 2
    assert low.pixel_m == pytest.approx(4.777314267823516 * np.cos(np.radians(middle)), rel=1e-6)
    assert low.cell_m == pytest.approx(31.27, abs=0.01)


def test_coarse_cells_are_centred_on_whole_numbers() -> None:
    pixels = FRAME.coarse_pixels(1)
    np.testing.assert_allclose(FRAME.coarse_index(pixels, 1), np.arange(FRAME.coarse_shape[1]))
    assert FRAME.coarse_index(np.array([4.0]), 0)[0] == FRAME.margins[0]  # the centre of the first cell of 8 px


def test_the_margin_is_a_tenth_of_a_degree() -> None:
    west, south, east, north = FRAME.bounds_lonlat()
    columns, rows = FRAME.pixels(np.array([west - 0.1, east + 0.1]), np.array([north + 0.1, south - 0.1]))
    assert FRAME.coarse_pixels(1)[0] < columns[0]
    assert FRAME.coarse_pixels(1)[-1] > columns[1]
    assert FRAME.coarse_pixels(0)[0] < rows[0]
    assert FRAME.coarse_pixels(0)[-1] > rows[1]


def test_shapes_go_to_degrees_and_back() -> None:
    shape = shapely.box(10, 20, 400, 300)
    assert FRAME.to_pixels(FRAME.to_lonlat(shape)).equals_exact(shape, 1e-5)
