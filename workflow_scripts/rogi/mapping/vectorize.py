"""Candidate polygons from a probability raster, streamed by GDAL, so that no object is cut at a tile seam."""

import math
from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from exactextract import exact_extract
from rasterio.features import shapes

from workflow_scripts.rogi.geodesy import EQUAL_AREA, area_m2
from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.raster import open_raster


def outlines(probability: str | Path, threshold: float, connectivity: int) -> gpd.GeoSeries:
    """Return one valid polygon per group of connected pixels at or above the threshold.

    Args:
        probability: Raster of `FULL` times the probability, with nodata.
        threshold: 0 to 1.
        connectivity: 4, pixels that share an edge, or 8, corners too.

    Returns:
        Polygons along pixel edges, in the raster's CRS.
    """
    lowest = max(1, math.ceil(threshold * FULL - 1e-9))
    with open_raster(probability) as dataset:
        crs, view = dataset.crs, _binary_view(dataset, lowest)
    with rasterio.open(view) as dataset:
        band = rasterio.band(dataset, 1)
        found = [shapely.geometry.shape(shape) for shape, _ in shapes(band, mask=band, connectivity=connectivity)]
    valid = shapely.make_valid(np.array(found, dtype=object))
    return gpd.GeoSeries(valid, crs=crs)


def _binary_view(dataset: rasterio.DatasetReader, lowest: int) -> str:
    """Return a VRT that is 1 from `lowest` to FULL and 0 elsewhere, read by GDAL without a copy of the raster."""
    table = f"0:0,{lowest - 1}:0,{lowest}:1,{FULL}:1,{FULL + 1}:0"
    return (
        f'<VRTDataset rasterXSize="{dataset.width}" rasterYSize="{dataset.height}">'
        f"<SRS>{escape(dataset.crs.to_wkt())}</SRS>"
        f"<GeoTransform>{','.join(repr(value) for value in dataset.transform.to_gdal())}</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"><ComplexSource>'
        f'<SourceFilename relativeToVRT="0">{escape(str(Path(dataset.name).absolute()))}</SourceFilename>'
        f"<SourceBand>1</SourceBand><LUT>{table}</LUT></ComplexSource></VRTRasterBand></VRTDataset>"
    )


def fill_holes(polygons: gpd.GeoSeries, max_hole_m2: float) -> gpd.GeoSeries:
    """Fill the holes of at most `max_hole_m2` true m²; larger ones stay."""
    return gpd.GeoSeries(
        [_filled(polygon, polygons.crs, max_hole_m2) for polygon in polygons], index=polygons.index, crs=polygons.crs
    )


def _filled(shape: shapely.Geometry, crs: object, max_hole_m2: float) -> shapely.Geometry:
    if isinstance(shape, shapely.MultiPolygon):
        return shapely.MultiPolygon([_filled(part, crs, max_hole_m2) for part in shape.geoms])
    if not shape.interiors:
        return shape
    areas = gpd.GeoSeries([shapely.Polygon(ring) for ring in shape.interiors], crs=crs).to_crs(EQUAL_AREA).area
    return shapely.Polygon(
        shape.exterior, [ring for ring, area in zip(shape.interiors, areas, strict=True) if area > max_hole_m2]
    )


def _outermost(polygons: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the polygons that lie in no other: an island in a filled hole is part of what surrounds it."""
    inner, outer = polygons.sindex.query(polygons, predicate="covered_by")
    return polygons.drop(polygons.index[inner[inner != outer]]).reset_index(drop=True)


def candidates(
    probability: str | Path,
    source: str | Path,
    names: list[str],
    threshold: float,
    connectivity: int,
    max_hole_m2: float,
    min_area_m2: float,
) -> gpd.GeoDataFrame:
    """Return the candidate rock glaciers of a probability raster.

    Args:
        probability: Raster of `FULL` times the probability.
        source: Raster of mosaic numbers on the same grid.
        names: Name of each mosaic, the first for number 1.
        threshold: Probability from which a pixel is rock glacier.
        connectivity: 4 or 8.
        max_hole_m2: Holes up to this true area are filled.
        min_area_m2: Smaller objects are left out (true area).

    Returns:
        Columns `probability` (mean over the polygon, 0 to 1), `area_m2` (ellipsoidal), `source` (names of the mosaics
        it was seen in) and the geometry in the raster's CRS.
    """
    polygons = _outermost(fill_holes(outlines(probability, threshold, connectivity), max_hole_m2))
    frame = gpd.GeoDataFrame({"area_m2": area_m2(polygons)}, geometry=polygons, crs=polygons.crs)
    frame = frame[frame["area_m2"] >= min_area_m2].reset_index(drop=True)
    if frame.empty:
        return frame.assign(probability=np.array([], float), source=np.array([], str))
    frame["probability"] = exact_extract(probability, frame, ["mean"], output="pandas")["mean"] / FULL
    seen = exact_extract(source, frame, ["unique"], output="pandas")["unique"]
    frame["source"] = ["; ".join(names[int(number) - 1] for number in sorted(found) if number) for found in seen]
    return frame
