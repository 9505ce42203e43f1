"""Which patches a step is shown: drawn from seed and step alone."""

import numpy as np
import pandas as pd

from workflow_scripts.rogi.imagery.looks import COMPOSITE
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import ROCK_GLACIER
from workflow_scripts.rogi.training.streams import Use, stream


class Sampler:
    """Draws the patches of steps; two of the same seed draw the same."""

    def __init__(self, samples: Samples, sampling: str, seed: int) -> None:
        """Prepare the draw.

        Args:
            samples: Holds the training patches.
            sampling: "uniform", every patch once before any comes again; "balanced", by `shares`.
            seed: Of all draws.

        Raises:
            ValueError: There are no training patches, or none with a rock glacier.
        """
        table = samples.table.iloc[samples.training]
        if not (table["rock_glacier_share"] > 0).any():
            raise ValueError(
                f"of {len(table)} training patches none shows a rock glacier; see the QC table of the inventories "
                "(results/training/inventory_quality.csv) and the audit of the splits"
            )
        self.patches, self.seed = samples.training, seed
        self.bounds = np.cumsum(shares(table)) if sampling == "balanced" else None

    def numbers(self, step: int, count: int) -> np.ndarray:
        """Return the numbers of the patches of a step."""
        if self.bounds is None:
            return self._in_turn(np.arange(step * count, (step + 1) * count))
        generator = stream(self.seed, Use.DRAW, step)
        # One draw from each of `count` equal parts, so that no batch happens to lack a class.
        drawn = (generator.permutation(count) + generator.random(count)) / count
        return self.patches[np.searchsorted(self.bounds, drawn * self.bounds[-1], side="right")]

    def _in_turn(self, positions: np.ndarray) -> np.ndarray:
        passes, places = np.divmod(positions, len(self.patches))
        order = {number: self._order(int(number)) for number in np.unique(passes)}
        return np.array([order[number][place] for number, place in zip(passes, places, strict=True)])

    def _order(self, number: int) -> np.ndarray:
        return stream(self.seed, Use.ORDER, number).permutation(self.patches)


def shares(table: pd.DataFrame) -> np.ndarray:
    """Return the chance of every patch in a balanced draw; they add up to 1.

    Half is patches cut round rock glaciers: the inventories with equal chance, within one the rock glaciers, within one
    the composite and all its other looks together, within these its patches. The other half is negatives: their kinds
    with equal chance, then polygons, looks and patches. So neither an inventory of thousands, nor a large outline, nor
    one with many looks drowns the others.

    Args:
        table: One row per patch with kind, inventory, uid and look.
    """
    positive = table["kind"] == ROCK_GLACIER
    group = table["inventory"].where(positive, table["kind"])
    keys = pd.DataFrame({"positive": positive, "group": group, "uid": table["uid"], "best": table["look"] == COMPOSITE})
    groups = keys.groupby("positive")["group"].transform("nunique")
    polygons = keys.groupby(["positive", "group"])["uid"].transform("nunique")
    looks = keys.groupby(["positive", "group", "uid"])["best"].transform("nunique")
    patches = keys.groupby(["positive", "group", "uid", "best"])["uid"].transform("size")
    return (1 / (positive.nunique() * groups * polygons * looks * patches)).to_numpy()
