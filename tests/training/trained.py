"""A network that was trained for a moment, its patches and its splits, for tests of what is done with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from tests.architectures import architecture
from workflow_scripts.rogi.training.network import TrainedModel, build, normalized, save
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.records import COLUMNS, Patch, write_patches

SIZE, PATCHES, STEPS, APART = 32, 12, 15, 1000
BANDS = ["red", "green", "blue"]
ROLES = ("training", "guard", *["validation"] * 4)
ORIGIN = {"architecture": {"encoder_weights": None}, "recipe": {"steps": STEPS, "seed": 3}, "split": "main"}


def row(number: int) -> dict[str, Any]:
    """Return the row of a patch far from all others; two patches show each polygon."""
    known = {"uid": f"p{number // 2}", "kind": "rock_glacier", "inventory": "one", "look": "composite"}
    return {name: 0.0 for name in COLUMNS} | known | {"row_off": 0, "col_off": APART * number}


def width(number: int) -> int:
    """Return how many columns of a patch, from the left, are rock glacier."""
    return 8 + number


def write_training(folder: Path) -> None:
    """Write twelve patches, bright about where the rock glaciers are, two splits, and a network that has seen them."""
    rng = np.random.default_rng(1)
    patches = []
    for number in range(PATCHES):
        label, bright, valid = np.zeros((3, SIZE, SIZE), bool)
        label[:, : width(number)] = bright[:, : 3 + number + rng.integers(10)] = valid[4:] = True
        image = (rng.integers(0, 90, (3, SIZE, SIZE)) + 120 * bright).astype(np.uint8)
        patches.append((Patch(image * valid, np.zeros((0, SIZE, SIZE), np.float32), label & valid, valid), row(number)))
    write_patches(folder / "patches.h5", patches, BANDS, [], SIZE)
    table = pd.DataFrame({"split": "main", "uid": [f"p{number}" for number in range(PATCHES // 2)], "role": ROLES})
    alone = table.assign(split="alone", role="training")
    pd.concat([table, alone]).to_csv(folder / "splits.csv", index=False)
    save(folder / "network.pt", _trained(folder / "patches.h5"))


def _trained(patches: Path) -> TrainedModel:
    """Return a network after some steps on all patches."""
    torch.manual_seed(3)
    made_of = architecture()
    model = TrainedModel(build(made_of), made_of, (100.0,) * 3, (60.0,) * 3, 1.0, 0.5, ORIGIN)
    network = normalized(model)
    optimizer = torch.optim.AdamW(network.parameters(), 0.003)
    with PatchFile(patches) as store:
        batch = store.read(range(len(store)))
    for _ in range(STEPS):
        logits = network(batch.image, batch.valid, batch.channels)
        loss = binary_cross_entropy_with_logits(logits, batch.label.float(), batch.valid.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    return model
