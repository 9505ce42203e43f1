"""Files of small patches cut out of one piece of ground, each pixel of which says in its bands where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.windows import Window

from tests.worlds import GRID, WHOLE
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.records import COLUMNS, Patch, write_patches

SIZE = 16
SIDE = 120  # of the ground; pixel (0, 0) is the global pixel at ORIGIN
ORIGIN = WHOLE.row_off, WHOLE.col_off
BANDS, CHANNELS = ["row", "column"], ["elevation", "slope"]
ROWS, COLUMNS_OF_GROUND = np.indices((SIDE, SIDE))
_chance = np.random.default_rng(5)
VALID = _chance.random((SIDE, SIDE)) < 0.8
LABEL = ((ROWS // 8 + COLUMNS_OF_GROUND // 8) % 3 == 0) & (COLUMNS_OF_GROUND < 100) & VALID
ELEVATION = np.where(_chance.random((SIDE, SIDE)) < 0.9, 4000 + 3 * ROWS + COLUMNS_OF_GROUND, np.nan)
SLOPE = np.where(_chance.random((SIDE, SIDE)) < 0.9, _chance.normal(25, 8, (SIDE, SIDE)), np.nan)


@dataclass(frozen=True)
class Spot:
    """Where a patch lies on the ground, whose it is, and by which look."""

    uid: str
    row: int
    column: int
    look: str = "composite"
    kind: str = "rock_glacier"

    @property
    def part(self) -> tuple[slice, slice]:
        """Its part of the ground."""
        return np.s_[self.row : self.row + SIZE, self.column : self.column + SIZE]

    @property
    def window(self) -> Window:
        """Its global window."""
        return Window(ORIGIN[1] + self.column, ORIGIN[0] + self.row, SIZE, SIZE)


def cut(spot: Spot) -> Patch:
    """Cut a patch out of the ground; no row or column is 0 in the image, so only what is not valid is."""
    valid = VALID[spot.part]
    image = np.stack([ROWS[spot.part] + 1, COLUMNS_OF_GROUND[spot.part] + 1]) * valid
    channels = np.stack([ELEVATION[spot.part], SLOPE[spot.part]]).astype(np.float32)
    return Patch(image.astype(np.uint8), channels, LABEL[spot.part], valid)


def write(path: Path, spots: Sequence[Spot], min_valid_share: float = 0.0) -> PatchFile:
    """Write the patches of some spots and open the file."""

    def row(spot: Spot) -> dict[str, Any]:
        known = {"uid": spot.uid, "kind": spot.kind, "look": spot.look, "inventory": "one"}
        place = {"row_off": spot.window.row_off, "col_off": spot.window.col_off}
        shares = {"valid_share": VALID[spot.part].mean(), "rock_glacier_share": LABEL[spot.part].mean()}
        return {name: 0.0 for name in COLUMNS} | known | place | shares

    write_patches(path, ((cut(spot), row(spot)) for spot in spots), BANDS, CHANNELS, SIZE, min_valid_share)
    return PatchFile(path)


def footprints(spots: Sequence[Spot]) -> gpd.GeoDataFrame:
    """Return the footprints of spots in the imagery's CRS, as the layer `patches` has them."""
    columns = {"uid": [spot.uid for spot in spots], "look": [spot.look for spot in spots], "used": True}
    boxes = [shapely.box(*GRID.bounds(spot.window)) for spot in spots]
    return gpd.GeoDataFrame(columns, geometry=boxes, crs=GRID.crs)


def ground_of_windows(spots: Sequence[Spot]) -> np.ndarray:
    """Return which pixels of the ground lie in any of the windows, boolean (SIDE, SIDE)."""
    covered = np.zeros((SIDE, SIDE), bool)
    for spot in spots:
        covered[spot.part] = True
    return covered
