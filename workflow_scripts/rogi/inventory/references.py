"""Other people's inventories: their outlines, and the ground on which they looked."""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84, buffer_true_m
from workflow_scripts.rogi.inventory.subregions import polygons_only


class Reference(NamedTuple):
    """An inventory to compare with.

    Attributes:
        name: Its name.
        outlines: Valid polygons in EPSG:4326; the index counts the features of the file from 1.
        footprint: The ground that it mapped, EPSG:4326; None where nobody says.
    """

    name: str
    outlines: gpd.GeoSeries
    footprint: shapely.Geometry | None

    def ground(self, hull_ratio: float, margin_m: float) -> shapely.Geometry:
        """Return its footprint, or in its absence the concave hull of its outlines with a margin; EPSG:4326.

        Where nobody says which valleys were searched, the hull is a guess: empty valleys inside it count as searched.

        Args:
            hull_ratio: 0 follows the outermost outlines closely, 1 is the convex hull.
            margin_m: Width of the margin, true metres, within 2 % for hulls up to 2000 km wide.
        """
        if self.footprint is not None or self.outlines.empty:
            return self.footprint or shapely.Polygon()
        corners = shapely.multipoints(shapely.get_coordinates(shapely.convex_hull(self.outlines.array)))
        hull = shapely.concave_hull(corners, ratio=hull_ratio)
        return buffer_true_m(gpd.GeoSeries([hull], crs=WGS84), margin_m).iloc[0]

    def searched(self, points: gpd.GeoSeries) -> np.ndarray:
        """Tell which points (EPSG:4326) lie in its footprint, all where nobody states one; boolean of shape (n,)."""
        return np.full(len(points), True) if self.footprint is None else shapely.covers(self.footprint, points.array)

    def subregions(self, subregions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the subregions as far as the stated footprint reaches, those left out that it does not touch."""
        if self.footprint is None:
            return subregions
        parts = polygons_only(subregions.to_crs(WGS84).geometry.intersection(self.footprint))
        return subregions.to_crs(WGS84).set_geometry(parts)[~parts.is_empty].reset_index(drop=True)


def read_references(entries: Sequence[Mapping[str, str | None]]) -> list[Reference]:
    """Read the inventories that the config names.

    Args:
        entries: Name, path, layer and footprint of each; layer and footprint may be None.

    Raises:
        ValueError: A footprint holds no polygon, or a file features, but no polygon.
    """
    return [_read(entry) for entry in entries]


def _read(entry: Mapping[str, str | None]) -> Reference:
    outlines = polygons_only(read_vector(str(entry["path"]), entry["layer"]).geometry.to_crs(WGS84))
    outlines.index += 1
    without = outlines.index[outlines.is_empty]
    if len(without) == len(outlines) > 0:
        raise ValueError(
            f"{entry['path']}: none of its {len(outlines)} features is a polygon, and points or lines have no area to "
            "compare; take the outlines, or the reference out of the config (`evaluation.references`)"
        )
    if len(without):
        named = ", ".join(map(str, without[:10]))
        message = "%s: %d features without a polygon are left out: %s"
        logging.getLogger("rogi").warning(message, entry["path"], len(without), named)
    path = entry["footprint"]
    return Reference(str(entry["name"]), outlines[~outlines.is_empty], None if path is None else _footprint(path))


def _footprint(path: str) -> shapely.Geometry:
    ground = polygons_only(read_vector(path).geometry.to_crs(WGS84)).union_all()
    if ground.is_empty:
        raise ValueError(
            f"{path} holds no polygon, so nothing says which ground was mapped; "
            "draw it, or set the reference's footprint to null in the config (`evaluation.references`)"
        )
    return ground
