"""IDs that stay from one version of the inventory to the next."""

from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.identity import ID_FORM, unique_ids
from workflow_scripts.rogi.inventory.duplicates import overlaps_between
from workflow_scripts.rogi.inventory.subregions import polygons_only

LAYER = "rock_glaciers"
NEEDED = ("ID", "LATITUDE", "LONGITUDE")


class Predecessor(NamedTuple):
    """The version before.

    Attributes:
        inventory: As `read_version` returns it.
        match_iou: IoU from which two outlines are the same rock glacier.
    """

    inventory: gpd.GeoDataFrame
    match_iou: float


class Names(NamedTuple):
    """What rock glaciers are called, and where they are marked.

    Attributes:
        ids: One per rock glacier, no two alike.
        markers: Their primary markers, EPSG:4326, with the index of the outlines.
        stepped: Positions of the IDs that had to be stepped, because another rock glacier has or had them.
        replaced: Position, previous ID and IoU of those whose previous marker lies outside their outline.
    """

    ids: list[str]
    markers: gpd.GeoSeries
    stepped: list[int]
    replaced: list[tuple[int, str, float]]


def read_version(path: str) -> gpd.GeoDataFrame:
    """Read a version of the inventory: the published GeoPackage, or any file of one layer with its columns.

    Returns:
        ID, LATITUDE, LONGITUDE and geometry (valid polygons, EPSG:4326), sorted by ID.

    Raises:
        ValueError: Columns are missing, IDs are none or there twice, or coordinates or polygons are none.
    """
    layers = [name for name, _ in pyogrio.list_layers(path)]
    frame = read_vector(path, LAYER if LAYER in layers else None)
    if missing := [name for name in NEEDED if name not in frame.columns]:
        raise ValueError(
            f"{path} lacks the columns {', '.join(missing)}; it has {', '.join(frame.columns)}. A previous version is "
            f"an inventory that this workflow published, layer {LAYER} (config: publication.previous)"
        )
    named = frame["ID"].map(lambda name: ID_FORM.fullmatch(str(name)) is not None) & ~frame["ID"].duplicated(keep=False)
    _refuse(path, frame["ID"][~named], "ID of their own (RGU, 6 digits, N or S, 7 digits, E or W)")
    places = frame[["LATITUDE", "LONGITUDE"]].apply(pd.to_numeric, errors="coerce")
    located = (places["LATITUDE"].abs() <= 90) & (places["LONGITUDE"].abs() <= 180)
    _refuse(path, frame["ID"][~located], "LATITUDE and LONGITUDE in degrees")
    outlines = polygons_only(frame.geometry.to_crs(WGS84))
    _refuse(path, frame["ID"][outlines.is_empty], "polygon")
    return frame[["ID"]].join(places).set_geometry(outlines).sort_values("ID", ignore_index=True)


def _refuse(path: str, ids: pd.Series, lacking: str) -> None:
    if len(ids):
        named = ", ".join(f"'{name}'" for name in ids.unique()[:10])
        raise ValueError(
            f"{path}: {len(ids)} rock glaciers have no {lacking}: {named}; take the file as it was published"
        )


def give_names(shapes: gpd.GeoSeries, markers: gpd.GeoSeries, previous: Predecessor | None) -> Names:
    """Give IDs and markers: those of the version before to the rock glaciers that were in it, new ones to the others.

    An ID spells its marker's coordinates, so both are kept together, and only where the old marker still lies inside
    the new outline. Elsewhere both are new, which is told. No new ID is one of the version before.

    Args:
        shapes: Valid outlines in any CRS.
        markers: Their own primary markers, with the same index.
        previous: None for a first version.
    """
    if previous is None:
        ids, stepped = unique_ids(markers)
        return Names(ids, markers, stepped, [])
    before = previous.inventory
    points = gpd.GeoSeries.from_xy(before["LONGITUDE"], before["LATITUDE"], crs=WGS84)
    heirs = best_first(overlaps_between(shapes, before.geometry), previous.match_iou)
    inside = shapely.intersects(shapes.to_crs(WGS84).array[heirs["one"]], points.array[heirs["other"]])
    kept, lost = heirs[inside], heirs[~inside]
    marked, named = markers.to_crs(WGS84).copy(), pd.Series(pd.NA, index=range(len(shapes)), dtype=object)
    marked.iloc[kept["one"]] = points.array[kept["other"]]
    named.iloc[kept["one"]] = before["ID"].array[kept["other"]]
    new = named.index[named.isna()]
    ids, stepped = unique_ids(marked.iloc[new], reserved=before["ID"])
    named.iloc[new] = ids
    replaced = list(zip(lost["one"], before["ID"].array[lost["other"]], lost["iou"], strict=True))
    return Names(named.tolist(), marked, [int(new[position]) for position in stepped], replaced)


def best_first(pairs: pd.DataFrame, least_iou: float) -> pd.DataFrame:
    """Return the pairs that reach an IoU, no polygon in two of them: the largest IoU first, then by position.

    Args:
        pairs: As `duplicates.overlaps_between` returns them.
        least_iou: 0 to 1; above 0.5 no polygon has a choice, unless those of one set overlap.
    """
    alike = pairs[pairs["iou"] >= least_iou].sort_values(["iou", "one", "other"], ascending=[False, True, True])
    ones: set[int] = set()
    others: set[int] = set()
    chosen = []
    for row, one, other in zip(alike.index, alike["one"], alike["other"], strict=True):
        if one not in ones and other not in others:
            ones.add(one)
            others.add(other)
            chosen.append(row)
    return pairs.loc[sorted(chosen)]
