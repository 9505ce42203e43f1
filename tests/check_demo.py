"""Check that the demo's products find the known truth: the scores of its last run are high enough."""

import csv
import sys
from pathlib import Path

METRICS = Path("results/training/metrics.csv")
ACCURACY = Path("results/TPRoGI.accuracy.csv")
LEAST_IOU = 0.70
LEAST_F1 = 0.80


def main(metrics: Path = METRICS, accuracy: Path = ACCURACY) -> int:
    """Print both scores and return 1 if one of them is too low."""
    iou = max(float(row["val_iou"]) for row in _rows(metrics))
    f1 = float(_candidates_total(_rows(accuracy))["area_f1"])
    print(f"best validation IoU {iou:.3f} (at least {LEAST_IOU:.2f}), {metrics}")
    print(f"candidates against the demo's truth, by area: F1 {f1:.3f} (at least {LEAST_F1:.2f}), {accuracy}")
    return 0 if iou >= LEAST_IOU and f1 >= LEAST_F1 else 1  # False also for NaN


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        sys.exit(f"{path} is not there; run `make demo` first")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _candidates_total(rows: list[dict[str, str]]) -> dict[str, str]:
    wanted = [
        row
        for row in rows
        if row["subregion"] == "total"
        and "candidates" in row["comparison"].lower()
        and "demo truth" in row["comparison"].lower()
    ]
    if len(wanted) != 1:
        found = sorted({row["comparison"] for row in rows})
        sys.exit(f"expected one total of candidates against Demo truth, found {len(wanted)} among: {'; '.join(found)}")
    return wanted[0]


if __name__ == "__main__":
    sys.exit(main())
