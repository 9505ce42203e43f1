import numpy as np
from scipy import ndimage

from workflow_scripts.rogi.demo.frame import CELL_PX
from workflow_scripts.rogi.demo.relief import slope_of
from workflow_scripts.rogi.demo.scene import Scene


def test_fields_are_whole_and_of_one_shape(scene: Scene) -> None:
    for name, field in vars(scene.relief).items():
        assert field.shape == scene.frame.coarse_shape, name
        assert np.isfinite(field).all(), name


def test_the_range_is_high_and_steep_and_the_basin_low_and_gentle(scene: Scene) -> None:
    relief, basin = scene.relief, scene.relief.basin
    assert np.median(relief.height[basin < 0.01]) > np.median(relief.height[basin > 0.99]) + 300
    assert np.degrees(np.arctan(np.median(relief.slope[basin < 0.01]))) > 15
    assert np.degrees(np.arctan(np.percentile(relief.slope[basin > 0.99], 95))) < 6
    assert relief.height.min() > 4400
    assert relief.height.max() < 7000


def test_the_basin_begins_at_its_border(scene: Scene) -> None:
    rows = scene.frame.coarse_pixels(0)[:, None]
    reach = 60 * CELL_PX
    assert (scene.relief.basin[rows - scene.border[None, :] > reach] == 1).all()
    assert (scene.relief.basin[rows - scene.border[None, :] < -reach] == 0).all()


def test_valleys_are_lower_than_their_sides(scene: Scene) -> None:
    relief = scene.relief
    in_range = relief.basin < 0.01
    floor = in_range & (relief.to_valley < 60)
    side = in_range & (relief.to_valley > 500) & (relief.to_valley < 700)
    assert np.median(relief.hollow[floor]) > 20
    assert np.median(relief.hollow[side]) < 0
    assert np.median(relief.above_valley[side]) > 150
    assert np.median(relief.slope[floor]) < np.median(relief.slope[side])


def test_nothing_is_cut_off_by_cliffs(scene: Scene) -> None:
    steps = np.abs(np.diff(ndimage.gaussian_filter(scene.relief.height, 1), axis=0)) / scene.frame.cell_m
    assert np.percentile(steps, 99.9) < 2.5


def test_slopes_of_a_plane() -> None:
    rows, columns = np.mgrid[0:9, 0:9]
    np.testing.assert_allclose(slope_of(3.0 * rows + 4.0 * columns, 10.0), 0.5)
