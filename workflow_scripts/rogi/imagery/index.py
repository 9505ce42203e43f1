"""Tile index of one mosaic: which quad lies where. GDAL and QGIS open the same file as `GTI:<index>.gpkg`."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from workflow_scripts.rogi.files import replacing
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.raster import RasterError, check_whole, has_stated_validity, open_raster

LAYER = "quads"
LATTICE = (("row", "height"), ("column", "width"))
# Planet Basemaps: 2048 quads of 4096 px round the equator of EPSG:3857, named by column and by row from the south.
PLANET_PIXEL, PLANET_QUAD_PX, PLANET_QUADS = 4.777314267823516, 4096, 2048


def index_quads(paths: list[str], bands: int, nodata: float | None, threads: int) -> gpd.GeoDataFrame:
    """Open every quad once and return where it lies; arguments and columns as for `survey_quads`.

    Raises:
        RasterError: Quads that cannot be used; all of them are listed.
    """
    index, faults = survey_quads(paths, bands, nodata, threads)
    if faults or index is None:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise RasterError(f"{len(faults)} of {len(paths)} quads cannot be used:\n{listed}")
    return index


def survey_quads(
    paths: list[str], bands: int, nodata: float | None, threads: int
) -> tuple[gpd.GeoDataFrame | None, list[str]]:
    """Open every quad once, and tell those that can be used from those that cannot.

    Args:
        paths: The quads of one mosaic.
        bands: Number of image bands each must have at least.
        nodata: Value of missing pixels, for quads that do not state one.
        threads: Files opened at the same time.

    Returns:
        A frame with one row per usable quad in its own CRS, None if there is none: `location` (path), `row`, `column`,
        `height`, `width` (global pixels), `size` (bytes), geometry (its bounds), and the pixel grid in
        `frame.attrs["grid"]`; and a line for every quad that cannot be read, is truncated, lacks a CRS or bands, or
        lies on another grid than the first.
    """
    with ThreadPoolExecutor(threads) as pool:
        rows = list(pool.map(lambda path: _describe(path, bands, nodata), paths))
    faults = [row for row in rows if isinstance(row, str)]
    good = [row for row in rows if isinstance(row, dict)]
    misfits = {str(row["location"]): fault for row in good[1:] if (fault := _misfit(row, good[0]))}
    fitting = [row for row in good if row["location"] not in misfits]
    return _frame(fitting) if fitting else None, [*faults, *misfits.values()]


def _describe(path: str, bands: int, nodata: float | None) -> dict[str, object] | str:
    try:
        check_whole(path)
        with open_raster(path) as dataset:
            grid = PixelGrid.of(dataset.crs, dataset.transform)
            if dataset.dtypes[0] != "uint8":
                return f"{path} holds {dataset.dtypes[0]}; the network takes 8-bit imagery, so scale it to uint8 first"
            images = sum(kind != ColorInterp.alpha for kind in dataset.colorinterp)
            if images < bands:
                return f"{path} has {images} image bands and the config names {bands} (imagery.bands)"
            if nodata is None and not has_stated_validity(dataset):
                return f"{path} has no alpha band, mask or nodata value; state imagery.nodata in the config"
            row, column = grid.position(dataset.bounds.left, dataset.bounds.top)
            return {
                "location": path,
                "row": row,
                "column": column,
                "height": dataset.height,
                "width": dataset.width,
                "size": os.path.getsize(path),
                "grid": grid,
                "geometry": shapely.box(*dataset.bounds),
            }
    except (RasterError, ValueError, OSError) as error:
        return str(error) if str(path) in str(error) else f"{path}: {error}"


def _misfit(row: dict[str, object], first: dict[str, object]) -> str | None:
    grid, expected = row["grid"], first["grid"]
    assert isinstance(grid, PixelGrid)
    assert isinstance(expected, PixelGrid)
    if grid.matches(expected):
        return None
    return (
        f"{row['location']} has {_name(grid)}, but {first['location']} has {_name(expected)}; "
        "quads of one mosaic must share CRS, resolution and pixel grid, so warp the odd ones with gdalwarp -tap"
    )


def _name(grid: PixelGrid) -> str:
    crs = grid.crs.to_string()
    return f"{crs}, {grid.pixel:g} per pixel, phase ({grid.phase_x:.3f}, {grid.phase_y:.3f})"


def _frame(rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    grid = rows[0]["grid"]
    assert isinstance(grid, PixelGrid)
    frame = gpd.GeoDataFrame([{key: row[key] for key in row if key != "grid"} for row in rows], crs=grid.crs)
    frame.attrs["grid"] = grid
    return frame.sort_values("location", ignore_index=True)


def write_index(path: str | Path, index: gpd.GeoDataFrame, bands: int) -> None:
    """Write a tile index in the layout of GDAL's GTI driver (paths as given, relative to the working folder)."""
    grid: PixelGrid = index.attrs["grid"]
    whole = grid.window(tuple(index.total_bounds))
    metadata = {
        # Whole numbers: from the extent alone GDAL would round the size up by a pixel.
        "XSIZE": str(whole.width),
        "YSIZE": str(whole.height),
        "GEOTRANSFORM": ",".join(repr(float(value)) for value in grid.transform(whole).to_gdal()),
        "RESX": repr(grid.pixel),
        "RESY": repr(grid.pixel),
        "BAND_COUNT": str(bands),
        "DATA_TYPE": "Byte",
        "PHASE_X": repr(grid.phase_x),
        "PHASE_Y": repr(grid.phase_y),
    }
    with replacing(path) as temporary:
        pyogrio.write_dataframe(index, temporary, layer=LAYER, layer_metadata=metadata, geometry_type="Polygon")


def read_index(path: str | Path) -> gpd.GeoDataFrame:
    """Read what `write_index` wrote, the pixel grid in `frame.attrs["grid"]` included."""
    frame = gpd.read_file(path, layer=LAYER)
    metadata = pyogrio.read_info(path, layer=LAYER)["layer_metadata"]
    numbers = (float(metadata[key]) for key in ("RESX", "PHASE_X", "PHASE_Y"))
    frame.attrs["grid"] = PixelGrid(CRS.from_wkt(frame.crs.to_wkt()), *numbers)
    return frame


def is_regular(index: gpd.GeoDataFrame) -> bool:
    """Tell whether all quads have one size and lie on one lattice, as those of Planet Basemaps do."""
    alike = index["height"].nunique() == index["width"].nunique() == 1
    return bool(alike and all((index[at] % index[side]).nunique() == 1 for at, side in LATTICE))


def uncovered(indexes: list[gpd.GeoDataFrame], area: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the parts of an area that no quad of any mosaic covers, those smaller than a pixel left out.

    Args:
        indexes: Tile indexes on one pixel grid.
        area: Polygon in their CRS.
    """
    pixel = indexes[0].attrs["grid"].pixel
    bare = area
    for index in indexes:
        bare = bare.difference(index.geometry.iloc[index.sindex.query(bare, predicate="intersects")].union_all())
    return shapely.MultiPolygon(
        [part for part in shapely.get_parts(bare) if part.geom_type == "Polygon" and part.area >= pixel**2]
    )


def planet_name(grid: PixelGrid, cell: shapely.Polygon) -> str | None:
    """Return the file name of a quad of Planet's grid, None for cells of other grids."""
    side = PLANET_PIXEL * PLANET_QUAD_PX
    west, south, east, north = cell.bounds
    column, row = west / side + PLANET_QUADS / 2, south / side + PLANET_QUADS / 2
    wanted = (round(column), round(row), PLANET_PIXEL, side, side)
    found = (column, row, grid.pixel, east - west, north - south)
    pairs = zip(found, wanted, strict=True)
    if grid.crs.to_epsg() != 3857 or not all(math.isclose(*pair, rel_tol=1e-8, abs_tol=1e-4) for pair in pairs):
        return None
    return f"L15-{round(column):04d}E-{round(row):04d}N.tif"


def missing_quads(index: gpd.GeoDataFrame, area: shapely.Geometry) -> list[shapely.Polygon]:
    """Return what of an area no quad of a mosaic covers: whole cells of a regular mosaic, else the bare ground.

    Args:
        index: A tile index.
        area: Polygon in the CRS of the index.
    """
    if not is_regular(index):
        return list(uncovered([index], area).geoms)
    grid: PixelGrid = index.attrs["grid"]
    height, width = int(index["height"].iloc[0]), int(index["width"].iloc[0])
    offsets = index["row"] % height, index["column"] % width
    covered = set(zip((index["row"] // height).tolist(), (index["column"] // width).tolist(), strict=True))
    rows, columns = offsets[0].iloc[0], offsets[1].iloc[0]
    window = grid.window(area.bounds)
    cells = [
        (row, column)
        for row in range((window.row_off - rows) // height, -(-(window.row_off + window.height - rows) // height))
        for column in range((window.col_off - columns) // width, -(-(window.col_off + window.width - columns) // width))
        if (row, column) not in covered
    ]
    places = (Window(column * width + columns, row * height + rows, width, height) for row, column in cells)
    boxes = [shapely.box(*grid.bounds(place)) for place in places]
    shapely.prepare(area)
    # A shared edge is not a missing quad: the two must overlap by more than a line.
    return [box for box in boxes if area.intersects(box) and not area.touches(box)]
