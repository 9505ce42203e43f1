"""The check of the demo's scores fails when a score is too low or missing."""

from pathlib import Path

import pandas as pd
import pytest

from tests.check_demo import main
from workflow_scripts.rogi.inventory.accuracy import COLUMNS


def products(folder: Path, ious: list[float], f1: float, comparison: str = "candidates vs Demo truth") -> list[Path]:
    metrics, accuracy = folder / "metrics.csv", folder / "accuracy.csv"
    metrics.write_text("step,val_iou\n" + "".join(f"{n},{iou}\n" for n, iou in enumerate(ious)))
    table = pd.DataFrame(0.5, index=range(3), columns=list(COLUMNS))
    table["comparison"] = [comparison, comparison, "reviewed vs Demo truth"]
    table["subregion"] = ["Demo Basin", "total", "total"]
    table["area_f1"] = [0.1, f1, 1.0]
    table.to_csv(accuracy, index=False, na_rep="nan")
    return [metrics, accuracy]


@pytest.mark.parametrize(
    ("ious", "f1", "code"),
    [
        ([0.2, 0.75, 0.6], 0.85, 0),
        ([0.70], 0.80, 0),
        ([0.2, 0.69], 0.85, 1),
        ([0.75], 0.79, 1),
        ([0.75], float("nan"), 1),
    ],
)
def test_the_best_evaluation_and_the_total_count(tmp_path: Path, ious: list[float], f1: float, code: int) -> None:
    assert main(*products(tmp_path, ious, f1)) == code


def test_a_missing_comparison_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="found 0 among: inventory vs Demo truth; reviewed vs Demo truth"):
        main(*products(tmp_path, [0.9], 0.9, comparison="inventory vs Demo truth"))


def test_before_a_run_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run `make demo` first"):
        main(tmp_path / "metrics.csv", tmp_path / "accuracy.csv")
