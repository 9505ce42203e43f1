"""Measured rates: those of earlier runs of the study where there are some, else the ones kept with the workflow."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio


@dataclass(frozen=True)
class Rate:
    """A measured rate and where it comes from."""

    value: float
    source: str


@dataclass(frozen=True)
class Rates:
    """What a run takes.

    Attributes:
        window_mpx_per_s: Million pixels of windows that the network scores per second of a GPU or of one core; None if
            nobody measured it.
        cpu_s_per_quad: Of the tile index.
        cpu_s_per_mpx: Of drawing candidates, per million mapped pixels.
        cpu_s_per_rock_glacier: Of the attributes.
        disk_bytes_per_px: Of all products, per mapped pixel.
        memory_mib: The most that a job took.
        rock_glaciers_per_km2: To be expected.
    """

    window_mpx_per_s: Rate | None
    cpu_s_per_quad: Rate
    cpu_s_per_mpx: Rate
    cpu_s_per_rock_glacier: Rate
    disk_bytes_per_px: Rate
    memory_mib: Rate
    rock_glaciers_per_km2: Rate

    def sources(self) -> dict[str, str]:
        """Return value and source of every rate, for the report."""
        every = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: f"{rate.value:.4g} ({rate.source})" if rate else "not measured" for name, rate in every}


def read_rates(results: Path, stored: Mapping[str, Any], encoder: str, device: str) -> Rates:
    """Return the rates to reckon with.

    Args:
        results: Folder of the products, in which earlier runs left benchmarks and reports.
        stored: Rates kept with the workflow (resources/rates.yaml).
        encoder: The network's.
        device: "cpu" or "cuda".
    """
    runs = earlier_runs(results)
    kept = {key: Rate(float(stored[key]["value"]), str(stored[key]["source"])) for key in stored if key != "prediction"}
    peaks = [_peak_mib(path) for path in (results / "benchmarks" / "predict_subregion").glob("*.tsv")]
    return Rates(
        _prediction(runs, stored["prediction"], encoder, device),
        kept["cpu_s_per_quad"],
        _ratio(runs, "candidates_cpu_s", "mpx") or kept["cpu_s_per_mpx"],
        _ratio(runs, "attributes_cpu_s", "rock_glaciers") or kept["cpu_s_per_rock_glacier"],
        _ratio(runs, "bytes", "pixels") or kept["disk_bytes_per_px"],
        Rate(max(peaks), f"largest of {len(peaks)} predictions of this study") if peaks else kept["memory_mib"],
        kept["rock_glaciers_per_km2"],
    )


def earlier_runs(results: Path) -> pd.DataFrame:
    """Return what finished predictions left, one row per subregion.

    Returns:
        Index slug, columns kind ("cpu" or "cuda"), window_mpx_per_s (of a GPU or of one core), mpx and pixels (mapped),
        rock_glaciers, bytes (of all products), candidates_cpu_s and attributes_cpu_s; NaN for what has not been run.
    """
    rows = [_run(path, results / "benchmarks") for path in sorted((results / "subregions").glob("*/prediction.json"))]
    columns = ["slug", "kind", "window_mpx_per_s", "mpx", "pixels", "rock_glaciers", "bytes"]
    return pd.DataFrame(rows, columns=[*columns, "candidates_cpu_s", "attributes_cpu_s"]).set_index("slug")


def _run(path: Path, benchmarks: Path) -> dict[str, Any]:
    report = json.loads(path.read_text(encoding="utf-8"))
    attributed = path.with_name("rock_glaciers.gpkg")
    cores = re.fullmatch(r"(\d+) threads", report["device"][-1])
    return {
        "slug": path.parent.name,
        "kind": "cpu" if cores else "cuda",
        "window_mpx_per_s": report["window_mpx_per_s"] / int(cores[1] if cores else 1)
        if report["windows"]["computed"]
        else np.nan,
        "pixels": report["pixels"],
        "mpx": report["pixels"] / 1e6,
        "rock_glaciers": pyogrio.read_info(attributed)["features"] if attributed.exists() else np.nan,
        "bytes": sum(file.stat().st_size for file in path.parent.glob("[!.]*")) if attributed.exists() else np.nan,
        "candidates_cpu_s": _cpu_s(benchmarks / "vectorize_candidates" / f"{path.parent.name}.tsv"),
        "attributes_cpu_s": _cpu_s(benchmarks / "attribute_subregion" / f"{path.parent.name}.tsv"),
    }


def _cpu_s(path: Path) -> float:
    return _benchmark(path, "cpu_time") if path.exists() else np.nan


def _peak_mib(path: Path) -> float:
    return float(np.nan_to_num(_benchmark(path, "max_rss")))


def _benchmark(path: Path, column: str) -> float:
    """Return a number of a job, NaN where it was too short for Snakemake to look at (NA or -)."""
    return float(pd.to_numeric(pd.read_csv(path, sep="\t")[column], errors="coerce").iloc[-1])


def _ratio(runs: pd.DataFrame, what: str, per: str) -> Rate | None:
    both = runs[[what, per]].dropna()
    if not both[per].sum() > 0:
        return None
    return Rate(both[what].sum() / both[per].sum(), f"{len(both)} subregions of this study")


def _prediction(runs: pd.DataFrame, stored: Mapping[str, Any], encoder: str, device: str) -> Rate | None:
    rates = runs.loc[runs["kind"] == device, "window_mpx_per_s"].dropna()
    if len(rates):
        return Rate(float(rates.median()), f"prediction.json of {len(rates)} subregions of this study")
    entry = stored.get(encoder, {}).get(device)
    return Rate(entry["window_mpx_per_s"] / entry["units"], str(entry["source"])) if entry else None
