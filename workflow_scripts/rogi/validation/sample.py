"""The sample of rock glaciers that reviewers look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from workflow_scripts.rogi.inventory.publication import primary_markers_layer
from workflow_scripts.rogi.validation.permanent import permanent_numbers
from workflow_scripts.rogi.validation.strata import classes, draw, strata

LAYER = "sample"


@dataclass(frozen=True)
class SampleDesign:
    """How rock glaciers are drawn.

    Attributes:
        method: "random", a simple random sample as in Sun et al. (2024), or "stratified" by subregion, size and model
            probability.
        share: Of all rock glaciers; rounded up.
        allocation: See `strata.allocate`.
        min_per_stratum: See `strata.allocate`.
        size_breaks_m2: Between classes of AREA.
        probability_breaks: Between classes of PROB; rock glaciers without one were retrieved by people, a class of
            their own.
    """

    method: str
    share: float
    allocation: str
    min_per_stratum: int
    size_breaks_m2: Sequence[float]
    probability_breaks: Sequence[float]

    def strata(self, inventory: gpd.GeoDataFrame) -> np.ndarray:
        """Return the stratum of every rock glacier; array of shape (n,)."""
        if self.method == "random":
            return np.full(len(inventory), "all", dtype=object)
        size = classes(inventory["AREA"].to_numpy(float), self.size_breaks_m2, "m²")
        confidence = classes(inventory["PROB"].to_numpy(float), self.probability_breaks, "probability", "retrieved")
        return strata(inventory["SUBREGION"], size, confidence)


def draw_sample(inventory: gpd.GeoDataFrame, design: SampleDesign, seed: int | str) -> gpd.GeoDataFrame:
    """Draw the rock glaciers that reviewers look at.

    Every ID has its permanent random number, so the sample stays as it is, but for one or two at the edges of strata,
    when other rock glaciers are added, removed or redrawn, and a larger share holds the smaller sample.

    Args:
        inventory: Published columns.
        design: How they are drawn.
        seed: Of the study and the round.

    Returns:
        Columns ID, SUBREGION, AREA (m²) and `strata.DRAWN`, the primary marker as geometry; sorted by ID.
    """
    numbers = permanent_numbers(inventory["ID"], seed, "rock glaciers")
    total = int(np.ceil(design.share * len(inventory) - 1e-9))
    drawn = draw(design.strata(inventory), numbers, total, design.allocation, design.min_per_stratum)
    markers = primary_markers_layer(inventory)[["ID", "SUBREGION", "AREA", "geometry"]].reset_index(drop=True)
    sample = markers.loc[drawn.index].join(drawn)
    ordered = sample.sort_values("ID", ignore_index=True)[
        [*(name for name in sample if name != "geometry"), "geometry"]
    ]
    return gpd.GeoDataFrame(ordered, geometry="geometry", crs=inventory.crs)
