"""Our inference against the plain loop and against the bare network, and how its memory grows: `make bench-inference`.

The three take turns, so that a machine that slows down slows all of them.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.growth import growth
from tests.benchmarks.machine import describe, measured, rate, table
from tests.benchmarks.masks import agreement, bounds_of, read_mask, threshold_of
from tests.benchmarks.rasters import within_windows, write_mosaic
from tests.benchmarks.settings import CONFIG

ENCODER, DECODER_CHANNELS = "tu-xception71", 256
SIDES = {"plain": "plain loop, float32", "forward": "network alone, accelerated", "ours": "ours, end to end"}


def main(folder: Path, windows: int, rounds: int, trained: Path) -> None:
    """Print both sides of every comparison, and the ratios in the last line."""
    print(describe(), end="\n\n", flush=True)
    raster, model = str(folder / "raster.tif"), str(folder / "model.pt")
    prepare(folder, raster, model, windows)
    runs = [take_turns(folder, raster, model, turn, rounds) for turn in range(rounds)]
    plain, forward, ours = (_sum([run[name] for run in runs]) for name in SIDES)
    rows = [_row(side, [run[name] for run in runs]) for name, side in SIDES.items()]
    table("side | output Mpx/s | window Mpx/s | in each turn | peak MiB", rows)
    precision(folder, raster, trained)
    more_memory = growth(folder / "growth")
    ratio_plain = rate(ours, "output_px") / rate(plain, "output_px")
    ratio_forward = rate(ours, "window_px") / rate(forward, "window_px")
    print(f"inference {ratio_plain=:.2f} {ratio_forward=:.3f} rss_growth_mib={more_memory:.0f}")


def prepare(folder: Path, raster: str, model: str, windows: int) -> None:
    """Write the raster, its index and subregion, and the model."""
    prediction = CONFIG["prediction"]
    window_px, overlap_px = prediction["window_px"], prediction["overlap_px"]
    place = within_windows(window_px, window_px - overlap_px, windows)
    measured("rasters.write_cut", raster=raster, column=place.col_off, row=place.row_off, side=place.width)
    measured("networks.write_network", model=model, raster=raster, encoder=ENCODER, decoder_channels=DECODER_CHANNELS)
    write_mosaic(str(folder), {raster: [(0, 0)]}, place.width)
    print(f"{place.width} × {place.height} px of the demo world, {ENCODER}", end="\n\n", flush=True)


def take_turns(folder: Path, raster: str, model: str, turn: int, turns: int) -> dict[str, dict[str, float]]:
    """Run each side once: ours and the network on the whole raster, the slower plain loop on some of its rows."""
    given = {"folder": str(folder), "model": model}
    part = {"raster": raster, "model": model, "part": turn, "parts": 2 * turns}
    return {
        "forward": measured("ours.forward", **given),
        "ours": measured("ours.run", **given, output=str(folder / f"ours_{turn}")),
        "plain": measured("plain_loop.run", **part, output=str(folder / "plain.tif")),
    }


def precision(folder: Path, raster: str, trained: Path) -> None:
    """Print what the precision that the hardware suggests changes in the mask of a trained network."""
    if not trained.is_file():
        print(f"precision not compared, for {trained} is not there: run `make demo` first, or name one by --trained\n")
        return
    masks, given = {}, {"folder": str(folder), "model": str(trained.resolve())}
    for wanted in ("auto", "float32"):
        output = folder / f"trained_{wanted}"
        measured("ours.run", **given, output=str(output), precision=wanted)
        made = output / "probability.tif"
        masks[wanted] = read_mask(made, threshold_of(made), bounds_of(raster))
    taken = json.loads((folder / "trained_auto" / "report.json").read_text(encoding="utf-8"))["precision"]
    iou, area = agreement(masks["auto"], masks["float32"])
    share = masks["float32"].mean()
    print(f"{taken} against float32, {trained}: IoU {iou:.4f}, area {area:+.2f} %, mask on {share:.1%}\n", flush=True)


def _sum(runs: list[dict[str, float]]) -> dict[str, float]:
    added = {key: sum(run[key] for run in runs) for key in ("seconds", "output_px", "window_px")}
    return added | {"peak_mib": max(run["peak_mib"] for run in runs)}


def _row(side: str, runs: list[dict[str, float]]) -> tuple[str, ...]:
    total = _sum(runs)
    rates = (f"{rate(total, what):.3f}" for what in ("output_px", "window_px"))
    turns = ", ".join(f"{rate(run, 'window_px'):.3f}" for run in runs)
    return side, *rates, turns, f"{total['peak_mib']:.0f}"


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=5, help="windows along one side of the raster")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side")
    parser.add_argument("--trained", type=Path, default=Path("results/model/model.pt"), help="model of a finished demo")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench_inference_") as temporary:
        main(Path(temporary), options.windows, options.rounds, options.trained)
