"""The imagery of a subregion as one file that QGIS opens, without copying a pixel."""

import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import geopandas as gpd

from workflow_scripts.rogi.files import write_text
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.packages.markup import node
from workflow_scripts.rogi.packages.project import Bounds

ALPHA = "mask,1"  # GDAL's name for the validity of band 1, whether it is stated by alpha, mask or nodata
COLORS = ("Red", "Green", "Blue")


def write_vrt(path: str | Path, index: gpd.GeoDataFrame, bounds: Bounds, bands: int) -> int:
    """Write a GDAL virtual raster of the quads that touch an area; its last band is validity.

    Where quads overlap, the first of the index is on top. Quads that the index names relative to the working folder are
    named by way of that folder, so that a copy of the file as deep in another branch (resources/review/x for
    results/review/x) finds them too.

    Args:
        path: The target (.vrt).
        index: Tile index of a mosaic, as `read_index` returns it.
        bounds: West, south, east and north of the area in the CRS of the index.
        bands: Image bands to show; three are taken for red, green and blue, of fewer the first is shown as grey.

    Returns:
        How many quads it holds; without any, the area is empty.
    """
    west, south, east, north = bounds
    quads = index.cx[west:east, south:north].iloc[::-1]
    grid: PixelGrid = index.attrs["grid"]
    whole = grid.window(tuple(quads.total_bounds) if len(quads) else bounds)
    shown = [str(number) for number in ((1, 2, 3) if bands >= 3 else (1, 1, 1))] + [ALPHA]
    pieces = [(_from(Path(path).parent, quad.location), quad) for quad in quads.itertuples()]
    root = node(
        "VRTDataset",
        node("SRS", text=grid.crs.to_wkt()),
        node("GeoTransform", text=", ".join(repr(float(value)) for value in grid.transform(whole).to_gdal())),
        *(
            node(
                "VRTRasterBand",
                node("ColorInterp", text=color),
                *(_source(name, quad, band, whole.row_off, whole.col_off) for name, quad in pieces),
                dataType="Byte", band=number,
            )
            for number, (band, color) in enumerate(zip(shown, (*COLORS, "Alpha"), strict=True), 1)
        ),
        rasterXSize=whole.width, rasterYSize=whole.height,
    )  # fmt: skip
    ET.indent(root)
    write_text(path, ET.tostring(root, encoding="unicode") + "\n")
    return len(quads)


def _from(folder: Path, location: str) -> str:
    return location if os.path.isabs(location) else os.path.join(os.path.relpath(".", folder), location)


def _source(name: str, quad: Any, band: str, top: int, left: int) -> ET.Element:
    size = {"xSize": quad.width, "ySize": quad.height}
    return node(
        "SimpleSource",
        node("SourceFilename", text=name, relativeToVRT=not os.path.isabs(name)),
        node("SourceBand", text=band),
        node("SourceProperties", RasterXSize=quad.width, RasterYSize=quad.height, DataType="Byte"),
        node("SrcRect", xOff=0, yOff=0, **size),
        node("DstRect", xOff=quad.column - left, yOff=quad.row - top, **size),
    )
