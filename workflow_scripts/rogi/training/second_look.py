"""Which polygons of the training data a person should look at again: those that the network disagrees with most."""

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.training.placing import RANDOM_TERRAIN
from workflow_scripts.rogi.training.split import ROCK_GLACIER

LAYER = "second_look"
HARDLY = 0.1  # share of a polygon that is next to nothing, our own choice
MOST = 0.5  # by the word: most is more than half
AGREES = "model and outline agree by and large"


def reasons(scores: pd.DataFrame) -> np.ndarray:
    """Return in words how the network and a polygon disagree, array of shape (n,).

    Args:
        scores: As `sample_scores.scored` returns them.
    """
    rock_glacier, random_terrain = scores["kind"] == ROCK_GLACIER, scores["kind"] == RANDOM_TERRAIN
    missed, more, alike = 1 - scores["recall"], scores["excess"], scores["false_positive_share"]
    cases = {
        "model sees nothing here": rock_glacier & (scores["recall"] <= HARDLY),
        "outline much larger than what the model sees": rock_glacier & (missed > MOST) & (missed >= more),
        "model sees more around": rock_glacier & (more > MOST),
        "random terrain where the model sees a rock glacier": random_terrain & (alike > HARDLY),
        "negative that looks like a rock glacier": ~rock_glacier & (alike > MOST),
        "negative that looks like a rock glacier in part": ~rock_glacier & (alike > HARDLY),
    }
    return np.select([case.to_numpy(bool) for case in cases.values()], list(cases), AGREES)


def ranked(scores: pd.DataFrame, polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return polygons in the order in which they deserve a second look; those that were not seen are left out.

    Training polygons are ranked too, but a network rarely disagrees with what it has learnt by heart: where it does, or
    where `role` is another, the label is worth the look.

    Args:
        scores: As `sample_scores.scored` returns them, with any further columns.
        polygons: With `uid`, in any CRS.

    Returns:
        `rank` from 1, `reason`, the columns of `scores`, and the polygon in EPSG:4326.
    """
    seen = scores[scores["disagreement"].notna()].sort_values(["disagreement", "uid"], ascending=[False, True])
    columns = pd.DataFrame({"rank": range(1, len(seen) + 1), "reason": reasons(seen)}, index=seen.index)
    shapes = polygons.set_index("uid").geometry.loc[seen["uid"]].to_crs(WGS84)
    return gpd.GeoDataFrame(pd.concat([columns, seen], axis=1), geometry=shapes.array, crs=WGS84).reset_index(drop=True)
