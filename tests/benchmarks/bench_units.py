"""How well touching rock glaciers are told apart: a finished demo run with and without units, against the known truth.

`python -m tests.benchmarks.bench_units`, after `make demo`. The network's map shows what is gained in the end, the
truth drawn as a map how good the split is by itself.
"""

from argparse import ArgumentParser
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from rasterio.features import rasterize

from tests.benchmarks.machine import describe, table
from tests.benchmarks.masks import threshold_of
from tests.benchmarks.settings import CONFIG
from workflow_scripts.rogi.attributes.elevation import open_mosaics
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.identity import primary_markers
from workflow_scripts.rogi.inventory.panoptic import average_precision, panoptic_quality, touching
from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.mapping.blend import FULL, NODATA
from workflow_scripts.rogi.mapping.rules import CandidateRules
from workflow_scripts.rogi.mapping.vectorize import candidates
from workflow_scripts.rogi.raster import write_raster

HEADER = "map | units | rock glaciers | outlines | matched | PQ | SQ | RQ | AP at IoU 0.5"
TOUCH_M = 3.0
WAYS = {"none": ("none", False), "by shape alone": ("watershed", False), "by shape and flow": ("watershed", True)}


def main(results: Path, folder: Path) -> None:
    """Print the table, and the gain on touching rock glaciers in the last line."""
    print(describe("scikit-image", "scipy"), end="\n\n", flush=True)
    truth = read_vector(results / "demo_world/truth.gpkg", "rock_glaciers").geometry
    regions = read_vector(results / "inputs/subregions.gpkg")
    dem = sorted(glob(str(results / "demo_world/nasadem/*.zip")))
    close = touching(truth, TOUCH_M)
    threshold = threshold_of(next(iter(_of_network(results, regions).values())))
    rows, quality = [], {}
    for name, rasters in (
        ("network", _of_network(results, regions)),
        ("truth", _of_truth(results, regions, truth, folder)),
    ):
        for way, (units, has_flow) in WAYS.items():
            found = _found(rasters, regions, {"units": units, "threshold": threshold}, dem if has_flow else [])
            for which, known in (("all", truth), ("touching", truth[close])):
                ours = found if which == "all" else found[found.intersects(known.union_all())]
                scores = panoptic_quality(ours.geometry, known)
                precision = average_precision(ours.geometry, ours["probability"].to_numpy(), known)
                values = (f"{value:.3f}" for value in (*scores[:3], precision))
                rows.append((name, way, f"{which} ({len(known)})", str(len(ours)), str(scores.matched), *values))
                quality[name, way, which] = scores.pq
    table(HEADER, rows)
    gains = [
        quality[name, "by shape and flow", "touching"] - quality[name, "none", "touching"]
        for name in ("network", "truth")
    ]
    print(f"units gain_pq_network={gains[0]:.3f} gain_pq_truth={gains[1]:.3f}")


def _of_network(results: Path, regions: gpd.GeoDataFrame) -> dict[str, Path]:
    return {slug: results / f"subregions/{slug}/probability.tif" for slug in regions["slug"]}


def _of_truth(results: Path, regions: gpd.GeoDataFrame, truth: gpd.GeoSeries, folder: Path) -> dict[str, Path]:
    """Draw the truth as a map of probability 1 where the network's map has data."""
    rasters = {}
    for slug, path in _of_network(results, regions).items():
        with rasterio.open(path) as dataset:
            scores = dataset.read(1)
            burned = rasterize(truth.to_crs(dataset.crs), scores.shape, transform=dataset.transform, dtype=np.uint8)
            rasters[slug] = folder / f"{slug}.tif"
            drawn = np.where(scores == NODATA, NODATA, FULL * burned).astype(np.uint8)
            write_raster(rasters[slug], drawn, dataset.crs, dataset.transform, nodata=NODATA)
    return rasters


def _found(
    rasters: dict[str, Path], regions: gpd.GeoDataFrame, changes: dict[str, Any], dem: list[str]
) -> gpd.GeoDataFrame:
    """Return the candidates of all subregions, each once."""
    rules = CandidateRules(**CONFIG["candidates"] | changes)
    mosaics = open_mosaics(dem) if dem else []
    parts = []
    for slug, path in rasters.items():
        frame = candidates(path, path, ["map"] * (FULL + 1), rules, mosaics).to_crs(4326)
        parts.append(frame[(owner(primary_markers(frame.geometry), regions) == slug).to_numpy()])
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of a finished demo run")
    with TemporaryDirectory(prefix="bench_units_") as temporary:
        main(parser.parse_args().results, Path(temporary))
