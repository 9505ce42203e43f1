"""Scores of a running training: a table that grows, and the same for TensorBoard."""

import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workflow_scripts.rogi.files import write_table
from workflow_scripts.rogi.training.state import Row

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class RunLog:
    """Writes all scores whenever there are new ones; what an interrupted training wrote comes again."""

    def __init__(self, metrics: str | Path, tensorboard: str | Path) -> None:
        """Take a CSV file and a folder, both of which are replaced."""
        self.metrics, self.tensorboard = Path(metrics), Path(tensorboard)
        self._writer: SummaryWriter | None = None
        self._told = 0

    def __call__(self, rows: list[Row]) -> None:
        """Write the table anew, and what TensorBoard has not been told yet."""
        if not rows[self._told :]:
            return
        write_table(self.metrics, pd.DataFrame(rows))
        writer = self._opened()
        for row in rows[self._told :]:
            for name, value in row.items():
                if name != "step" and not math.isnan(value):
                    writer.add_scalar(_tag(name), value, int(row["step"]))
        writer.flush()
        self._told = len(rows)

    def _opened(self) -> "SummaryWriter":
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter  # takes a second, and none where nothing is written

            shutil.rmtree(self.tensorboard, ignore_errors=True)
            self._writer = SummaryWriter(str(self.tensorboard))
        return self._writer

    def close(self) -> None:
        """Close TensorBoard's file."""
        if self._writer is not None:
            self._writer.close()


def _tag(name: str) -> str:
    """Return the name under which TensorBoard draws training and validation into neighbouring diagrams."""
    part, _, what = name.partition("_")
    return f"{what}/{part}" if part in ("train", "val") else f"run/{name}"
