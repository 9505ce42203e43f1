"""Which polygons train and which validate: drawn one by one or by blocks of ground, or held out fold by fold."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.rogi.config import slug, unknown_name
from workflow_scripts.rogi.geodesy import EQUAL_AREA, WGS84
from workflow_scripts.rogi.identity import equal_area_blocks, primary_markers
from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.training.guard import too_near, touching

MAIN = "main"
TRAINING, VALIDATION, GUARD = "training", "validation", "guard"
TEST = "test"  # validation ground of a trial, which may not even choose weights by it
ROCK_GLACIER = "rock_glacier"


@dataclass(frozen=True)
class Rules:
    """How polygons are divided; the fields are the keys of `split` in the config.

    Attributes:
        method: "rock_glacier" draws single polygons (the paper's 70/30; neighbours may be split, which is optimistic);
            "blocks" draws whole squares of an equal-area grid.
        validation_share: Wanted share of polygons.
        block_m: Side of the squares, metres.
        guard_m: Polygons nearer than this to the ground of validation patches, true metres, are used for neither; not
            where single polygons are drawn.
        cross_validation: "none"; "blocks", squares dealt out to folds; "subregions" or "inventories", a fold for each.
        folds: Number of folds of squares.
    """

    method: str
    validation_share: float
    block_m: float
    guard_m: float
    cross_validation: str
    folds: int


def read_roles(path: str | Path, split: str) -> "pd.Series[str]":
    """Return the role of every polygon in a split, indexed by uid.

    Args:
        path: Table with the columns split, uid and role.
        split: Name of the split.

    Raises:
        ValueError: The table has no such split.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    found = table[table["split"] == split]
    if found.empty:
        raise ValueError(f"{path}: {unknown_name(split, list(dict.fromkeys(table['split'])), 'split')}")
    return found.set_index("uid")["role"]


def in_order(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return polygons sorted by where they lie, so that no draw depends on the order of the rows of a file."""
    markers = primary_markers(polygons.geometry)
    order = np.lexsort((polygons["uid"], markers.y, markers.x))
    return polygons.iloc[order].reset_index(drop=True)


def divide(
    polygons: gpd.GeoDataFrame, ground: gpd.GeoSeries, subregions: gpd.GeoDataFrame, rules: Rules, seed: int
) -> pd.DataFrame:
    """Return the role of every polygon in the main split and in every fold of the cross-validation.

    Args:
        polygons: With `uid`, `kind` and `inventory`, in any CRS and order.
        ground: What the patches of each polygon cover, indexed by uid.
        subregions: Columns slug and geometry.
        rules: How to divide.
        seed: Of the draws; the main split does not depend on the cross-validation.

    Returns:
        Columns split, uid, kind and role, one row per split and polygon, polygons in the order of where they lie.

    Raises:
        ValueError: A subregion or an inventory bears the main split's name.
    """
    polygons = in_order(polygons)
    generator = np.random.default_rng(seed)
    near = too_near(polygons, ground, rules.guard_m)
    role = {MAIN: roles(drawn(polygons, rules, generator), near if rules.method == "blocks" else near[:, :0])}
    if rules.cross_validation != "none":
        fold = fold_names(polygons, rules, subregions, generator)
        if MAIN in fold:
            raise ValueError(
                f"split.cross_validation: {rules.cross_validation} gives a fold named '{MAIN}', as the main split is; "
                "give that subregion or inventory another name"
            )
        role |= {name: roles(fold == name, near) for name in np.unique(fold).tolist()}
    parts = [polygons[["uid", "kind"]].assign(split=name, role=of_each) for name, of_each in role.items()]
    return pd.concat(parts, ignore_index=True)[["split", "uid", "kind", "role"]]


def roles(validation: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the role of each polygon, array of shape (n,).

    Args:
        validation: Which polygons validate, boolean of shape (n,).
        near: Who may not train beside whom, as `too_near` returns it.
    """
    guard = np.zeros(len(validation), bool)
    guard[near[1][validation[near[0]]]] = True
    return np.select([validation, guard], [VALIDATION, GUARD], TRAINING)


def held_out(
    divided: pd.DataFrame, ground: gpd.GeoSeries, subregions: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Return the ground that each split holds out.

    Args:
        divided: Columns split, uid and role.
        ground: As `ground_of` returns it.
        subregions: Columns slug and geometry: a split that bears such a name holds out the whole subregion, but for
            ground that patches from beyond its border show to the training. Otherwise, and for None, the ground of the
            polygons that validate.

    Returns:
        Columns NAME and slug, both the name of the split, and geometry in EPSG:4326; splits without validation are not
        among them.
    """
    degrees = ground.to_crs(WGS84)
    whole = {} if subregions is None else dict(zip(subregions["slug"], subregions.geometry.to_crs(WGS84), strict=True))
    shapes = {
        name: _held_out(part.set_index("uid")["role"], degrees, whole.get(name))
        for name, part in divided.groupby("split", sort=False)
        if (part["role"] == VALIDATION).any()
    }
    names = list(shapes)
    return gpd.GeoDataFrame({"NAME": names, "slug": names}, geometry=list(shapes.values()), crs=WGS84)


def _held_out(role: "pd.Series[str]", ground: gpd.GeoSeries, place: shapely.Geometry | None) -> shapely.Geometry:
    own = ground.index.map(role)
    validation = ground[own == VALIDATION].union_all()
    if place is None:
        return validation
    seen = ground[(own == TRAINING) & ground.intersects(place)].union_all()
    return place.difference(seen.difference(validation))


def drawn(polygons: gpd.GeoDataFrame, rules: Rules, generator: np.random.Generator) -> np.ndarray:
    """Draw the validation polygons of the main split.

    Rock glaciers reach the share; other ground (negatives, random terrain) goes with the block it lies in, and that of
    blocks without any rock glacier reaches the share too.

    Args:
        polygons: With `uid` and `kind`, as `in_order` returns them.
        rules: How to divide.
        generator: Source of the draw.

    Returns:
        Boolean array of shape (n,). With "blocks" the share is reached to within half a block's polygons.
    """
    group = np.arange(len(polygons)) if rules.method == "rock_glacier" else blocks(polygons, rules.block_m)
    rock_glacier = _rock_glaciers(polygons)
    bare = ~np.isin(group, group[rock_glacier])
    share = rules.validation_share
    return np.isin(group, _drawn(group[rock_glacier], share, generator) + _drawn(group[bare], share, generator))


def _drawn(group: np.ndarray, share: float, generator: np.random.Generator) -> list[int]:
    names, sizes = np.unique(group, return_counts=True)
    chosen: list[int] = []
    reached = 0
    for position in generator.permutation(len(names)):
        if reached + sizes[position] / 2 <= share * len(group):
            chosen.append(names[position])
            reached += sizes[position]
    return chosen


def _rock_glaciers(polygons: gpd.GeoDataFrame) -> np.ndarray:
    return (polygons["kind"] == ROCK_GLACIER).to_numpy(bool)


def blocks(polygons: gpd.GeoDataFrame, block_m: float) -> np.ndarray:
    """Return the square of an equal-area grid that each polygon belongs to, numbers of shape (n,).

    Polygons that touch, such as the units of a rock glacier system, go with the largest of them.
    """
    block = equal_area_blocks(polygons.geometry, block_m)
    one, other = touching(polygons)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(block), len(block)))
    system = connected_components(links, directed=False)[1]
    largest_first = np.lexsort((-polygons.geometry.to_crs(EQUAL_AREA).area.to_numpy(), system))
    largest = largest_first[np.unique(system[largest_first], return_index=True)[1]]
    return block[largest[system]]


def fold_names(
    polygons: gpd.GeoDataFrame, rules: Rules, subregions: gpd.GeoDataFrame, generator: np.random.Generator
) -> np.ndarray:
    """Return the name of the fold that holds out each polygon; every polygon is in one.

    Folds of blocks are about equal in rock glaciers. Subregions own polygons by their markers. Ground of a fold by
    inventory that is no rock glacier (negatives, random terrain) goes with the nearest one.

    Args:
        polygons: With `uid`, `kind` and `inventory`, as `in_order` returns them.
        rules: How to divide.
        subregions: Columns slug and geometry.
        generator: Source of the draw.

    Returns:
        Array of shape (n,).
    """
    rock_glacier = _rock_glaciers(polygons)
    if rules.cross_validation == "blocks":
        fold = _dealt(blocks(polygons, rules.block_m), rock_glacier, rules.folds, generator)
        return np.array([f"fold_{number + 1}" for number in fold])
    if rules.cross_validation == "subregions":
        return owner(primary_markers(polygons.geometry), subregions).to_numpy(str)
    metric, own = polygons.geometry.to_crs(EQUAL_AREA).array, np.flatnonzero(rock_glacier)
    nearest = own[shapely.STRtree(metric[own]).nearest(metric)]
    nearest[own] = own
    return polygons["inventory"].map(slug).to_numpy(str)[nearest]


def _dealt(block: np.ndarray, rock_glacier: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Return a fold for each polygon: blocks by weight, equal ones by chance, each to the fold that has least so far.

    Rock glaciers weigh 1, and all other polygons together less than one of them.
    """
    names, of = np.unique(block, return_inverse=True)
    weights = np.bincount(of, np.where(rock_glacier, 1, 1 / (len(block) + 1)))
    held, fold = np.zeros(count), np.zeros(len(names), int)
    for position in np.lexsort((generator.permutation(len(names)), -weights)):
        fold[position] = np.argmin(held)
        held[fold[position]] += weights[position]
    return fold[of]
