"""Model files and encoder weights: are they PyTorch's? They are loaded when they are used."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow_scripts.rogi.doctor.verdicts import Check, Verdict

_PICKLE = b"\x80"  # first byte of files of PyTorch before 1.6


def examine_models(config: Mapping[str, Any]) -> list[Verdict]:
    """Look at the first bytes of finished models and, where one is trained, of its encoder's weights."""
    settings = config["model"]
    entries = [("model.files", path, False) for path in settings["files"]]
    if settings["encoder_weights"] and not settings["files"]:
        entries.append(("model.encoder_weights", settings["encoder_weights"], True))
    return [_file(*entry) for entry in entries if Path(entry[1]).exists()]


def _file(key: str, path: str, is_foreign: bool) -> Verdict:
    check = Check("format", f"{key}: {path}", "a file that torch.save wrote", "fetch or train it again")
    is_torch = zipfile.is_zipfile(path) or (is_foreign and _is_older(Path(path)))
    size = f"{Path(path).stat().st_size / 2**20:.1f} MiB"
    return check.ok(size) if is_torch else check.failed(f"{size} of another kind")


def _is_older(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == _PICKLE
