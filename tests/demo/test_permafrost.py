from typing import Any

import numpy as np
import rasterio
from pyproj import Transformer

from workflow_scripts.rogi.demo.scene import Scene


def test_the_raster_is_like_obus(world: dict[str, Any]) -> None:
    with rasterio.open(world["magt"]) as magt:
        assert magt.crs.to_epsg() == 3995
        assert magt.res == (1000, 1000)
        assert magt.dtypes == ("float32",)
        assert magt.nodata == -9999
        assert magt.transform.c % 1000 == 0
        values = magt.read(1, masked=True)
    assert -15 < values.min() < -5
    assert -4 < values.max() < 3


def test_glaciers_have_no_value_and_the_basin_has(scene: Scene, world: dict[str, Any]) -> None:
    to_arctic = Transformer.from_crs(4326, 3995, always_xy=True)

    def sample(column: float, row: float) -> float:
        x, y = to_arctic.transform(*scene.frame.lonlat(column, row))
        return float(next(magt.sample([(float(x), float(y))]))[0])

    with rasterio.open(world["magt"]) as magt:
        ice = [glacier.representative_point() for glacier in scene.landforms.glaciers]
        assert {sample(point.x, point.y) for point in ice} == {-9999.0}
        basin = [sample(column, scene.frame.height - 60) for column in (300, 2000, 3900)]
        assert min(basin) > -5
        tongues = [sample(*tongue.line[-1]) for tongue in scene.landforms.rock_glaciers]
    known = np.array(tongues)[np.array(tongues) > -9999]
    assert len(known) >= 10
    assert known.mean() < min(basin)
