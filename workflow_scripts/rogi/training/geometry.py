"""Batches turned, mirrored, enlarged and cropped in one resampling: image, channels, label and validity together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.orientation import rotate, turn

HALF = 0.5  # a layer with gaps is known where half of what is interpolated is


@dataclass(frozen=True)
class Placing:
    """How each of n parts lies in its patch; every field has shape (n,).

    Attributes:
        row: Of the part's centre in its patch, pixels; the middle of the first pixel is 0.
        column: As `row`.
        mirrored: Whether left and right change places, before anything is turned.
        angle_rad: Turn anticlockwise, about the centre.
        zoom: Factor by which things appear larger.
    """

    row: torch.Tensor
    column: torch.Tensor
    mirrored: torch.Tensor
    angle_rad: torch.Tensor
    zoom: torch.Tensor


def placed(batch: Batch, placing: Placing, size: int, names: Sequence[str]) -> Batch:
    """Return square parts of patches as they appear when mirrored, turned and enlarged.

    Image and channels are interpolated between their known pixels, label and validity take the nearest pixel. Ground
    from beyond the patch is not valid.

    Args:
        batch: n patches.
        placing: How the parts lie in them.
        size: Side of the parts, pixels.
        names: Names of the channels; those with a direction turn with the ground.
    """
    grid = _grid(placing, size, batch.valid.shape[-2:])
    bands = batch.image.shape[1]
    stack = torch.cat([batch.image, batch.valid.byte().unsqueeze(1), batch.label.byte().unsqueeze(1)], 1).float()
    nearest = functional.grid_sample(stack[:, bands:], grid, mode="nearest", align_corners=False) > 0
    valid, label = nearest.unbind(1)
    image, _ = _between(stack[:, : bands + 1], bands, grid)
    image = (image * valid.unsqueeze(1)).round().clamp(0, 255).byte()
    return Batch(image, _channels(batch.channels, placing, grid, names), label & valid, valid)


def _grid(placing: Placing, size: int, shape: Sequence[int]) -> torch.Tensor:
    """Return where each pixel of the parts lies in the patches, (n, size, size, 2), -1 to 1 from edge to edge."""
    offset = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    across, down = offset.view(1, 1, -1), offset.view(1, -1, 1)
    cosine, sine, row, column, mirror = (
        value.float().view(-1, 1, 1)
        for value in (
            torch.cos(placing.angle_rad) / placing.zoom,
            torch.sin(placing.angle_rad) / placing.zoom,
            *(placing.row, placing.column, torch.where(placing.mirrored, -1.0, 1.0)),
        )
    )
    columns = column + mirror * (cosine * across - sine * down)
    rows = row + sine * across + cosine * down
    height, width = shape
    return torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], -1)


def _between(stack: torch.Tensor, count: int, grid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Interpolate between known pixels alone.

    Args:
        stack: `count` layers, 0 where they are not known, and behind them one mask for all or one for each.
        count: Number of layers.
        grid: Where to.

    Returns:
        The layers, 0 where nothing known is near, and the share of what is known in each of their pixels.
    """
    sampled = functional.grid_sample(stack, grid, mode="bilinear", align_corners=False)
    weight = sampled[:, count:]
    return sampled[:, :count] / weight.clamp(min=1e-6), weight


def _channels(layers: torch.Tensor, placing: Placing, grid: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
    if not names:
        return layers.new_zeros((len(layers), 0, *grid.shape[1:3]))
    known = layers.isfinite()
    moved, weight = _between(torch.cat([layers.masked_fill(~known, 0), known.float()], 1), len(names), grid)
    return _directed(moved.masked_fill(weight < HALF, math.nan), placing, names)


def _directed(channels: torch.Tensor, placing: Placing, names: Sequence[str]) -> torch.Tensor:
    """Turn the vectors among the channels; their pixels have been moved already."""
    # A mirrored window has its vectors mirrored and its pixels too, so the pixels are mirrored back.
    mirrored = turn(channels, names, 0, True).flip(-1)
    return rotate(torch.where(placing.mirrored.view(-1, 1, 1, 1), mirrored, channels), names, placing.angle_rad)
