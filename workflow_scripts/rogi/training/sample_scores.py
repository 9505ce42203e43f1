"""What a trained network makes of every polygon of the training data, each on the ground of its own."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import torch
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.looks import COMPOSITE
from workflow_scripts.rogi.training.network import TrainedModel
from workflow_scripts.rogi.training.own_ground import NOBODY, OwnGround, nearest_to_centre
from workflow_scripts.rogi.training.predictions import predicted, probabilities
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.split import ROCK_GLACIER

COUNTS = ("patches", "inside", "hits", "probability_inside", "around", "false", "probability_around")
NAMES = ("uid", "kind", "inventory", "role")


class Tally:
    """Adds up what a network says, patch by patch, of all polygons of one role, on patches of the same role."""

    def __init__(self, polygons: gpd.GeoDataFrame, ground: OwnGround, role: str) -> None:
        """Start with nothing.

        Args:
            polygons: With `uid`, `kind`, `inventory` and `role`; all of them, for each has ground.
            ground: The same polygons'.
            role: Of those that are scored.
        """
        self.polygons, self.ground, self.role = polygons, ground, role
        self.counted = (polygons["role"] == role).to_numpy(bool)
        self.sums = np.zeros((len(COUNTS), len(polygons)))

    def wanted(self, table: pd.DataFrame, size: int) -> np.ndarray:
        """Return the numbers of the patches to look at: of the composite, on ground of the polygons.

        Args:
            table: `Samples.table`.
            size: Side of the patches, pixels.
        """
        numbers = np.flatnonzero((table["role"] == self.role) & (table["look"] == COMPOSITE))
        grid, corners = self.ground.grid, table[["row_off", "col_off"]].to_numpy()[numbers]
        boxes = [shapely.box(*grid.bounds(Window(column, row, size, size))) for row, column in corners.tolist()]
        zones = shapely.STRtree(self.ground.zones[self.counted])
        return numbers[np.unique(zones.query(np.array(boxes, object), predicate="intersects")[0])]

    def add(self, window: Window, seen: np.ndarray, probability: np.ndarray, threshold: float) -> None:
        """Count the pixels of a window that are to be seen, boolean (height, width)."""
        found = probability >= threshold
        for owner, inside in self.ground.owners(window):
            mine = seen & (owner != NOBODY) & self.counted[owner]
            whose, within_it, above, score = owner[mine], inside[mine], found[mine], probability[mine]
            self.sums[0, np.unique(whose)] += 1
            within_and_without = [(within_it, within_it & above, within_it * score)]
            within_and_without.append((~within_it, ~within_it & above, ~within_it * score))
            for number, part in enumerate(np.concatenate(within_and_without), start=1):
                self.sums[number] += np.bincount(whose, part, minlength=len(self.polygons))

    def table(self) -> pd.DataFrame:
        """Return the sums of the polygons of the role, also of those without a pixel: columns `NAMES` and `COUNTS`."""
        sums = pd.DataFrame(self.sums.T, columns=list(COUNTS), index=self.polygons.index)
        return pd.concat([pd.DataFrame(self.polygons[list(NAMES)]), sums], axis=1)[self.counted]


def tallied(
    model: TrainedModel,
    samples: Samples,
    polygons: gpd.GeoDataFrame,
    ground: OwnGround,
    device: torch.device,
    batch_size: int,
) -> pd.DataFrame:
    """Apply a network to the patches of all polygons, role by role, and return the sums of every polygon.

    Pixels in several patches count once, in the patch whose centre is nearest. Ground of validation patches is not
    counted for polygons of training, because it is blanked in their patches.

    Args:
        model: A calibrated model.
        samples: All patches with their roles.
        polygons: With `uid`, `kind`, `inventory` and `role`.
        ground: The same polygons'.
        device: Where the network runs.
        batch_size: Patches at a time.
    """
    size, tables = samples.size_px, []
    corners = samples.table[["row_off", "col_off"]].to_numpy()
    for role in polygons["role"].unique():
        tally = Tally(polygons, ground, role)
        numbers = tally.wanted(samples.table, size)
        for position, patch in enumerate(predicted(model, samples, numbers, device, batch_size)):
            row, column = corners[patch.number].tolist()
            seen = patch.valid & nearest_to_centre(corners[numbers], position, size)
            probability = probabilities(patch.logits, model.temperature)
            tally.add(Window(column, row, size, size), seen, probability, model.threshold)
        tables.append(tally.table())
    return pd.concat(tables).sort_index()


def scored(sums: pd.DataFrame) -> pd.DataFrame:
    """Return scores of polygons.

    Args:
        sums: Columns `NAMES` and `COUNTS`, as `Tally.table` returns them.

    Returns:
        Columns `NAMES`; `patches` and `pixels` (inside) that were looked at; for rock glaciers `iou`, `precision` and
        `recall` of the pixels above the model's threshold, and `excess`, those around as a share of the outline;
        `probability_inside` and `probability_around`, means;
        for other ground `false_positive_share`, the share of its pixels above the threshold; and `disagreement` from 0
        to 1: of a rock glacier 1 - Σ p inside / (pixels inside + Σ p around), one less the IoU of outline and
        probability (Rahman and Wang 2016), of other ground the mean probability. NaN where nothing was seen.
    """
    rock_glacier = sums["kind"] == ROCK_GLACIER
    inside = sums["inside"].where(sums["inside"] > 0)
    mean_inside, share = sums["probability_inside"] / inside, sums["hits"] / inside
    columns = {
        "patches": sums["patches"].astype(int),
        "pixels": sums["inside"].astype(int),
        "iou": (sums["hits"] / (inside + sums["false"])).where(rock_glacier),
        "precision": (sums["hits"] / (sums["hits"] + sums["false"])).where(rock_glacier),
        "recall": share.where(rock_glacier),
        "excess": (sums["false"] / inside).where(rock_glacier),
        "probability_inside": mean_inside,
        "probability_around": (sums["probability_around"] / sums["around"]).where(rock_glacier),
        "false_positive_share": share.where(~rock_glacier),
        "disagreement": (1 - sums["probability_inside"] / (inside + sums["probability_around"])).where(
            rock_glacier, mean_inside
        ),
    }
    return sums[list(NAMES)].assign(**columns)


def by_inventory(sums: pd.DataFrame) -> pd.DataFrame:
    """Return scores of the rock glaciers of each inventory and role together, every pixel counting alike.

    Args:
        sums: As for `scored`.

    Returns:
        `role`, `inventory`, `rock_glaciers` (those that were seen), `iou`, `precision`, `recall`.
    """
    seen = sums[(sums["kind"] == ROCK_GLACIER) & (sums["inside"] > 0)]
    groups = seen.groupby(["role", "inventory"], sort=False)
    total = groups[["inside", "hits", "false"]].sum()
    return total.assign(
        rock_glaciers=groups.size(),
        iou=total["hits"] / (total["inside"] + total["false"]),
        precision=total["hits"] / (total["hits"] + total["false"]),
        recall=total["hits"] / total["inside"],
    ).reset_index()[["role", "inventory", "rock_glaciers", "iou", "precision", "recall"]]
