"""A sound RGIK file, in memory and on disk, and ways to spoil it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import shapely

from tests.inventory.study import EAST, WEST, part, subregions
from workflow_scripts import export_rgik
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory.merge import merge
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.rgik.findings import Finding
from workflow_scripts.rogi.rgik.reading import Part, read_parts
from workflow_scripts.rogi.rgik.validate import check

BESIDE_WEST = (79.02, 35.01, 79.025, 35.02)  # shares a border with WEST, and is half as wide
INSIDE_WEST = (79.011, 35.011, 79.019, 35.019)
NAMES = "ROGI_TEST_{layer}_fv01.0"
UNIT, SMALLER, ALONE = "RGU350150N0790150E", "RGU350150N0790225E", "RGU350550N0791550E"
SYSTEM = "RGS350150N0790150E"
Spoil = Callable[[dict[str, gpd.GeoDataFrame]], object]


@cache
def inventory() -> gpd.GeoDataFrame:
    """Return two units that touch and one alone. Only to be read."""
    parts = {"west": part([WEST, BESIDE_WEST]), "east": part([EAST]), "basin": part([])}
    return merge(parts, subregions(), 0.5)[0]


def drawn(*boxes: tuple[float, float, float, float], **columns: object) -> gpd.GeoDataFrame:
    """Return boxes as somebody might have drawn them."""
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(*box) for box in boxes], crs=4326)


def export(folder: Path) -> Path:
    """Write the sound file: all four layers, one restricted outline, two moving areas."""
    paths = {name: folder / f"{name}.gpkg" for name in ("inventory", "areas", "restricted", "rgik")}
    write_layers(paths["inventory"], {"rock_glaciers": inventory(), LAYER: subregions()}, "MultiPolygon")
    write_layers(paths["areas"], {"areas": drawn(INSIDE_WEST, EAST, VelClass=["3-10 cm/yr", "< 1 cm/yr"])})
    write_layers(paths["restricted"], {"restricted": drawn(INSIDE_WEST, RelFr=[2], Comment=["front hidden"])})
    others = [str(paths["areas"])], [str(paths["restricted"])]
    export_rgik.main(str(paths["inventory"]), *others, str(paths["rgik"]), NAMES, 1)
    return paths["rgik"]


@cache
def _parts() -> tuple[Part, ...]:
    with TemporaryDirectory() as folder:
        parts, findings = read_parts(export(Path(folder)))
    assert findings == []
    return tuple(parts)


def layers() -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the sound file by their codes, to be changed at will."""
    return {part.layer.code: part.frame.copy() for part in _parts()}


def findings(spoil: Spoil) -> list[Finding]:
    """Return what is found after something was done to the sound file's layers."""
    there = layers()
    spoil(there)
    return check([part._replace(frame=there[part.layer.code]) for part in _parts() if part.layer.code in there])


def put(code: str, row: int, field: str, value: object) -> Spoil:
    """Return what sets one cell; rows from 0."""

    def spoil(there: dict[str, gpd.GeoDataFrame]) -> None:
        frame = there[code]
        if field != "geometry":
            frame[field] = frame[field].astype(object)
        frame.iloc[row, frame.columns.get_loc(field)] = value

    return spoil


def told(found: list[Finding]) -> list[tuple[str, str, str, str]]:
    """Return severity, check, feature and field of findings."""
    return [(each.severity, each.check, each.feature, each.field) for each in found]
