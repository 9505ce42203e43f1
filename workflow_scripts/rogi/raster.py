"""The one door through which rasters are opened and written: a CRS, a stated validity and a whole file, or an error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from workflow_scripts.rogi.files import replacing

# GDAL would otherwise list a folder of thousands of quads at every open.
GDAL_SETTINGS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
# GDAL's cache of blocks, MiB. Its own default is a share of the machine's memory, whatever a job asked for.
os.environ.setdefault("GDAL_CACHEMAX", "256")
BLOCK_PX = 512


class RasterError(ValueError):
    """A raster that cannot be trusted: unreadable, truncated, without CRS or with an ambiguous nodata."""


@contextmanager
def open_raster(path: str | Path) -> Iterator[rasterio.DatasetReader]:
    """Open a raster that has a CRS.

    Raises:
        RasterError: The file cannot be opened, or states no coordinate reference system.
    """
    dataset = open_dataset(path)
    with dataset:
        yield dataset


def open_dataset(path: str | Path) -> rasterio.DatasetReader:
    """Open a raster as `open_raster` does, for callers that keep the handle; they close it."""
    try:
        with rasterio.Env(**GDAL_SETTINGS):
            dataset = rasterio.open(path)
    except RasterioIOError as error:
        raise RasterError(f"{path} cannot be read as a raster: {error}") from error
    if dataset.crs is None:
        dataset.close()
        raise RasterError(
            f"{path} states no coordinate reference system; assign the right one, "
            "for instance with `gdal_edit.py -a_srs EPSG:3857`"
        )
    return dataset


def has_stated_validity(dataset: rasterio.DatasetReader) -> bool:
    """Tell whether the file itself says which pixels are data: by an alpha band, a mask or a nodata value."""
    stated = all(MaskFlags.all_valid not in flags for flags in dataset.mask_flag_enums)
    return stated or ColorInterp.alpha in dataset.colorinterp


def stated_validity(dataset: rasterio.DatasetReader, **part: Any) -> np.ndarray:
    """Read which pixels are data by the file itself, which says it; `part` is what rasterio reads, and how large."""
    if ColorInterp.alpha in dataset.colorinterp:  # GDAL masks by it only where there are two or four bands
        return dataset.read(dataset.colorinterp.index(ColorInterp.alpha) + 1, **part) > 0
    return dataset.dataset_mask(**part) > 0


def read_valid(dataset: rasterio.DatasetReader, window: Window, nodata: float | None) -> np.ndarray:
    """Read which pixels of a window are data.

    Args:
        dataset: An open raster.
        window: Part of it, in pixels.
        nodata: Value that marks missing pixels, for files that do not state one themselves.

    Returns:
        Boolean array of shape (height, width), True where there is data.

    Raises:
        RasterError: Neither the file nor the caller says what missing pixels look like.
    """
    if has_stated_validity(dataset):
        return stated_validity(dataset, window=window)
    if nodata is None:
        raise RasterError(
            f"{dataset.name} has no alpha band, no mask and no nodata value, so black pixels may be data or not; "
            "state the value in the config (`nodata`), or write it into the file with `gdal_edit.py -a_nodata`"
        )
    return (dataset.read(window=window) != nodata).any(axis=0)


def blocks(dataset: rasterio.DatasetReader, window: Window) -> list[Window]:
    """Return the blocks of the first band that hold a pixel of a window, whole, the file's edges aside."""
    height, width = dataset.block_shapes[0]
    return [
        Window(left, top, min(width, dataset.width - left), min(height, dataset.height - top))
        for top in range(window.row_off // height * height, window.row_off + window.height, height)
        for left in range(window.col_off // width * width, window.col_off + window.width, width)
    ]


def check_whole(path: str | Path) -> None:
    """Check that every block a GeoTIFF lists lies inside the file.

    Only the block index is read, so this takes milliseconds for a quad. Sparse blocks (offset 0) are whole.

    Raises:
        RasterError: The file ends before its last block: a download or a write that was cut off.
    """
    size = os.path.getsize(path)
    with open_raster(path) as dataset:
        if dataset.driver not in ("GTiff", "COG"):
            return
        end = max(_block_ends(dataset), default=0)
    if end > size:
        raise RasterError(f"{path} is truncated: it should have at least {end} bytes and has {size}; fetch it again")


def _block_ends(dataset: rasterio.DatasetReader) -> Iterator[int]:
    pixel_interleaved = dataset.interleaving is not None and dataset.interleaving.name == "pixel"
    for band in (1,) if pixel_interleaved else dataset.indexes:
        height, width = dataset.block_shapes[band - 1]
        for row in range(-(-dataset.height // height)):
            for column in range(-(-dataset.width // width)):
                offset, length = (
                    int(dataset.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=band) or 0)
                    for what in ("OFFSET", "SIZE")
                )
                yield offset + length


def geotiff_profile(dtype: str, crs: CRS, transform: Affine, height: int, width: int, **more: Any) -> dict[str, Any]:
    """Return the creation options of every GeoTIFF written here: tiled, compressed, BigTIFF where it may be needed."""
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "dtype": dtype,
        "crs": crs,
        "transform": transform,
        "height": height,
        "width": width,
        "count": 1,
        "tiled": True,
        "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX,
        "compress": "deflate",
        "BIGTIFF": "IF_SAFER",
    }
    return profile | more


@contextmanager
def writing_raster(path: str | Path, profile: dict[str, Any]) -> Iterator[rasterio.io.DatasetWriter]:
    """Open a GeoTIFF for writing that takes the place of `path` only when it is complete.

    Raises:
        OSError: The disk filled up while writing (GDAL itself may only log that); an older file is left as it was.
    """
    with replacing(path) as temporary, _creating(temporary, path, profile) as dataset:
        yield dataset


@contextmanager
def _creating(temporary: Path, path: str | Path, profile: dict[str, Any]) -> Iterator[rasterio.io.DatasetWriter]:
    """Write a temporary file; errors name the file that it is for."""
    try:
        with rasterio.open(temporary, "w", **profile) as dataset:
            yield dataset
    except RasterioIOError as error:
        hint = "is the disk full, or a raster that was read meanwhile damaged?"
        raise OSError(f"could not write {path}: {error}; {hint}") from error
    try:
        check_whole(temporary)
    except RasterError as error:
        raise OSError(f"could not write {path}: the file ends too early; is the disk full?") from error


@contextmanager
def writing_cog(
    path: str | Path, profile: dict[str, Any], overviews: str, threads: int = 1
) -> Iterator[rasterio.io.DatasetWriter]:
    """Open a raster for writing in any order of blocks; it becomes a cloud-optimised GeoTIFF in place of `path`.

    Blocks never written are not stored and read as nodata.

    Args:
        path: The target; replaced only when everything is complete.
        profile: As from `geotiff_profile`, with nodata.
        overviews: How overviews are resampled ("average", "nearest").
        threads: Threads that compress.

    Raises:
        OSError: As for `writing_raster`.
    """
    with replacing(path) as temporary:
        blocks_file = temporary.with_name(f"{temporary.name}-blocks")
        with _creating(blocks_file, path, profile | {"SPARSE_OK": True}) as dataset:
            yield dataset
        options = {
            "compress": profile["compress"],
            "blocksize": profile["blockxsize"],
            "overview_resampling": overviews,
            "bigtiff": "IF_SAFER",
            "sparse_ok": True,
            "num_threads": threads,
        }
        try:
            rasterio.shutil.copy(blocks_file, temporary, driver="COG", **options)
            check_whole(temporary)
        except (RasterError, RasterioIOError, CPLE_BaseError) as error:
            raise OSError(f"could not write {path}: {error}; is the disk full?") from error


def write_raster(path: str | Path, array: np.ndarray, crs: CRS, transform: Affine, **more: Any) -> None:
    """Write an array of shape (height, width) or (bands, height, width) as a GeoTIFF, whole or not at all."""
    bands = array[np.newaxis] if array.ndim == 2 else array
    count, height, width = bands.shape
    profile = geotiff_profile(str(array.dtype), crs, transform, height, width, count=count, **more)
    with writing_raster(path, profile) as dataset:
        dataset.write(bands)
