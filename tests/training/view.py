"""A view with some polygons, and patches of it whose every pixel is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from rasterio.windows import Window

from tests.worlds import BANDS, WHOLE, series, square
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.records import COLUMNS, Patch, write_patches
from workflow_scripts.rogi.training.samples import Samples

SIDE_PX = 96
VIEW = Window(WHOLE.col_off, WHOLE.row_off, SIDE_PX, SIDE_PX)
SHAPES = {"a": square(20, 20, 20), "b": square(60, 20, 16), "lake": square(20, 60, 12), "far": square(5000, 0, 20)}
KINDS = {"a": "rock_glacier", "b": "rock_glacier", "lake": "lake", "far": "rock_glacier"}
ROLES = {"a": "training", "b": "validation", "lake": "training", "far": "training"}


def polygons() -> gpd.GeoDataFrame:
    columns = {"uid": list(SHAPES), "kind": list(KINDS.values()), "inventory": "A", "role": list(ROLES.values())}
    return gpd.GeoDataFrame(columns, geometry=series(list(SHAPES.values()))).to_crs(WGS84)


def brightness() -> np.ndarray:
    """Return digital numbers, (SIDE_PX, SIDE_PX), that differ from pixel to pixel."""
    return np.random.default_rng(5).integers(60, 160, (SIDE_PX, SIDE_PX))


def samples(path: Path, corners: Sequence[tuple[int, int, str]], size: int, **changes: Any) -> Samples:
    """Return patches of some size at rows and columns of the view, each of a polygon."""
    image, patches = brightness().astype(np.uint8), []
    valid = np.ones((size, size), bool)
    for row, column, uid in corners:
        cut = np.stack([image[row : row + size, column : column + size]] * 3)
        place = {"row_off": WHOLE.row_off + row, "col_off": WHOLE.col_off + column, "valid_share": 1.0}
        known = {"uid": uid, "kind": KINDS[uid], "inventory": "A", "look": "composite"} | changes
        entry = {name: 0.0 for name in COLUMNS} | known | place
        patches.append((Patch(cut, np.empty((0, size, size), np.float32), ~valid, valid), entry))
    write_patches(path, patches, BANDS, [], size)
    return Samples(PatchFile(path), pd.Series(ROLES))
