"""All checks of a study, in the order in which the workflow needs what they look at."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from workflow_scripts.rogi.doctor.channels import examine_channels
from workflow_scripts.rogi.doctor.climate import examine_climate
from workflow_scripts.rogi.doctor.covers import Area, Cover
from workflow_scripts.rogi.doctor.elevation import examine_elevation
from workflow_scripts.rogi.doctor.estimate import estimate, patches_gib
from workflow_scripts.rogi.doctor.ground import examine_ground
from workflow_scripts.rogi.doctor.imagery import examine_imagery
from workflow_scripts.rogi.doctor.machine import Machine, examine_machine
from workflow_scripts.rogi.doctor.models import examine_models
from workflow_scripts.rogi.doctor.places import examine_places
from workflow_scripts.rogi.doctor.presence import examine_presence
from workflow_scripts.rogi.doctor.rates import Rates, read_rates
from workflow_scripts.rogi.doctor.vectors import examine_people, examine_vectors
from workflow_scripts.rogi.doctor.verdicts import Verdict

# What is done once, whatever the number of subregions.
TILE_INDEX, PATCHES = "all: tile indexes", "all: training patches, at most"


@dataclass
class Examination:
    """What was found.

    Attributes:
        verdicts: Of all checks.
        covers: What inputs cover of the study area.
        area: Where the study looks, if that can be told.
        needs: What every subregion takes, if that can be told.
        rates: With which it was reckoned.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    area: Area | None = None
    needs: pd.DataFrame | None = None
    rates: Rates | None = None


def examine(
    config: Mapping[str, Any],
    sources: Mapping[str, str],
    stored_rates: Mapping[str, Any],
    results: Path,
    machine: Machine,
    threads: int,
) -> Examination:
    """Look at every input of a study; nothing that is missing or damaged stops it.

    Args:
        config: The resolved config.
        sources: Where each input comes from, by config key.
        stored_rates: What a run takes, where no earlier run says it better.
        results: Folder of the products; tile indexes and benchmarks of earlier runs are used.
        machine: What this machine has.
        threads: Files opened at the same time.
    """
    found = Examination(examine_presence(config, sources))
    places, found.area = examine_places(config)
    imagery, covers, indexes = examine_imagery(config, found.area, results / "imagery", threads)
    found.verdicts += places + imagery
    found.covers += covers
    for verdicts, more in (
        examine_channels(config, found.area),
        examine_elevation(config, found.area, threads),
        examine_climate(config, found.area),
        examine_ground(config, found.area),
    ):
        found.verdicts += verdicts
        found.covers += more
    footprint = covers[-1].covered if covers else None
    grid = indexes[0].attrs["grid"] if indexes else None
    found.verdicts += [*examine_vectors(config, footprint, grid), *examine_people(config), *examine_models(config)]
    if found.area is not None and indexes:
        _reckon(found, config, indexes, stored_rates, results, machine)
    found.verdicts += examine_machine(config, machine, found.needs)
    return found


def _reckon(
    found: Examination,
    config: Mapping[str, Any],
    indexes: list[gpd.GeoDataFrame],
    stored_rates: Mapping[str, Any],
    results: Path,
    machine: Machine,
) -> None:
    assert found.area is not None
    device = machine.device(config["prediction"]["device"])
    found.rates = read_rates(results, stored_rates, config["model"]["encoder"], device)
    needs = estimate(config, found.area, indexes[0], found.rates, device)
    once = [
        {"subregion": TILE_INDEX, "cpu_hours": sum(map(len, indexes)) * found.rates.cpu_s_per_quad.value / 3600},
        {"subregion": PATCHES, "disk_gib": patches_gib(config, _polygons(config), indexes[0])},
    ]
    found.needs = pd.concat([needs, pd.DataFrame(once)], ignore_index=True)


def _polygons(config: Mapping[str, Any]) -> int:
    """Count the polygons to train on, of the files that can be read; rasters of labels do not tell."""
    entries = (*config["inventories"], *config["negatives"])
    count = 0
    for path, layer in ((path, entry["layer"]) for entry in entries for path in glob(entry["path"])):
        with suppress(RuntimeError, ValueError):
            count += pyogrio.read_info(path, layer=layer)["features"]
    return count
