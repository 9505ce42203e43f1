"""What of the study area an input covers, and what of it is missing."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.doctor.verdicts import Check, Verdict
from workflow_scripts.rogi.geodesy import WGS84, area_m2

# Shares of a subregion, our own choice: rounding leaves slivers between tiles; a border may run off a map a little.
NOTHING, TOLERATED = 1e-6, 0.01


@dataclass(frozen=True)
class Area:
    """Where the study looks.

    Attributes:
        subregions: Columns NAME, slug and geometry, EPSG:4326.
        halos: Every subregion with the ground round it that is mapped too, EPSG:4326, in the same order.
    """

    subregions: gpd.GeoDataFrame
    halos: gpd.GeoSeries


@dataclass(frozen=True)
class Cover:
    """What an input covers.

    Attributes:
        name: The input.
        covered: Its footprint, EPSG:4326.
        missing: What of every subregion with its halo it does not cover, EPSG:4326.
        own_share: Share of every subregion that is missing, without the halo, shape (n,).
        halo_share: Share of every subregion with its halo that is missing, shape (n,).
    """

    name: str
    covered: shapely.Geometry
    missing: gpd.GeoSeries
    own_share: np.ndarray
    halo_share: np.ndarray


def cover(name: str, footprints: gpd.GeoSeries, area: Area) -> Cover:
    """Compare the footprints of an input's files, in any CRS, with the study area."""
    whole = gpd.GeoSeries([footprints.union_all()], crs=footprints.crs)
    covered = whole.to_crs(WGS84).iloc[0]
    missing = area.halos.difference(covered)
    own = area_m2(area.subregions.geometry.difference(covered)) / area_m2(area.subregions.geometry)
    return Cover(name, covered, missing, own, area_m2(missing) / area_m2(area.halos))


def coverage(check: Check, found: Cover, area: Area, is_tolerated: bool) -> Verdict:
    """Judge what is missing of the study area.

    Args:
        check: The question.
        found: What is there.
        area: Where the study looks.
        is_tolerated: Whether the study says that it goes on without what is missing, so that nothing fails here unless
            nothing is there.
    """
    lines = [
        f"{name}: {100 * own:.2f} % missing ({100 * halo:.2f} % with its halo)"
        for name, own, halo in zip(area.subregions["NAME"], found.own_share, found.halo_share, strict=True)
        if halo > NOTHING
    ]
    if not lines:
        return check.ok("all subregions with their halos")
    own = found.own_share
    fails = (own > 1 - TOLERATED).all() if is_tolerated else (own > TOLERATED).any()
    return check.failed("; ".join(lines)) if fails else check.warning("; ".join(lines))


def box_of(bounds: tuple[float, float, float, float], crs: object) -> gpd.GeoSeries:
    """Return a footprint given by its bounds, with enough vertices to stay true in another CRS."""
    box = shapely.box(*bounds)
    return gpd.GeoSeries([box.segmentize(max(box.bounds[2] - box.bounds[0], 1e-9) / 100)], crs=crs)
