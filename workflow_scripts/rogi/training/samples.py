"""Patches of one split as the training sees them: ground of validation patches is blanked in training patches."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd
import shapely
import torch

from workflow_scripts.rogi.config import unknown_name
from workflow_scripts.rogi.imagery.looks import COMPOSITE
from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.split import TEST, TRAINING, VALIDATION

AT_ONCE = 16  # patches in memory while going through all of them
LEAST_STD = 1e-3  # of a band or channel that is the same everywhere


class Samples:
    """Training and validation patches of one split.

    No pixel that lies in the window of a validation or test patch, of any look, is valid in a training patch.

    Attributes:
        bands: Names of the bands.
        channels: Names of the channels, those asked for.
        size_px: Side of a patch.
        table: One row per patch of the file, as `PatchFile.table`, with its `role`.
        training: Numbers of the training patches, ascending; those with too little ground left are not among them.
        validation: Numbers of the validation patches, ascending: of the composite alone.
        left_out: Numbers of the training patches of which too little is left, ascending.
    """

    def __init__(self, patches: PatchFile, roles: "pd.Series[str]", channels: Sequence[str] | None = None) -> None:
        """Apply a split to a file of patches.

        Args:
            patches: The file; closing it is left to the caller.
            roles: Role of every polygon, indexed by uid; patches of other polygons take no part.
            channels: Names of the channels to read, in order; None reads all.

        Raises:
            ValueError: The file has no such channel.
        """
        self.patches, self.bands, self.size_px = patches, patches.bands, patches.size_px
        self.channels = list(patches.channels if channels is None else channels)
        for name in self.channels:
            if name not in patches.channels:
                raise ValueError(f"{patches.path}: {unknown_name(name, patches.channels, 'channel')}")
        self._chosen = [patches.channels.index(name) for name in self.channels]
        self.table = patches.table.assign(role=patches.table["uid"].map(roles).to_numpy(object))
        role = self.table["role"].to_numpy(object)
        self.validation = np.flatnonzero((role == VALIDATION) & (self.table["look"] == COMPOSITE).to_numpy())
        training = np.flatnonzero(role == TRAINING)
        self._first, self._shifts = self._overlaps(training, (role == VALIDATION) | (role == TEST))
        enough = np.array([self._keeps_enough(number) for number in training.tolist()], np.bool_)
        self.training, self.left_out = training[enough], training[~enough]

    def _overlaps(self, training: np.ndarray, forbidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which validation windows each patch meets: where its part of the list starts, and the list.

        The list holds rows and columns from the patch's corner to the window's, array of shape (pairs, 2).
        """
        corners = self.table[["row_off", "col_off"]].to_numpy(np.int64)
        windows = np.unique(corners[forbidden], axis=0)
        one, other = shapely.STRtree(self._boxes(windows)).query(self._boxes(corners[training]))
        patch, shifts = training[one], windows[other] - corners[training[one]]
        shares = (np.abs(shifts) < self.size_px).all(axis=1)  # windows that merely touch share no pixel
        return np.searchsorted(patch[shares], np.arange(len(corners) + 1)), shifts[shares]

    def _boxes(self, corners: np.ndarray) -> np.ndarray:
        return shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + self.size_px, corners[:, 1] + self.size_px)

    def hidden(self, number: int) -> np.ndarray:
        """Return which pixels of a patch the training may not see, boolean (size, size)."""
        hidden = np.zeros((self.size_px, self.size_px), bool)
        for down, right in self._shifts[self._first[number] : self._first[number + 1]].tolist():
            hidden[max(down, 0) : down + self.size_px, max(right, 0) : right + self.size_px] = True
        return hidden

    def _keeps_enough(self, number: int) -> bool:
        """Tell whether a patch keeps its least share of valid pixels, one at least; most tell so unread."""
        if self._first[number] == self._first[number + 1]:
            return True
        pixels = self.size_px**2
        wanted = max(1, self.patches.min_valid_share * pixels)
        hidden = self.hidden(number).sum()
        if round(self.table["valid_share"].iat[number] * pixels) - hidden >= wanted:
            return True
        return bool(pixels - hidden >= wanted and int(self.read([number]).valid.sum()) >= wanted)

    def read(self, numbers: Sequence[int] | np.ndarray) -> Batch:
        """Return patches by their numbers, in the order given, with the chosen channels.

        In training patches, pixels in any validation patch's window are not valid: image and label 0, channels NaN.
        """
        return self.blanked(numbers, self.patches.read(numbers))

    def blanked(self, numbers: Sequence[int] | np.ndarray, batch: Batch) -> Batch:
        """Return what `read` makes of patches as the file holds them, which are left as they are."""
        channels = batch.channels[:, self._chosen]
        if not any(self._first[number] < self._first[number + 1] for number in numbers):
            return batch._replace(channels=channels)
        hidden = torch.from_numpy(np.stack([self.hidden(number) for number in numbers]))
        valid = batch.valid & ~hidden
        return Batch(
            batch.image * valid.unsqueeze(1),
            channels.masked_fill(hidden.unsqueeze(1), torch.nan),
            batch.label & valid,
            valid,
        )

    def statistics(self, relative: Collection[str] = ()) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return mean and standard deviation per band, then per channel, over the training patches' valid pixels.

        Args:
            relative: Names of the channels of which each patch's mean is subtracted first. Missing values do not count.

        Raises:
            ValueError: There is no valid training pixel, or no value of a channel.
        """
        levels = np.zeros((len(self.bands), 256), np.int64)
        moments = np.zeros((len(self.channels), 3))
        for batch in self._training_batches():
            pixels = batch.image.movedim(1, 0)[:, batch.valid].numpy()
            levels += [np.bincount(band, minlength=256) for band in pixels]
            for channel, name in enumerate(self.channels):
                moments[channel] += _moments(batch.channels[:, channel], batch.valid, name in relative)
        tally = np.array([(of.sum(), of @ np.arange(256), of @ np.arange(256) ** 2) for of in levels])
        count, total, squares = np.concatenate([tally, moments]).T
        self._check(count)
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, LEAST_STD**2))
        return tuple(mean.tolist()), tuple(deviation.tolist())

    def _training_batches(self) -> Iterator[Batch]:
        for start in range(0, len(self.training), AT_ONCE):
            yield self.read(self.training[start : start + AT_ONCE])

    def _check(self, count: np.ndarray) -> None:
        for name, pixels in zip([*self.bands, *self.channels], count, strict=True):
            if not pixels:
                raise ValueError(
                    f"no training patch of {self.patches.path} holds a valid pixel of {name}; "
                    "does its source cover the inventories? Otherwise take it out of imagery.channels"
                    if name in self.channels
                    else f"no training patch of {self.patches.path} holds a valid pixel; "
                    "do the inventories lie on the imagery?"
                )


def _moments(values: torch.Tensor, valid: torch.Tensor, relative: bool) -> np.ndarray:
    """Return count, sum and sum of squares of a channel's finite valid pixels, (n, height, width) each."""
    there = (valid & values.isfinite()).numpy()
    found = np.where(there, values.numpy(), 0).astype(np.float64)
    if relative:
        means = found.sum(axis=(1, 2)) / np.maximum(there.sum(axis=(1, 2)), 1)
        found = np.where(there, found - means[:, np.newaxis, np.newaxis], 0)
    return np.array([there.sum(), found.sum(), (found**2).sum()])
