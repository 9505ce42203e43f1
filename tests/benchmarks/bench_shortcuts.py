"""What each shortcut of mapping changes in the map and gains in time, on the demo world: `make bench-shortcuts`.

Needs the results of a finished `make demo`: its imagery, its truth and the network trained on it.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.features import geometry_mask

from tests.benchmarks.machine import describe, measured, table
from tests.benchmarks.masks import agreement, bounds_of, read_mask, threshold_of
from workflow_scripts.rogi.imagery.index import index_quads, write_index
from workflow_scripts.rogi.inventory.scores import scores

QUARTERS = ("2021q3", "2021q4")
WHOLE = {"mode": "blend", "precision": "float32"}
REFERENCE = "float32, 1024 px, overlap 512"
VARIANTS: dict[str, dict[str, Any]] = {
    REFERENCE: WHOLE | {"window_px": 1024, "overlap_px": 512},
    "bfloat16, 1024 px, overlap 512": WHOLE | {"window_px": 1024, "overlap_px": 512, "precision": "bfloat16"},
    "float32, 1024 px, overlap 256": WHOLE | {"window_px": 1024, "overlap_px": 256},
    "float32, 1024 px, overlap 128": WHOLE | {"window_px": 1024, "overlap_px": 128},
    "float32, 1024 px, overlap 32": WHOLE | {"window_px": 1024, "overlap_px": 32},
    "float32, 512 px, overlap 64": WHOLE | {"window_px": 512, "overlap_px": 64},
    "float32, 2048 px, overlap 256": WHOLE | {"window_px": 2048, "overlap_px": 256},
    "config.yaml": {},
    "float32, 480 px, stride 320, logical or": WHOLE | {"mode": "tprogi", "tprogi_stride_px": 320},
    "float32, 480 px, stride 160, logical or": WHOLE | {"mode": "tprogi", "tprogi_stride_px": 160},
}
HEADER = "variant | IoU | area, % | window px per output px | s | time, of the reference's | F1 by area"


def main(folder: Path, results: Path, subregion: str) -> None:
    """Map one subregion in every way and compare the masks with the reference's and with the truth."""
    needed = [results / name for name in ("model/model.pt", "demo_world/truth.gpkg", "inputs/subregions.gpkg")]
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        sys.exit(f"{', '.join(missing)} not there; run `make demo` first, or name another folder with --results")
    model, truth, subregions = needed
    print(describe(), end="\n\n", flush=True)
    given = {"indexes": _indexes(folder, results), "subregions": str(subregions), "model": str(model)}
    runs, masks = {}, {}
    for number, (name, changes) in enumerate(VARIANTS.items()):
        output = folder / str(number)
        runs[name] = measured("ours.map_subregion", **given, subregion=subregion, output=str(output), changes=changes)
        raster = output / "probability.tif"
        masks[name] = read_mask(raster, threshold_of(raster), bounds_of(raster))
    known = _rasterized(truth, subregions, subregion, folder / "0" / "probability.tif")
    print(f"{subregion} of the demo world, {runs[REFERENCE]['mapped_px'] / 1e6:.1f} Mpx", end="\n\n")
    table(HEADER, [_row(name, runs, masks, known) for name in VARIANTS])


def _indexes(folder: Path, results: Path) -> list[str]:
    """Write the tile indexes anew, for those in the results name their files from the folder that holds them."""
    paths = []
    for quarter in QUARTERS:
        quads = sorted(str(path.resolve()) for path in (results / "demo_world" / "planet" / quarter).glob("*.tif"))
        paths.append(str(folder / f"{quarter}.gpkg"))
        write_index(paths[-1], index_quads(quads, 3, None, 2), 3)
    return paths


def _rasterized(truth: Path, subregions: Path, subregion: str, like: Path) -> np.ndarray:
    """Return the pixels of the true rock glaciers inside the subregion."""
    regions = gpd.read_file(subregions)
    with rasterio.open(like) as dataset:
        shape, transform, crs = dataset.shape, dataset.transform, dataset.crs
    shapes = gpd.read_file(truth, layer="rock_glaciers").to_crs(crs)
    region = regions[regions["slug"] == subregion].to_crs(crs)
    inside, true = (geometry_mask(found.geometry, shape, transform, invert=True) for found in (region, shapes))
    return true & inside


def _row(
    name: str, runs: dict[str, dict[str, float]], masks: dict[str, np.ndarray], known: np.ndarray
) -> tuple[str, ...]:
    run, mask = runs[name], masks[name]
    same = agreement(mask, masks[REFERENCE])
    f1 = scores(*(int(found.sum()) for found in (mask & known, mask & ~known, ~mask & known))).f1
    redundancy = f"{run['window_px'] / run['output_px']:.2f}"
    times = f"{run['seconds']:.1f}", f"{run['seconds'] / runs[REFERENCE]['seconds']:.2f}"
    return name, f"{same.iou:.4f}", f"{same.area_change:+.2f}", redundancy, *times, f"{f1 or 0:.3f}"


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), help="of a finished demo")
    parser.add_argument("--subregion", default="demo_range_west", help="which of its subregions")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench_shortcuts_") as temporary:
        main(Path(temporary), options.results, options.subregion)
