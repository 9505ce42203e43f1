"""Parts of patches for a step, changed at random: what is drawn, and what follows from it.

Each patch has a generator of its own, so what becomes of it does not depend on the others it is shown with; unless they
are mixed, which comes last.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.colours import Tint, tinted
from workflow_scripts.rogi.training.geometry import Placing, placed
from workflow_scripts.rogi.training.mixing import mixed
from workflow_scripts.rogi.training.orientation import VECTORS
from workflow_scripts.rogi.training.recipe import Recipe

PLACES = ("focus", "pixel", "down", "right", "variant", "left_right", "up_down", "turn", "zoom")
TINTS = ("gamma", "contrast", "gain", "blurred", "blur_px", "noise")
MIXES = ("mix", "mix_area", "mix_form", "mix_down", "mix_right")
Draws = dict[str, torch.Tensor]


def shown(batch: Batch, generators: Sequence[np.random.Generator], recipe: Recipe, names: Sequence[str]) -> Batch:
    """Return what a network is shown of whole patches: a part of each, changed at random.

    Args:
        batch: n whole patches.
        generators: One for each, the source of all that is drawn for it.
        recipe: crop_px, crop_focus, augmentation and augment_negatives of the config.
        names: Names of the channels.
    """
    settings = recipe.augmentation
    size = recipe.crop_px or batch.valid.shape[-1]
    draws = _drawn(generators, batch.image.shape[1], batch.channels.shape[1])
    changed = torch.ones(len(batch.label), dtype=torch.bool)
    if not recipe.augment_negatives:
        changed = batch.label.flatten(1).any(1)
    variants = _variants(draws["variant"], changed, settings["variants"], batch.valid.shape[-1])
    row, column = _centres(batch, size, recipe.crop_focus, draws)
    parts = placed(batch, _placing(row, column, draws, changed, settings, variants), size, names)
    noise = _noise(generators, parts.image.shape, settings["noise_dn"] * draws["noise"] * changed)
    image = tinted(parts.image, parts.valid, _tint(draws, changed, settings, variants, noise))
    missing = (draws["dropout"] < settings["channel_dropout"]) & changed[:, None]
    parts = parts._replace(image=image, channels=_without(parts.channels, missing, names))
    place = torch.stack([draws["mix_down"], draws["mix_right"]], 1)
    return mixed(parts, (draws["mix"] < settings["mix"]) & changed, draws["mix_area"], draws["mix_form"], place)


def _drawn(generators: Sequence[np.random.Generator], bands: int, channels: int) -> Draws:
    """Return draws from 0 to 1: (n,) for each name, (n, bands) of `colour`, (n, channels) of `dropout`."""
    names = (*PLACES, *TINTS, *MIXES)
    drawn = np.stack([generator.random(len(names) + bands + channels) for generator in generators])
    single, colour, dropout = torch.from_numpy(drawn).split([len(names), bands, channels], 1)
    return dict(zip(names, single.unbind(1), strict=True)) | {"colour": colour, "dropout": dropout}


def _centres(batch: Batch, size: int, focus: float, draws: Draws) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the centres of the parts, (n,) each: over a random rock glacier pixel, or on any valid pixel."""
    corners = []
    last = batch.valid.shape[-1] - size
    middles = batch.valid[:, size // 2 : size // 2 + last + 1, size // 2 : size // 2 + last + 1]
    for number, (label, middle) in enumerate(zip(batch.label, middles, strict=True)):
        focused, pixel, down, right = (float(draws[name][number]) for name in ("focus", "pixel", "down", "right"))
        if focused < focus and len(inside := label.nonzero()):
            row, column = inside[int(pixel * len(inside))].tolist()
            top, left = row - int(down * size), column - int(right * size)
        elif len(inside := middle.nonzero()):
            top, left = inside[int(pixel * len(inside))].tolist()
        else:
            top, left = int(down * (last + 1)), int(right * (last + 1))
        corners.append((min(max(top, 0), last), min(max(left, 0), last)))
    rows, columns = (torch.tensor(corners, dtype=torch.float64) + (size - 1) / 2).unbind(1)
    return rows, columns


def _variants(draw: torch.Tensor, changed: torch.Tensor, wanted: Sequence[Mapping[str, Any]], side: int) -> Draws:
    """Return which single change each patch is shown with, (n,) each: mirrored, angle_rad, zoom and blur_px."""
    chosen = ((draw * (len(wanted) + 1)).long() * changed).tolist()
    effects = [(0.0, 0.0, 1.0, 0.0), *(_effect(variant["change"], variant["amount"], side) for variant in wanted)]
    table = torch.tensor([effects[number] for number in chosen], dtype=torch.float64)
    return dict(zip(("mirrored", "angle_rad", "zoom", "blur_px"), table.unbind(1), strict=True))


def _effect(change: str, amount: float, side: int) -> tuple[float, float, float, float]:
    effects = {
        "left_right": (1.0, 0.0, 1.0, 0.0),
        "up_down": (1.0, math.pi, 1.0, 0.0),  # left-right, and then turned by a half
        "rotate_deg": (0.0, math.radians(amount), 1.0, 0.0),
        "crop_px": (0.0, 0.0, side / max(side - 2 * amount, 1), 0.0),
        "zoom": (0.0, 0.0, amount, 0.0),
        "blur_px": (0.0, 0.0, 1.0, amount),
    }
    return effects[change]


def _placing(
    row: torch.Tensor,
    column: torch.Tensor,
    draws: Draws,
    changed: torch.Tensor,
    settings: Mapping[str, Any],
    variants: Draws,
) -> Placing:
    """Combine a variant with a flip, a turn and a zoom."""
    left_right, up_down = ((draws[name] < 0.5) & changed & settings["flip"] for name in ("left_right", "up_down"))
    turns = {"none": torch.zeros_like(draws["turn"]), "quarter": (draws["turn"] * 4).floor() / 4, "any": draws["turn"]}
    mirrored = left_right ^ up_down
    angle = torch.where(mirrored, -1, 1) * variants["angle_rad"]  # what is mirrored later turns the other way
    angle = angle + math.pi * up_down + 2 * math.pi * turns[settings["rotation"]] * changed
    zoom = variants["zoom"] * _factor(draws["zoom"], settings["zoom"], changed)
    return Placing(row, column, mirrored ^ (variants["mirrored"] > 0), angle, zoom)


def _tint(
    draws: Draws, changed: torch.Tensor, settings: Mapping[str, Any], variants: Draws, noise: torch.Tensor
) -> Tint:
    gain, contrast, gamma = (_factor(draws[name], settings[name], changed) for name in ("gain", "contrast", "gamma"))
    colour = _factor(draws["colour"], settings["colour"], changed[:, None])
    blur = settings["blur_px"] * draws["blur_px"] * (draws["blurred"] < 0.5) * changed
    return Tint(gamma, contrast, gain[:, None] * colour, torch.hypot(variants["blur_px"], blur), noise)


def _factor(draw: torch.Tensor, most: float, changed: torch.Tensor) -> torch.Tensor:
    """Return factors from 1 / (1 + most) to 1 + most, their logarithms evenly spread."""
    return (1 + most) ** ((2 * draw - 1) * changed)


def _noise(generators: Sequence[np.random.Generator], shape: Sequence[int], spread_dn: torch.Tensor) -> torch.Tensor:
    if not spread_dn.any():
        return torch.zeros(len(generators), 1, 1, 1)
    drawn = [generator.standard_normal(tuple(shape[1:]), np.float32) for generator in generators]
    return torch.from_numpy(np.stack(drawn)) * spread_dn.float().view(-1, 1, 1, 1)


def _without(channels: torch.Tensor, missing: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
    """Set channels to missing; the parts of a vector are missing together."""
    for first, second in VECTORS:
        if first in names:
            missing[:, names.index(second)] = missing[:, names.index(first)]
    return channels.masked_fill(missing[:, :, None, None], math.nan)
