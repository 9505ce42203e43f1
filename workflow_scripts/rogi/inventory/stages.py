"""The stages of an inventory, over all subregions: candidates of the model, and what people made of them."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.merge import UNREVIEWED
from workflow_scripts.rogi.inventory.references import Reference

CANDIDATES, REVIEWED = "candidates", "reviewed inventory"


class Stages(NamedTuple):
    """Outlines in EPSG:4326, each with the `slug` of the subregion whose file holds it.

    Attributes:
        candidates: Columns probability, slug and geometry.
        reviewed: Columns slug and geometry.
        judged: Slugs of the subregions in which somebody has decided something.
    """

    candidates: gpd.GeoDataFrame
    reviewed: gpd.GeoDataFrame
    judged: frozenset[str]

    def of(self, slugs: frozenset[str]) -> "Stages":
        """Return what lies in the files of some subregions."""
        candidates, reviewed = (stage[stage["slug"].isin(slugs)] for stage in self[:2])
        return Stages(candidates, reviewed, self.judged & slugs)


def read_stages(candidates: Sequence[str], reviewed: Sequence[str]) -> Stages:
    """Read the stages of all subregions.

    Args:
        candidates: GeoPackages with the layer `candidates`, each in the folder of its subregion.
        reviewed: GeoPackages with the layers `rock_glaciers` and `excluded`, likewise.
    """
    judged = frozenset(_slug(path) for path in reviewed if _has_decisions(path))
    found = _together(candidates, "candidates", ["probability"])
    return Stages(found, _together(reviewed, "rock_glaciers", []), judged)


def comparisons(
    stages: Stages, references: list[Reference], regions: gpd.GeoDataFrame
) -> Iterator[tuple[str, gpd.GeoDataFrame, Reference, gpd.GeoDataFrame]]:
    """Yield what is compared: its name, map, reference and subregions.

    Subregions in which nobody has decided anything are left out of the first comparison: there the reviewed inventory
    is the candidates themselves, and would agree with them perfectly. References that looked in none of the subregions
    are left out and told.
    """
    if stages.judged:
        theirs = stages.of(stages.judged)
        reviewed = Reference(REVIEWED, theirs.reviewed.geometry, None)
        yield f"{CANDIDATES} vs {REVIEWED}", theirs.candidates, reviewed, regions[regions["slug"].isin(stages.judged)]
    for reference in references:
        if reference.subregions(regions).empty:
            message = "%s: its footprint touches none of the subregions, so nothing is compared with it"
            logging.getLogger("rogi").warning(message, reference.name)
            continue
        yield f"{CANDIDATES} vs {reference.name}", stages.candidates, reference, regions
        yield f"{REVIEWED} vs {reference.name}", stages.reviewed, reference, regions


def _slug(path: str) -> str:
    return Path(path).parent.name


def _has_decisions(path: str) -> bool:
    operations = [read_vector(path, layer)["operation"] for layer in ("rock_glaciers", "excluded")]
    return bool((pd.concat(operations).dropna() != UNREVIEWED).any())


def _together(paths: Sequence[str], layer: str, columns: list[str]) -> gpd.GeoDataFrame:
    parts = [
        read_vector(path, layer)[[*columns, "geometry"]].to_crs(WGS84).assign(slug=_slug(path))
        for path in sorted(paths)
    ]
    filled = [part for part in parts if len(part)] or parts[:1]
    nothing = gpd.GeoDataFrame({name: [] for name in (*columns, "slug")}, geometry=[], crs=WGS84)
    return pd.concat(filled, ignore_index=True) if filled else nothing
