import dataclasses

import numpy as np

from workflow_scripts.rogi.demo.clouds import make_clouds
from workflow_scripts.rogi.demo.relief import basin_border
from workflow_scripts.rogi.demo.scene import Scene


def test_landforms_raise_the_surface_and_lakes_lower_it(scene: Scene) -> None:
    added = scene.surface - scene.relief.height
    stamped = sum(stamp.rise.sum() for stamp in scene.stamps) / 64
    np.testing.assert_allclose(added.sum(dtype=np.float64), stamped, rtol=2e-2)
    assert added.max() > 15
    assert added.min() < 0


def test_each_tongue_has_its_stamp(scene: Scene) -> None:
    landforms = scene.landforms
    tongues = len(landforms.avalanches) + len(landforms.debris_tongues) + len(landforms.rock_glaciers)
    assert len(scene.stamps) == tongues + len(landforms.lakes)


def test_another_seed_is_another_world(scene: Scene) -> None:
    again, other = (basin_border(scene.frame, np.random.default_rng(seed).spawn(7)[0]) for seed in (20240, 7))
    np.testing.assert_array_equal(scene.border, again)
    assert np.abs(scene.border - other).mean() > 20
    cloudy = make_clouds(scene.frame, scene.landforms, 145, 45, np.random.default_rng(7))
    assert not np.array_equal(cloudy.opacity, scene.clouds.opacity)


def test_everything_is_in_the_scene(scene: Scene) -> None:
    assert all(getattr(scene, field.name) is not None for field in dataclasses.fields(scene))
    assert scene.notch_px == 256
