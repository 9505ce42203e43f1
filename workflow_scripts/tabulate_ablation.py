"""The variants of an ablation, its ensembles and the baselines side by side."""

import logging
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import write_table, write_text
from workflow_scripts.rogi.inventory.bootstrap import Bootstrap
from workflow_scripts.rogi.training.audit import optimism
from workflow_scripts.rogi.training.pretrained import read_state
from workflow_scripts.rogi.trials.markdown import markdown
from workflow_scripts.rogi.trials.table import COSTS, MEAN, Trial, comparison, costs, trial_of

Item = TypeVar("Item")


def main(
    scores: list[str],
    levels: list[str],
    networks: list[str],
    times: list[str],
    table: str,
    page: str,
    variants: list[str],
    ensembles: dict[str, list[str]],
    baselines: dict[str, str],
    folds: list[str],
    method: str,
    confidence: float,
    samples: int,
    seed: int,
) -> None:
    """Write the scores of all variants, ensembles and baselines with intervals, as a table and as a page to read.

    Args:
        scores: Tables of `score_trial`, by variant and then by fold, as all lists here; then those of the
            ensembles and of the baselines.
        levels: Its other tables, likewise.
        networks: The trained networks.
        times: What Snakemake measured of their trainings; CPU time is what other jobs hardly lengthen.
        table: CSV to write.
        page: Markdown to write.
        variants: Names of the variants; the others are compared with the first.
        ensembles: The variants whose networks each ensemble averages, by its name; it costs what they cost together.
        baselines: What there is to say of each baseline, by its name; they cost nothing.
        folds: Names of the folds.
        method: How the main split was drawn, which may be one of them.
        confidence: Share of cases in which an interval shall hold the true value.
        samples: Number of draws of rock glaciers.
        seed: Of the draws.
    """
    trials = by_variant(
        [_trial(*pair) for pair in zip(scores, levels, strict=True)], [*variants, *ensembles, *baselines]
    )
    sizes = [read_state(path)["parameters"] for path in networks]
    spent = by_variant([(*_minutes(path), size) for path, size in zip(times, sizes, strict=True)], variants)
    each = {name: np.mean(of, axis=0) for name, of in spent.items()}
    each |= {name: np.sum([each[variant] for variant in of], axis=0) for name, of in ensembles.items()}
    each |= {name: np.full(len(COSTS), np.nan) for name in baselines}
    means = {name: dict(zip(COSTS, of.tolist(), strict=True)) for name, of in each.items()}
    compared = comparison(trials, folds, Bootstrap(samples, block_m=0, confidence=confidence, seed=seed))
    whole = pd.concat([compared, costs(means)], ignore_index=True)
    write_table(table, whole)
    write_text(page, markdown(whole, ensembles, baselines, folds, confidence, samples, optimism(method)))
    gains = compared[(compared["ground"] == MEAN) & (compared["score"] == "area_iou")]
    for row in gains.itertuples():
        took = (
            "no training"
            if row.variant in baselines
            else f"training took {means[row.variant][COSTS[0]]:.1f} min a fold"
        )
        logging.getLogger("rogi").info(
            "%s: mean IoU over %d folds %.3f (%.3f to %.3f), gain %+.3f; %s",
            *(row.variant, len(folds), row.value, row.low, row.high, row.difference, took),
        )


def by_variant(items: Sequence[Item], variants: Sequence[str]) -> dict[str, list[Item]]:
    """Return items, listed by variant and then by fold, as those of every variant."""
    folds = len(items) // len(variants)
    return {name: list(items[k * folds : (k + 1) * folds]) for k, name in enumerate(variants)}


def _trial(scores: str, levels: str) -> Trial:
    return trial_of(*(pd.read_csv(path, dtype={"uid": str}, keep_default_na=False) for path in (scores, levels)))


def _minutes(path: str) -> tuple[float, float]:
    """Return minutes by the clock and of CPU time."""
    row = pd.read_csv(path, sep="\t", na_values="-").iloc[0]
    return row["s"] / 60, row["cpu_time"] / 60


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
