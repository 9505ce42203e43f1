"""Square cells over the study, and the ground in them that no outline of the inventory covers."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.identity import primary_id
from workflow_scripts.rogi.inventory.agreement import clipped
from workflow_scripts.rogi.inventory.subregions import owner, polygons_only
from workflow_scripts.rogi.validation.permanent import permanent_numbers
from workflow_scripts.rogi.validation.strata import classes, draw, strata

LAYER = "cells"
PREFIX = "CEL"


@dataclass(frozen=True)
class CellDesign:
    """How empty ground is drawn.

    Attributes:
        cell_m: Side of the cells.
        cells: How many are drawn.
        allocation: See `strata.allocate`.
        min_per_stratum: See `strata.allocate`.
        score_breaks: Between classes of the model's highest probability.
        elevation_breaks_m: Between classes of mean elevation.
        slope_breaks_deg: Between classes of mean slope.
    """

    cell_m: float
    cells: int
    allocation: str
    min_per_stratum: int
    score_breaks: Sequence[float]
    elevation_breaks_m: Sequence[float]
    slope_breaks_deg: Sequence[float]


def grid_crs(subregions: gpd.GeoDataFrame) -> CRS:
    """Return an equal-area projection in which cells near the study are square (Lambert, azimuthal).

    Its centre is that of the study in whole degrees, so the cells do not depend on the inventory.
    """
    west, south, east, north = subregions.to_crs(WGS84).total_bounds
    longitude, latitude = round((west + east) / 2), round((south + north) / 2)
    return CRS.from_proj4(f"+proj=laea +lat_0={latitude} +lon_0={longitude} +datum=WGS84 +units=m")


def study_cells(subregions: gpd.GeoDataFrame, cell_m: float) -> gpd.GeoDataFrame:
    """Cut the study into square cells; those on its border are cut off there, so that the cells fill it exactly.

    A cell belongs to the subregion that holds its centre, or the nearest to it.

    Args:
        subregions: Columns NAME, slug and geometry.
        cell_m: Side of the cells.

    Returns:
        Columns cell_id (CEL and the coordinates of the whole cell's centre), SUBREGION, slug and geometry, EPSG:4326.
    """
    crs = grid_crs(subregions)
    study = polygons_only(subregions.geometry.to_crs(crs)).union_all()
    west, south, east, north = (np.array(study.bounds) // cell_m).astype(int)
    x, y = (part.ravel() * cell_m for part in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1)))
    boxes = gpd.GeoSeries(shapely.box(x, y, x + cell_m, y + cell_m), crs=crs)
    cells = clipped(boxes, study)
    cells = cells[~cells.is_empty].sort_index()
    centres = gpd.GeoSeries.from_xy(x + cell_m / 2, y + cell_m / 2, crs=crs).to_crs(WGS84)[cells.index]
    slugs = owner(centres, subregions)
    columns = {
        "cell_id": [primary_id(point.x, point.y, PREFIX) for point in centres],
        "SUBREGION": slugs.map(dict(zip(subregions["slug"], subregions["NAME"], strict=True))),
        "slug": slugs,
    }
    return gpd.GeoDataFrame(columns, geometry=cells.to_crs(WGS84)).reset_index(drop=True)


def empty_ground(cells: gpd.GeoSeries, outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the part of every cell that no outline covers; empty where there is none. Both in EPSG:4326."""
    ground = cells.copy()
    cell, outline = shapely.STRtree(outlines.array).query(cells.array, predicate="intersects")
    for position in np.unique(cell):
        covering = shapely.union_all(outlines.array[outline[cell == position]])
        ground.iloc[position] = cells.iloc[position].difference(covering)
    return polygons_only(ground)


def draw_cells(frame: gpd.GeoDataFrame, design: CellDesign, seed: int | str) -> gpd.GeoDataFrame:
    """Draw the cells that reviewers search for missed rock glaciers.

    Args:
        frame: All cells with empty ground: cell_id, SUBREGION, slug, score, elevation_m, slope_deg (NaN where unknown),
            geometry. Cells without a score were not mapped, so no rock glacier can have been missed there; they are
            not drawn.
        design: How they are drawn.
        seed: Of the study and the round.

    Returns:
        The cells drawn, with area_m2 and `strata.DRAWN`; sorted by cell_id.
    """
    mapped = frame[frame["score"].notna()].reset_index(drop=True)
    parts = [
        classes(mapped["score"].to_numpy(), design.score_breaks, "score"),
        classes(mapped["elevation_m"].to_numpy(), design.elevation_breaks_m, "m"),
        classes(mapped["slope_deg"].to_numpy(), design.slope_breaks_deg, "°"),
    ]
    numbers = permanent_numbers(mapped["cell_id"], seed, "cells")
    drawn = draw(strata(mapped["SUBREGION"], *parts), numbers, design.cells, design.allocation, design.min_per_stratum)
    sample = mapped.loc[drawn.index].join(drawn)
    sample["area_m2"] = area_m2(sample.geometry)
    columns = [*(name for name in sample if name != "geometry"), "geometry"]
    return sample[columns].sort_values("cell_id", ignore_index=True)
