"""A world of small patches to train on: a bright blob on dark ground is a rock glacier."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from tests.architectures import architecture
from tests.worlds import BANDS
from workflow_scripts.rogi.training.loop import fit
from workflow_scripts.rogi.training.network import Normalized
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.recipe import Recipe
from workflow_scripts.rogi.training.records import Patch, write_patches
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.state import Row

SIZE = 32

CPU = torch.device("cpu")
STILL: dict[str, Any] = {
    "variants": [],
    "flip": False,
    "rotation": "none",
    "zoom": 0.0,
    "gain": 0.0,
    "contrast": 0.0,
    "gamma": 0.0,
    "colour": 0.0,
    "blur_px": 0.0,
    "noise_dn": 0.0,
    "channel_dropout": 0.0,
    "mix": 0.0,
}
LIVELY = STILL | {"flip": True, "rotation": "any", "zoom": 0.2, "gain": 0.1, "blur_px": 0.5, "noise_dn": 2.0}
RECIPE = Recipe(
    steps=8,
    evaluate_every_steps=4,
    patience=None,
    checkpoint_min=None,
    batch_size=4,
    accumulate=1,
    workers=0,
    crop_px=24,
    crop_focus=0.5,
    sampling="balanced",
    optimizer="adamw",
    learning_rate=0.05,
    weight_decay=0.01,
    momentum=0.9,
    schedule="cosine",
    poly_power=0.9,
    warmup_share=0.1,
    ema_decay=0.9,
    loss="dice_bce",
    label_smoothing=0.0,
    dice_weight=0.5,
    tversky_alpha=0.7,
    tversky_beta=0.3,
    tversky_gamma=0.75,
    augmentation=LIVELY,
    augment_negatives=True,
    precision="float32",
    deterministic=True,
    seed=3,
)


def patch(rng: np.random.Generator, has_rock_glacier: bool) -> Patch:
    """Return a patch of which a tenth is missing."""
    label = np.zeros((SIZE, SIZE), bool)
    row, column = rng.integers(0, SIZE - 12, 2)
    label[row : row + 12, column : column + 12] = has_rock_glacier
    valid = rng.random((SIZE, SIZE)) < 0.9
    image = rng.integers(40, 90, (len(BANDS), SIZE, SIZE)) + 90 * label
    return Patch((image * valid).astype(np.uint8), np.empty((0, SIZE, SIZE), np.float32), label & valid, valid)


def row(number: int, is_validation: bool, kind: str, share: float) -> dict[str, Any]:
    """Return a row of the table of patches; no two patches share ground."""
    values = dict.fromkeys(("valid_share", "cloud_share", "shadow_share", "snow_share", "quality"), 0.9)
    place = {"row_off": 0, "col_off": 1000 * number}
    role = "validation" if is_validation else "training"
    texts = {"uid": f"{role}-{number}", "kind": kind, "inventory": "one", "look": "composite"}
    return texts | place | values | {"rock_glacier_share": share}


def rows(rng: np.random.Generator, counts: Sequence[int]) -> Iterator[tuple[Patch, dict[str, Any]]]:
    """Yield training patches and then validation patches, every third of them without rock glacier."""
    for number in range(sum(counts)):
        positive = number % 3 > 0
        one = patch(rng, positive)
        kind = "rock_glacier" if positive else "water"
        yield one, row(number, number >= counts[0], kind, float(one.label.mean()))


def samples(folder: Path, training: int = 14, validation: int = 5) -> Samples:
    """Return the samples of a new file of patches in a folder; it closes with the process."""
    folder.mkdir(exist_ok=True)
    path = folder / "patches.h5"
    write_patches(path, rows(np.random.default_rng(11), (training, validation)), BANDS, [], SIZE)
    store = PatchFile(path)
    roles = pd.Series({uid: uid.partition("-")[0] for uid in store.table["uid"]}, dtype=str)
    return Samples(store, roles)


def network(*, plain: bool = False, seed: int = 5) -> Normalized:
    """Return a small network with what makes resuming hard, batch statistics and dropout; a plain one has neither."""
    torch.manual_seed(seed)
    hard: list[nn.Module] = [] if plain else [nn.BatchNorm2d(6), nn.Dropout2d(0.2)]
    layers = nn.Conv2d(3, 6, 3, padding=1), *hard, nn.ReLU(), nn.Conv2d(6, 1, 1)
    return Normalized(nn.Sequential(*layers), architecture(), (80.0,) * 3, (40.0,) * 3)


def fitted(folder: Path, net: Normalized | None = None, **changes: Any) -> tuple[dict[str, torch.Tensor], list[Row]]:
    """Fit a network to the world, by RECIPE with some changes."""
    given = samples(folder)
    try:
        told = list[list[Row]]()
        return fit(net or network(), given, replace(RECIPE, **changes), CPU, folder / "resume.pt", told.append)
    finally:
        given.patches.close()


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Tell whether two states are the same to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def timeless(scores: list[Row]) -> list[Row]:
    """Return rows of scores without what a clock says; NaN as None, which equals itself."""
    return [
        {name: None if value != value else value for name, value in row.items() if name != "samples_per_s"}  # type: ignore[misc]
        for row in scores
    ]
