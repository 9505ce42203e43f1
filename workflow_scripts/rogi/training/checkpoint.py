"""States from which a killed training goes on, named by all that shapes it, so that no other training takes them."""

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from workflow_scripts.rogi.files import replacing


def checkpoint_path(target: str | Path, files: Iterable[str], settings: Any) -> Path:
    """Return where the state of a training is kept, beside its target.

    Args:
        target: File of the network that is trained.
        files: Inputs; their content counts, not their name.
        settings: All else that shapes the weights, as JSON can write it.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return Path(target).with_name(f"{_prefix(target)}{digest.hexdigest()[:16]}.pt")


def _prefix(target: str | Path) -> str:
    return f".{Path(target).stem}.resume-"


def stale(target: str | Path, checkpoint: Path) -> list[Path]:
    """Return the states that other trainings of the same target left behind, and say so in the log."""
    found = sorted(set(checkpoint.parent.glob(f"{_prefix(target)}*.pt")) - {checkpoint})
    for path in found:
        logging.getLogger("rogi").warning(
            "%s is the state of a training with another config or other inputs, and is not taken up; "
            "it is removed when this training is done",
            path,
        )
    return found


def keep(checkpoint: Path, state: dict[str, Any]) -> None:
    """Write a state, whole or not at all."""
    with replacing(checkpoint) as temporary:
        torch.save(state, temporary)


def kept(checkpoint: Path, device: torch.device) -> dict[str, Any]:
    """Return a state that was kept."""
    state: dict[str, Any] = torch.load(checkpoint, map_location=device, weights_only=True)
    return state
