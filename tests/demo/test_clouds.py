import numpy as np
import pytest

from workflow_scripts.rogi.demo.clouds import Clouds
from workflow_scripts.rogi.demo.scene import SUN_AZIMUTH_DEG, Scene
from workflow_scripts.rogi.demo.stamps import pixels_in


def test_a_cloud_hides_a_rock_glacier(scene: Scene) -> None:
    hidden = []
    for tongue in scene.landforms.rock_glaciers:
        west, north, east, south = (int(edge) for edge in tongue.outline.bounds)
        rows, columns = np.arange(north, south + 1), np.arange(west, east + 1)
        opacity, _ = scene.clouds.over(rows, columns)
        inside = pixels_in(tongue.outline, north, west, opacity.shape)
        hidden.append(opacity[inside].mean())
    assert max(hidden) > 0.9
    assert sum(share > 0.2 for share in hidden) < len(hidden) / 2


def test_clouds_are_patches(scene: Scene) -> None:
    assert 0.005 < (scene.clouds.opacity > 0.5).mean() < 0.15
    assert scene.clouds.opacity.max() == 1
    assert scene.clouds.opacity.min() == 0


def test_shadows_fall_away_from_the_sun(scene: Scene) -> None:
    assert scene.clouds.shadow_rows < 0  # north
    assert scene.clouds.shadow_columns < 0  # west
    azimuth = np.degrees(np.arctan2(scene.clouds.shadow_columns, -scene.clouds.shadow_rows)) % 360
    assert azimuth == pytest.approx(SUN_AZIMUTH_DEG + 180)
    assert np.hypot(scene.clouds.shadow_rows, scene.clouds.shadow_columns) * scene.frame.pixel_m == pytest.approx(900)
    opacity = np.zeros((40, 40), dtype=np.float32)
    opacity[20, 20] = 1
    cloud, shadow = Clouds(opacity, -64.0, -32.0).over(np.arange(640), np.arange(640))
    assert np.unravel_index(cloud.argmax(), cloud.shape) == pytest.approx((327, 327), abs=1)
    assert np.unravel_index(shadow.argmax(), shadow.shape) == pytest.approx((327 - 64, 327 - 32), abs=1)
