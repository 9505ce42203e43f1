"""Rates: of earlier runs where there are some, else the kept ones, with their source."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from tests.doctor.conftest import load
from workflow_scripts.rogi.doctor.rates import earlier_runs, read_rates
from workflow_scripts.rogi.files import write_layers

STORED = load("resources/rates.yaml")


def run(results: Path, slug: str, mpx: float, rate: float, device: list[str], glaciers: int) -> None:
    """Write what a finished subregion leaves."""
    folder = results / "subregions" / slug
    folder.mkdir(parents=True)
    report = {"device": device, "pixels": int(mpx * 1e6), "window_mpx_per_s": rate, "windows": {"computed": 9}}
    (folder / "prediction.json").write_text(json.dumps(report))
    points = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)] * glaciers, crs=4326)
    write_layers(folder / "rock_glaciers.gpkg", {"rock_glaciers": points})
    for rule, seconds in (("vectorize_candidates", 0.5 * mpx), ("attribute_subregion", 0.25 * glaciers)):
        benchmark = results / "benchmarks" / rule / f"{slug}.tsv"
        benchmark.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"max_rss": [100.0], "cpu_time": [seconds]}).to_csv(benchmark, sep="\t", index=False)
    predicted = results / "benchmarks" / "predict_subregion" / f"{slug}.tsv"
    predicted.parent.mkdir(parents=True, exist_ok=True)
    predicted.write_text(f"max_rss\tcpu_time\n{1000 + mpx}\t9\n")


def test_without_earlier_runs_the_kept_rates_count(tmp_path: Path) -> None:
    rates = read_rates(tmp_path, STORED, "tu-xception71", "cpu")
    assert rates.window_mpx_per_s is not None
    assert rates.window_mpx_per_s.value == pytest.approx(0.619 / 2)
    assert "docs/benchmarks.md" in rates.window_mpx_per_s.source
    assert rates.sources()["memory_mib"] == "2017 (docs/benchmarks.md, Mapping: ours, Xception71, windows of 1024 px)"
    assert earlier_runs(tmp_path).empty


@pytest.mark.parametrize(("encoder", "device"), [("tu-xception71", "cuda"), ("tu-resnet50", "cpu")])
def test_what_nobody_has_measured_is_not_made_up(tmp_path: Path, encoder: str, device: str) -> None:
    rates = read_rates(tmp_path, STORED, encoder, device)
    assert rates.window_mpx_per_s is None
    assert rates.sources()["window_mpx_per_s"] == "not measured"


def test_earlier_runs_say_it_better(tmp_path: Path) -> None:
    run(tmp_path, "a", 100, 8, ["2.15", "x86_64", "AVX512", "4 threads"], 4)
    run(tmp_path, "b", 50, 50, ["2.15", "NVIDIA H100", "batches of 8"], 0)
    on_cpu, on_gpu = (read_rates(tmp_path, STORED, "tu-resnet50", device) for device in ("cpu", "cuda"))
    assert on_cpu.window_mpx_per_s is not None
    assert on_gpu.window_mpx_per_s is not None
    assert (on_cpu.window_mpx_per_s.value, on_gpu.window_mpx_per_s.value) == (2, 50)  # of a core, and of a GPU
    assert on_cpu.cpu_s_per_mpx.value == pytest.approx(0.5)
    assert on_cpu.cpu_s_per_rock_glacier.value == pytest.approx(0.25)
    assert on_cpu.memory_mib.value == 1100
    assert on_cpu.memory_mib.source == "largest of 2 predictions of this study"
    size = sum(file.stat().st_size for file in tmp_path.glob("subregions/*/*"))
    assert on_cpu.disk_bytes_per_px.value == pytest.approx(size / 150e6)


def test_jobs_too_short_to_be_looked_at_do_not_count(tmp_path: Path) -> None:
    run(tmp_path, "a", 100, 8, ["2.15", "x86_64", "AVX512", "4 threads"], 0)
    (tmp_path / "benchmarks/predict_subregion/a.tsv").write_text("max_rss\tcpu_time\nNA\tNA\n")
    rates = read_rates(tmp_path, STORED, "tu-xception71", "cpu")
    assert rates.memory_mib.value == 0
