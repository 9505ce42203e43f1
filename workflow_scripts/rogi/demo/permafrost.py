"""Mean annual ground temperature of the demo world, in the form of Obu et al. (2018): EPSG:3995, 1 km."""

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from scipy import ndimage

from workflow_scripts.rogi.demo.climate import KELVIN_AT_5000_M, LAPSE_K_PER_M
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.raster import write_raster

ARCTIC = CRS.from_epsg(3995)
CELL_M = 1000
AROUND_CELLS = 15
WARMER_THAN_AIR_K = 1.1
NODATA = -9999.0


def write_magt(scene: Scene, path: str) -> None:
    """Write the temperatures in °C; cells whose centre lies on a glacier are nodata, as are those far away."""
    transform, shape = _crop(scene)
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    x, y = transform @ (columns, rows)
    longitude, latitude = Transformer.from_crs(ARCTIC, 4326, always_xy=True).transform(x, y)
    column, row = scene.frame.pixels(longitude, latitude)
    place = scene.frame.coarse_index(row, 0), scene.frame.coarse_index(column, 1)
    smooth = ndimage.uniform_filter(scene.relief.height, round(CELL_M / scene.frame.cell_m))
    height = ndimage.map_coordinates(smooth, place, order=1, mode="nearest")
    celsius = KELVIN_AT_5000_M - 273.15 - LAPSE_K_PER_M * (height - 5000) + WARMER_THAN_AIR_K
    celsius[_on_ice(scene, transform, shape)] = NODATA
    write_raster(path, celsius.astype(np.float32), ARCTIC.to_wkt(), transform, nodata=NODATA)


def _crop(scene: Scene) -> tuple[Affine, tuple[int, int]]:
    """Whole kilometres around the imagery."""
    edge = shapely.box(0, 0, scene.frame.width, scene.frame.height).segmentize(256)
    to_arctic = Transformer.from_crs(4326, ARCTIC, always_xy=True)
    x, y = to_arctic.transform(*np.array(scene.frame.to_lonlat(edge).exterior.coords).T)
    west, east = np.floor(x.min() / CELL_M) - AROUND_CELLS, np.ceil(x.max() / CELL_M) + AROUND_CELLS
    south, north = np.floor(y.min() / CELL_M) - AROUND_CELLS, np.ceil(y.max() / CELL_M) + AROUND_CELLS
    return Affine(CELL_M, 0, west * CELL_M, 0, -CELL_M, north * CELL_M), (int(north - south), int(east - west))


def _on_ice(scene: Scene, transform: Affine, shape: tuple[int, int]) -> np.ndarray:
    to_arctic = Transformer.from_crs(4326, ARCTIC, always_xy=True)
    ice = [
        shapely.transform(scene.frame.to_lonlat(glacier), to_arctic.transform, interleaved=False)
        for glacier in scene.landforms.glaciers
    ]
    if not ice:
        return np.zeros(shape, dtype=bool)
    return rasterio.features.rasterize(ice, out_shape=shape, transform=transform, all_touched=True, dtype="uint8") > 0
