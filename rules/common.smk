"""Helpers of the rules: checked config, subregions, input files, digests of code."""

from fnmatch import fnmatch
from glob import glob
from pathlib import Path
import sys

import yaml

from workflow_scripts.rogi.config import ConfigError, check_config, slug, unknown_name
from workflow_scripts.rogi.demo.names import demo_files
from workflow_scripts.rogi.fingerprint import code_digest
import workflow_scripts.rogi.inputs as study

ROOT = Path(workflow.basedir)


def load(path):
    """Content of a YAML file of the workflow itself, read by libyaml where PyYAML has it, which is quicker."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((ROOT / path).read_text(encoding="utf-8"), Loader=loader)


try:
    check_config(config, load("rules/config.schema.yaml"))
except ConfigError as error:
    raise WorkflowError(str(error)) from None

config = study.filled_in(config, config["inputs"])

SUBREGIONS = [slug(name) for name in config["subregions"]["names"]]
MOSAICS = {slug(mosaic["name"]): mosaic for mosaic in config["imagery"]["mosaics"]}
INDEXES = [f"results/imagery/{mosaic}.gpkg" for mosaic in MOSAICS]
DEMO = (
    demo_files(
        config["demo"],
        config["climate"]["air_temperature"]["years"],
        config["climate"]["precipitation"]["years"],
    )
    if config["demo"]["enabled"]
    else {}
)
# What the workflow makes itself and therefore need not exist yet.
PRODUCED = [path for paths in DEMO.values() for path in paths]


def code(rule):
    """Digest of a rule's script and of all project modules it imports: an edit there reruns the rule."""
    return code_digest(ROOT / "workflow_scripts" / f"{rule}.py", ROOT)


def files(pattern):
    """Files that match a pattern, those included that the demo is going to make; none for no pattern."""
    if pattern is None:
        return []
    return [path for path in PRODUCED if fnmatch(path, pattern)] or sorted(glob(pattern))


# Reports of the inputs doctor.
DOCTOR = ["results/doctor.html", "results/doctor.json"]


def require(config):
    """Stop when an input that nobody produces is missing, or is still the demo's, and say where it comes from.

    The jobs of a run need not ask again; and the doctor reports what is missing, so nothing may stop it here. Snakemake
    knows its targets only when the Snakefile has been read, hence the look at the command line.
    """
    if not workflow.is_main_process or study.asks_only(sys.argv, DOCTOR):
        return
    if fault := study.inputs_of_the_demo(config) or study.missing_inputs(config, load("resources/sources.yaml"), files):
        raise WorkflowError(fault)


require(config)


for stray in study.stray_folders(config["review"]["folder"], SUBREGIONS):
    logger.warning(stray)


def known(subregion):
    """The subregion itself, if the config names it."""
    if subregion not in SUBREGIONS:
        raise WorkflowError(unknown_name(subregion, SUBREGIONS, "subregion"))
    return subregion


def of_all(name):
    """One product of every subregion."""
    return expand(f"results/subregions/{{subregion}}/{name}", subregion=SUBREGIONS)


def shapefile(stem):
    """All files of a shapefile."""
    return [f"{stem}.{part}" for part in ("shp", "shx", "dbf", "prj", "cpg")]


def quads(wildcards):
    """Quads of one mosaic."""
    return files(MOSAICS[wildcards.mosaic]["quads"])


def trained_models(wildcards):
    """The model files that the config names, or the one trained here."""
    return config["model"]["files"] or ["results/model/model.pt"]


def encoder_weights(wildcards):
    """Pretrained encoder weights, if the config names a file."""
    return [path] if (path := config["model"]["encoder_weights"]) else []


def subregion_indexes(wildcards):
    """Tile indexes of all mosaics, for a subregion that exists."""
    return known(wildcards.subregion) and INDEXES


def sidecars(paths):
    """Files beside shapefiles, which hold their attributes and their CRS and are edited without the .shp."""
    return [str(part) for path in paths if path not in PRODUCED for part in study.shapefile_parts(path)]


CLIMATE = {"maat": "air_temperature", "ap": "precipitation"}


def climate_of(wildcards):
    """Settings of one climate quantity."""
    return config["climate"][CLIMATE[wildcards.quantity]]


def climate_files(wildcards):
    """Monthly files of one climate quantity."""
    return files(climate_of(wildcards)["files"])


def climate_variable(wildcards):
    """Name of a climate quantity in its files."""
    return climate_of(wildcards)["variable"]


def climate_units(wildcards):
    """Units to take in place of those that a climate quantity's files state, if any."""
    return climate_of(wildcards)["units"]


def orography_variable(wildcards):
    """Name of the elevation of the grid cells in its file."""
    return climate_of(wildcards).get("orography", {}).get("variable")


def climate_years(wildcards):
    """First and last year of a climate quantity."""
    return climate_of(wildcards)["years"]


def climate_map(quantity):
    """Map of a climate quantity, unless the study has no files for it."""
    there = config["climate"][CLIMATE[quantity]]["files"] is not None
    return [f"results/climate/{quantity}.tif"] if there else []


def orography(wildcards):
    """File with the elevation of the grid cells of the air temperature, where a lapse rate asks for it."""
    settings = climate_of(wildcards)
    return files(settings["orography"]["path"]) if settings.get("lapse_rate_c_per_km") is not None else []


AT_MARKERS = {
    "interpolation": config["climate"]["interpolation"],
    "lapse_rate_c_per_km": config["climate"]["air_temperature"]["lapse_rate_c_per_km"],
    "magt_radius_m": config["climate"]["ground_temperature"]["search_radius_m"],
}


def gpus(device, number=1):
    """GPUs that a job asks for."""
    return number if device == "cuda" else 0


def paths(entries):
    """Paths of configured files, and of what lies beside shapefiles."""
    found = [path for entry in entries for path in files(entry["path"]) or [entry["path"]]]
    return found + sidecars(found)


def ground_of_negatives():
    """Files with the glaciers that negatives are cut to."""
    return [path for entry in config["negatives"] for path in optional(entry["inside"])]


def ground_of_patches():
    """The subregions, where patches are cut on all their ground or at random."""
    patches = config["patches"]
    needed = patches["where"] == "everywhere" or patches["random_terrain_per_rock_glacier"] > 0
    return ["results/inputs/subregions.gpkg"] if needed else []


def optional(path):
    """A configured vector file and what lies beside it; none for no path."""
    return files(path) + sidecars(files(path))


def previous_version(wildcards):
    """The version published before, which a comparison needs."""
    if found := optional(config["publication"]["previous"]):
        return found
    raise WorkflowError(
        "results/TPRoGI.diff.gpkg compares with the version published before, and the config names none: "
        "set publication.previous to a copy of its TPRoGI.gpkg, kept outside of results/"
    )


def reference_files():
    """Files of the other inventories and of their footprints, and what lies beside shapefiles."""
    found = [entry[key] for entry in config["evaluation"]["references"] for key in ("path", "footprint") if entry[key]]
    return found + sidecars(found)


def boundary_paths():
    """Paths of the layers with the subregions."""
    return [layer["path"] for layer in config["subregions"]["layers"]]


IMAGERY = {
    "bands": config["imagery"]["bands"],
    "nodata": config["imagery"]["nodata"],
    "damaged": config["imagery"]["damaged_blocks"],
    "screening": config["imagery"]["screening"],
}
CUTTING = {key: value for key, value in config["patches"].items() if key != "further_looks"}
# Settings of a training on which no weight depends.
PACE = ("workers", "checkpoint_min")


def recipe(training):
    """What the weights depend on of a section `training`, with its own seed or the study's."""
    shaping = {key: value for key, value in training.items() if key not in ("device", "gpus", *PACE)}
    return shaping | {"seed": config["seed"] if training["seed"] is None else training["seed"]}


def pace(wildcards, threads):
    """How often a training is kept, and what reads ahead of it."""
    # Snakemake does not record a param whose function takes `threads`, so no edit of this trains again.
    return {key: config["training"][key] for key in PACE}


def clarity(prediction):
    """Which looks beside the composite are mapped, if any: those that are good enough to be trained on."""
    needed = prediction["looks"] == "each" or prediction["further_looks"]
    return {key: config["patches"][key] for key in ("min_valid_share", "max_poor_share", "snow_min_dn") if needed}


# What `imagery.channels` are read from.
CHANNEL_DEM = files(config["elevation"]["tiles"]) if study.takes_terrain(config) else []
CHANNEL_FILES = [path for pattern in study.channel_patterns(config) for path in files(pattern)]


def imagery_files():
    """Every quad of every mosaic, and what channels on top of them are read from."""
    return [path for mosaic in MOSAICS.values() for path in files(mosaic["quads"])] + CHANNEL_FILES


def small_inputs():
    """Every external input but the imagery, and people's edits."""
    patterns = [pattern for key, pattern in study.inputs(config) if key not in ("imagery.mosaics", "imagery.channels")]
    found = {path for pattern in patterns for path in files(pattern)}
    for subregion in SUBREGIONS:
        found |= set(study.review_files(config["review"]["folder"], subregion))
    found |= set(study.review_files(config["validation"]["folder"], "."))
    found |= set(study.removal_files(config["compile"]["removed_by_review"]))
    return sorted(found | set(sidecars(found)))


def everything():
    """What a plain `snakemake` makes: the inventory, and all that tells where it comes from and how good it is."""
    tables = expand("results/inventory/{table}.csv", table=["boundaries", "comparison", "recapture"])
    products = ["TPRoGI.gpkg", "rgik/validation.csv", "run_record.json", "figures/overview.png", "review/summary.html"]
    products += [] if config["model"]["files"] else ["model/card.md"]
    return [*expand("results/{product}", product=products), *tables, *review_packages(), *validation_products()]
