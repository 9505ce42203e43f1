"""What becomes of a finished review when the candidates change: `make bench-second-model`.

Needs the results of a finished `make demo`. Its review is applied to candidates drawn at other thresholds and, with
`--other`, to those of another network: the results of a demo run in another clone, for instance with
`training: {steps: 225}`. Counts what people drew that is no longer as they drew it, and what asks for a second look.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np

from tests.benchmarks.machine import table
from tests.benchmarks.settings import CONFIG
from workflow_scripts import apply_review, vectorize_candidates
from workflow_scripts.rogi.config import slug
from workflow_scripts.rogi.review.apply import UNREVIEWED

THRESHOLDS = (0.3, 0.7)
HEADER = "candidates | number | of the same outline | outlines of people | unchanged | second look"
MOSAICS = [mosaic["name"] for mosaic in CONFIG["imagery"]["mosaics"]]
SUBREGIONS = [slug(name) for name in CONFIG["subregions"]["names"]]


class Counts(NamedTuple):
    """The columns of `HEADER`, over all subregions."""

    candidates: int
    same: int
    by_people: int
    unchanged: int
    second_look: int


def main(results: Path, other: Path | None) -> None:
    """Apply the demo's review to other candidates and print what is left of it."""
    if not (results / "TPRoGI.gpkg").is_file():
        sys.exit(f"{results}/TPRoGI.gpkg is not there; run `make demo` first, or name another folder with --results")
    rows: list[tuple[str, Counts]] = []
    with TemporaryDirectory() as folder:
        for threshold in THRESHOLDS:
            drawn = {one: _vectorized(Path(folder), results, one, threshold) for one in SUBREGIONS}
            rows.append((f"threshold {threshold}", _reviewed_again(Path(folder), results, drawn)))
        if other is not None:
            drawn = {one: other / f"subregions/{one}/candidates.gpkg" for one in SUBREGIONS}
            rows.append(("another network", _reviewed_again(Path(folder), results, drawn)))
    table(HEADER, [(name, *map(str, counts)) for name, counts in rows])
    total = Counts(*np.sum([counts for _, counts in rows], axis=0))
    print(f"second_model unchanged={total.unchanged / total.by_people:.4f} second_look={total.second_look}")


def _vectorized(folder: Path, results: Path, subregion: str, threshold: float) -> Path:
    here, target = results / "subregions" / subregion, folder / f"{subregion}_{threshold}.gpkg"
    vectorize_candidates.main(
        probability=str(here / "probability.tif"),
        source=str(here / "imagery_source.tif"),
        subregions=str(results / "inputs/subregions.gpkg"),
        dem=[str(path) for path in sorted(results.glob("demo_world/nasadem/*.zip"))],
        candidates=str(target),
        subregion=subregion,
        mosaics=MOSAICS,
        halo_m=CONFIG["subregions"]["halo_m"],
        rules=CONFIG["candidates"] | {"threshold": threshold, "cut_objects": "keep"},
    )
    return target


def _reviewed_again(folder: Path, results: Path, drawn: dict[str, Path]) -> Counts:
    counts = [_counts(folder, results, subregion, candidates) for subregion, candidates in drawn.items()]
    return Counts(*np.sum(counts, axis=0))


def _counts(folder: Path, results: Path, subregion: str, candidates: Path) -> Counts:
    rules: dict[str, Any] = CONFIG["review"]
    made = {name: str(folder / name) for name in ("log.csv", "conflicts.csv", "second_look.gpkg", "reviewed.gpkg")}
    apply_review.main(
        candidates=str(candidates),
        edits=[str(path) for path in sorted((results / "demo_review" / subregion).glob("*.gpkg"))],
        sidecars=[],
        subregions=str(results / "inputs/subregions.gpkg"),
        reviewed=made["reviewed.gpkg"],
        log_table=made["log.csv"],
        conflicts=made["conflicts.csv"],
        second_look=made["second_look.gpkg"],
        subregion=subregion,
        min_area_m2=rules["min_area_m2"],
        mosaic_names=MOSAICS,
        preferred=rules["conflicts"],
        match_iou=rules["match_iou"],
        conflict_iou=rules["conflict_iou"],
        second_look_iou=rules["second_look_iou"],
    )
    before = _outlines(results / "subregions" / subregion / "reviewed.gpkg", "rock_glaciers")
    after = _outlines(Path(made["reviewed.gpkg"]), "rock_glaciers")
    old, new = (gpd.read_file(path) for path in (results / "subregions" / subregion / "candidates.gpkg", candidates))
    same = len(set(old.geometry.normalize().to_wkb()) & set(new.geometry.normalize().to_wkb()))
    return Counts(len(new), same, len(before), len(before & after), len(gpd.read_file(made["second_look.gpkg"])))


def _outlines(path: Path, layer: str) -> set[bytes]:
    """Return the outlines that people drew or confirmed."""
    frame = gpd.read_file(path, layer=layer)
    by_people = frame[frame["operation"] != UNREVIEWED]
    return set(by_people.geometry.normalize().to_wkb())


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--other", type=Path, help="results of a demo with another network")
    arguments = parser.parse_args()
    main(arguments.results, arguments.other)
