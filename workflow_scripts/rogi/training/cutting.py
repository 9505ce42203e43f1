"""Patches: every look at a place, labelled with every rock glacier in view, or the reason why there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.looks import COMPOSITE, Looks
from workflow_scripts.rogi.imagery.quality import Quality, quality_of
from workflow_scripts.rogi.training.placing import Place
from workflow_scripts.rogi.training.records import Patch


@dataclass(frozen=True)
class Settings:
    """How patches are cut; the fields are keys of `patches` in the config.

    Attributes:
        where: "polygons", round them, or "everywhere" on ground that is mapped completely.
        buffer_m: Ground seen beyond each polygon, true metres; of "polygons".
        size_px: Side of a patch.
        stride_px: Pixels from one patch to the next.
        random_terrain_per_rock_glacier: Places drawn at random for each rock glacier.
        looks: "best", the composite alone, or "each" mosaic by itself too.
        min_valid_share: Patches with a smaller share of valid pixels are left out.
        max_poor_share: Patches with a larger share of cloud, shadow and snow in what they show are left out.
        snow_min_dn: A pixel is snow only where every band is at least this.
    """

    where: str
    buffer_m: float
    size_px: int
    stride_px: int
    random_terrain_per_rock_glacier: float
    looks: str
    min_valid_share: float
    max_poor_share: float
    snow_min_dn: int


class LeftOut(Enum):
    """Why a look at a place gives no patch."""

    IMAGERY = "too little imagery"
    POOR = "cloud, shadow or snow"
    SAME = "the same as the composite"


class Cutter:
    """Cuts patches, place by place."""

    def __init__(
        self,
        looks: Looks,
        bands: Sequence[str],
        rock_glaciers: gpd.GeoSeries,
        mapped: gpd.GeoSeries | None,
        settings: Settings,
    ) -> None:
        """Prepare to cut.

        Args:
            looks: What to cut from.
            bands: Names of its bands.
            rock_glaciers: Outlines in any CRS; all in view are labelled, not only the one in the middle.
            mapped: The only ground on which what lies outside of all outlines is background, in any CRS; pixels beyond
                are not valid. None takes any ground for that.
            settings: Sizes and thresholds.
        """
        self.looks, self.bands, self.settings = looks, bands, settings
        self.grid = looks.imagery.grid
        self.channels = looks.imagery.channels.names if looks.imagery.channels else []
        self._outlines = rock_glaciers.to_crs(self.grid.crs).array
        self._tree = shapely.STRtree(self._outlines)
        self._mapped = None if mapped is None else mapped.to_crs(self.grid.crs).array

    def cut(self, place: Place) -> Iterator[tuple[dict[str, Any], Patch | None]]:
        """Yield for every look what is known of it (a row of the table), and the patch where it is one.

        Rows hold `records.COLUMNS`; `used` and `left_out`, the reason why not; `missing_channels`, the names of
        those that a valid pixel lacks; and the window as `geometry`.
        """
        near = self._outlines[self._tree.query(shapely.box(*self.grid.bounds(place.window)))]
        drawn = burn(near, self.grid, place.window)
        composite = None
        for look, scene in self.looks.of(place.window):
            valid = scene.valid
            if self._mapped is not None:
                valid = valid & burn(self._mapped, self.grid, place.window)
            patch = Patch(scene.image * valid, scene.channels, drawn & valid, valid)
            quality = quality_of(
                patch.image, valid, self.bands, self.looks.imagery.screening, self.settings.snow_min_dn
            )
            reason = self._reason(patch, quality, composite)
            yield self._row(place, look, patch, quality, reason), None if reason else patch
            if look == COMPOSITE:
                composite = patch

    def _reason(self, patch: Patch, quality: Quality, composite: Patch | None) -> LeftOut | None:
        if patch.valid.mean() < self.settings.min_valid_share or not patch.valid.any():
            return LeftOut.IMAGERY
        if composite and np.array_equal(patch.image, composite.image) and np.array_equal(patch.valid, composite.valid):
            return LeftOut.SAME
        return LeftOut.POOR if quality.poor_share > self.settings.max_poor_share else None

    def _missing(self, patch: Patch) -> list[str]:
        lacking = (~np.isfinite(patch.channels[:, patch.valid])).any(axis=1)
        return [name for name, lacks in zip(self.channels, lacking, strict=True) if lacks]

    def _row(self, place: Place, look: str, patch: Patch, quality: Quality, reason: LeftOut | None) -> dict[str, Any]:
        return {
            "uid": place.uid,
            "kind": place.kind,
            "inventory": place.inventory,
            "look": look,
            "row_off": place.window.row_off,
            "col_off": place.window.col_off,
            "valid_share": float(patch.valid.mean()),
            "rock_glacier_share": float(patch.label.mean()),
            **quality._asdict(),
            "missing_channels": ", ".join(self._missing(patch)),
            "used": reason is None,
            "left_out": reason.value if reason else "",
            "geometry": shapely.box(*self.grid.bounds(place.window)),
        }


def burn(shapes: np.ndarray, grid: PixelGrid, window: Window) -> np.ndarray:
    """Return which pixels of a window have their centre in one of the shapes (given in the grid's CRS)."""
    if not len(shapes):
        return np.zeros((window.height, window.width), bool)
    return rasterize(shapes, (window.height, window.width), transform=grid.transform(window), dtype="uint8").astype(
        bool
    )
