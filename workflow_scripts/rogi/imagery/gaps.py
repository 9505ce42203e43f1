"""What no imagery covers: how much of a subregion, and which quads to fetch."""

import logging

import geopandas as gpd
import shapely

from workflow_scripts.rogi.geodesy import WGS84, area_m2
from workflow_scripts.rogi.imagery.index import is_regular, missing_quads, planet_name, uncovered
from workflow_scripts.rogi.imagery.mosaic import Imagery

LISTED = 50  # places that a message names
MIN_SHARED_PX = 1e-3  # neighbouring cells overlap by less, through rounding


def report_missing(imagery: Imagery, own: gpd.GeoDataFrame, subregion: str, missing: str) -> None:
    """Log how much of a subregion no mosaic covers, and list the places; stop if the config says so.

    Args:
        imagery: All mosaics.
        own: The subregion, in the imagery's CRS.
        subregion: Its name.
        missing: "stop" or "nodata", what to do where nothing covers it.

    Raises:
        ValueError: Imagery is missing and `imagery.missing_quads` is "stop".
    """
    area = own.union_all()
    gap = uncovered([mosaic.quads for mosaic in imagery.mosaics], area)
    without, whole = area_m2(gpd.GeoSeries([gap, area], crs=own.crs))
    logging.getLogger("rogi").info("%s: %.2f %% of its area without any imagery", subregion, 100 * without / whole)
    if gap.is_empty:
        return
    message = f"{subregion}: {_listed(imagery, gap)}"
    if missing == "stop":
        raise ValueError(f"{message}. Fetch them, or set imagery.missing_quads: nodata to map the rest")
    logging.getLogger("rogi").warning("%s. They become nodata", message)


def _listed(imagery: Imagery, gap: shapely.MultiPolygon) -> str:
    """Name the missing quads of the first regular mosaic, or the bare places where no mosaic is regular."""
    quads = [mosaic.quads for mosaic in imagery.mosaics]
    index = next((index for index in quads if is_regular(index)), quads[0])
    rounding = MIN_SHARED_PX * imagery.grid.pixel**2
    cells = [cell for cell in missing_quads(index, gap) if cell.intersection(gap).area > rounding]
    centres = gpd.GeoSeries([cell.envelope.centroid for cell in cells], crs=imagery.grid.crs).to_crs(WGS84)
    names = [planet_name(imagery.grid, cell) for cell in cells]
    places = [
        f"{centre.x:.4f}/{centre.y:.4f}" + (f" {name}" if name else "")
        for centre, name in zip(centres[:LISTED], names[:LISTED], strict=True)
    ]
    more = [f"and {len(cells) - LISTED} more"] if len(cells) > LISTED else []
    kind = "quads" if is_regular(index) else "places"
    return f"{len(cells)} {kind} missing from every mosaic, centred at lon/lat " + "; ".join(places + more)
