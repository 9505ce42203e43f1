"""A study in order has no failed check; every damage is found, named, and stops nothing."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import h5py
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS

from tests.doctor.conftest import Config, load
from workflow_scripts.rogi.config import slug
from workflow_scripts.rogi.doctor import imagery
from workflow_scripts.rogi.doctor.examination import Examination, examine
from workflow_scripts.rogi.doctor.machine import Machine
from workflow_scripts.rogi.doctor.verdicts import FAILED, OK, WARNING, Verdict
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.imagery.index import index_quads, write_index
from workflow_scripts.rogi.raster import write_raster

SOURCES, RATES = load("resources/sources.yaml"), load("resources/rates.yaml")
MACHINE = Machine((), 2, 24_000, 100, False)


def looked_at(config: Config, machine: Machine = MACHINE) -> Examination:
    return examine(config, SOURCES, RATES, Path("results"), machine, 1)


def own(path: str) -> str:
    """Make a file of the study one of its own, which may be damaged; return its path."""
    content = Path(path).read_bytes()
    Path(path).unlink()
    Path(path).write_bytes(content)
    return path


def of(found: Examination, kind: str) -> list[Verdict]:
    return [verdict for verdict in found.verdicts if verdict.verdict == kind]


def test_a_study_in_order_passes(study: Config) -> None:
    found = looked_at(study)
    assert [verdict for verdict in found.verdicts if verdict.verdict != OK] == []
    checks = {verdict.check for verdict in found.verdicts}
    assert {
        "presence",
        "format",
        "names",
        "dates",
        "pixels",
        "grid",
        "extent",
        "values",
        "vectors",
        "gpu",
        "disk",
    } <= checks
    values = {(verdict.check, verdict.input): verdict.found for verdict in found.verdicts}
    assert values["units and values", "climate.air_temperature"].startswith("'K', -12.1 to -1.1 °C")
    assert values["dates", "climate.precipitation"] == "12 months"
    assert values["dates", "imagery.mosaics: Mosaic 2021 Q4"] == "2021 Q4"
    names = [cover.name for cover in found.covers]
    assert names == ["Mosaic 2021 Q3", "Mosaic 2021 Q4", "All imagery", "Elevation", "Air temperature", "Precipitation",
                     "Ground temperature"]  # fmt: skip


def without_climate(config: Config) -> None:
    for key in ("air_temperature", "precipitation"):
        config["climate"][key]["files"] = None


def without_imagery(config: Config) -> None:
    for mosaic in config["imagery"]["mosaics"]:
        Path(mosaic["quads"]).parent.joinpath("quad_0_0.tif").unlink()
    config["imagery"]["missing_quads"] = "stop"


def truncate_quad(config: Config) -> None:
    path = Path(own("in/imagery/mosaic_1/quad_1_1.tif"))
    path.write_bytes(path.read_bytes()[:-5000])


def blank_quad(config: Config) -> None:
    with rasterio.open(own("in/imagery/mosaic_2/quad_0_0.tif"), "r+") as dataset:
        dataset.write(np.full((3, 256, 256), 90, "uint8"), [1, 2, 3])


def shift_dem(config: Config) -> None:
    with rasterio.open(own("in/dem.tif"), "r+") as dataset:
        dataset.transform = dataset.transform @ rasterio.Affine.translation(100, 0)


def dem_too_high(config: Config) -> None:
    with rasterio.open(own("in/dem.tif"), "r+") as dataset:
        dataset.write((dataset.read() + 6_000).astype("int16"))


def no_month(config: Config) -> None:
    next(Path("in/fldas").glob("*A201906*")).unlink()


def celsius_called_kelvin(config: Config) -> None:
    for path in Path("in/fldas").glob("*.nc"):
        with h5py.File(own(str(path)), "r+") as file:
            file["Tair_f_tavg"][:] -= 273.15


def no_units(config: Config) -> None:
    with h5py.File(own("in/rain.nc"), "r+") as file:
        del file["rain"].attrs["units"]


def a_web_page(config: Config) -> None:
    Path(own("in/fldas/FLDAS_NOAH01_C_GL_M.A201901.001.nc")).write_text("<html>login</html>")


def ground_in_kelvin(config: Config) -> None:
    with rasterio.open(own("in/magt.tif"), "r+") as dataset:
        dataset.write(dataset.read() + 273.15)


def ground_in_another_zone(config: Config) -> None:
    """A projection that does not reach the study, whose coordinates there are infinite."""
    west, north = Affine.translation(3e5, 7e6), Affine.scale(1000, -1000)
    write_raster("in/zone.tif", np.full((9, 9), -2.5, "float32"), CRS.from_epsg(32719), west @ north)
    config["climate"]["ground_temperature"]["path"] = "in/zone.tif"


def links_to_nothing(config: Config) -> None:
    for folder, suffix in (("in/imagery/mosaic_1", "tif"), ("in/fldas", "nc")):
        Path(folder, f"link.{suffix}").symlink_to("/not/mounted")


def sum_of_a_month_called_one_of_a_day(config: Config) -> None:
    with h5py.File(own("in/rain.nc"), "r+") as file:
        file["rain"].attrs["units"] = "mm/day"


def another_grid(config: Config) -> None:
    with h5py.File(own("in/fldas/FLDAS_NOAH01_C_GL_M.A201901.001.nc"), "r+") as file:
        file["X"][:] += 0.01


def tables_without_geometry(config: Config) -> None:
    Path("in/inventory.csv").write_text("name\na\n")
    config["inventories"][0]["path"] = "in/inventory.csv"


def ground_without_crs(config: Config) -> None:
    with rasterio.open("in/magt.tif") as dataset:
        values, transform = dataset.read(1), dataset.transform
    shape = {"height": 40, "width": 40, "count": 1, "dtype": "float32"}
    Path("in/magt.tif").unlink()
    with rasterio.open("in/magt.tif", "w", driver="GTiff", transform=transform, **shape) as dataset:
        dataset.write(values, 1)


def change(keys: str, value: Any) -> Callable[[Config], None]:
    """Return a damage that sets a key of the config."""

    def damage(config: Config) -> None:
        *path, last = keys.split(".")
        part: Any = config
        for key in path:
            part = part[int(key) if key.isdigit() else key]
        part[last] = value

    return damage


DAMAGES: list[tuple[Callable[[Config], None], str, str, str, str]] = [
    (without_imagery, FAILED, "extent", "imagery.mosaics", r"Here: \d\d\.\d\d % missing"),
    (truncate_quad, FAILED, "pixels", "imagery.mosaics: Mosaic 2021 Q3", r"quad_1_1.tif is damaged: .*; fetch it"),
    (truncate_quad, FAILED, "format", "imagery.mosaics: Mosaic 2021 Q3", r"1 of 4 quads .*quad_1_1.tif is truncated"),
    (blank_quad, WARNING, "pixels", "imagery.mosaics: Mosaic 2021 Q4", r"quad_0_0.tif has a standard deviation of 0.0"),
    (change("imagery.bands", list("rgbn")), FAILED, "format", "imagery.mosaics: Mosaic 2021 Q3", r"3 image bands"),
    (shift_dem, FAILED, "extent", "elevation.tiles", r"Here: .* % missing"),
    (dem_too_high, FAILED, "values", "elevation.tiles", r"10\d\d\d to 1\d\d\d\d m"),
    (no_month, FAILED, "dates", "climate.air_temperature", r"missing: 2019-06; more than once: none"),
    (celsius_called_kelvin, FAILED, "units and values", "climate.air_temperature", r"outside -95 to 60"),
    (no_units, FAILED, "units and values", "climate.precipitation", r"'rain' states no units"),
    (links_to_nothing, FAILED, "presence", "climate.air_temperature", r"1 of 13 are links to nothing: .*link.nc"),
    (links_to_nothing, FAILED, "format", "climate.air_temperature", r"link.nc is damaged, it cannot be opened: .*No"),
    (sum_of_a_month_called_one_of_a_day, FAILED, "units and values", "climate.precipitation", r"comes to 14\d00 mm"),
    (another_grid, FAILED, "units and values", "climate.air_temperature", r"2 different grids in 8 months sampled"),
    (a_web_page, FAILED, "format", "climate.air_temperature", r"1 of 12 files .*A201901.001.nc is neither netCDF"),
    (ground_in_kelvin, FAILED, "format and values", "climate.ground_temperature", r"270.6 to 270.6 °C"),
    (ground_without_crs, FAILED, "format and values", "climate.ground_temperature", r"no coordinate reference system"),
    (ground_in_another_zone, FAILED, "format and values", "climate.ground_temperature", r"no value where the study is"),
    (change("subregions.names", ["Hare"]), FAILED, "names", "subregions.names", r"did you mean 'Here'"),
    (change("inventories.0.id_field", "nam"), FAILED, "vectors", "inventories: Ours", r"Did you mean 'name'"),
    (tables_without_geometry, FAILED, "vectors", "inventories: Ours", r"inventory.csv is a table without geometry"),
    (change("rgik.moving_areas", "in/inventory.gpkg"), FAILED, "vectors", "rgik: moving_areas", r"unknown field 'VelC"),
    (change("elevation.tiles", "in/none/*.zip"), FAILED, "presence", "elevation.tiles", r"no file in/none/\*.zip"),
    (
        change("elevation.tiles", "results/demo_world/x.zip"),
        FAILED,
        "presence",
        "elevation.tiles",
        r"of the demo world",
    ),
    (change("prediction.device", "cuda"), FAILED, "gpu", "training.device, prediction.device", r"0 GPUs: none"),
]


@pytest.mark.parametrize(("damage", "kind", "check", "what", "found"), DAMAGES)
def test_a_damage_is_found_and_named(
    study: Config, damage: Callable[[Config], None], kind: str, check: str, what: str, found: str
) -> None:
    if what not in ("climate.air_temperature", "climate.precipitation"):
        without_climate(study)  # which takes the longest to look at
    if not what.startswith("imagery"):
        study["imagery"]["mosaics"] = []
    damage(study)
    verdicts = of(looked_at(study), kind)
    hit = [verdict for verdict in verdicts if (verdict.check, verdict.input) == (check, what)]
    assert len(hit) == 1, verdicts
    assert re.search(found, hit[0].found), hit[0].found
    assert hit[0].to_do


def test_a_map_of_the_hemisphere_holds_the_study(study: Config) -> None:
    """That of Obu et al. (2018) is one round the pole, whose border is no polygon in degrees."""
    without_climate(study)
    values = np.full((90, 90), -2.5, "float32")
    corner = Affine.translation(-9e6, 9e6) @ Affine.scale(200_000, -200_000)
    write_raster("in/north.tif", values, CRS.from_epsg(3995), corner)
    study["climate"]["ground_temperature"]["path"] = "in/north.tif"
    assert [verdict.input for verdict in of(looked_at(study), FAILED)] == []


def test_a_study_elsewhere_is_told_by_what_is_missing(study: Config) -> None:
    """All imagery may not be missing, even where some may; and no heights are asked for where no tile lies."""
    without_climate(study)
    study["imagery"]["missing_quads"] = "nodata"
    frame = gpd.GeoDataFrame({"NAME": ["Here"]}, geometry=[shapely.box(10, 46, 10.1, 46.1)], crs=4326)
    write_layers("in/elsewhere.gpkg", {"subregions": frame})
    study["subregions"]["layers"][0]["path"] = "in/elsewhere.gpkg"
    failed = [(verdict.check, verdict.input) for verdict in of(looked_at(study), FAILED)]
    assert failed == [
        ("extent", "imagery.mosaics"),
        ("extent", "elevation.tiles"),
        ("format and values", "climate.ground_temperature"),
    ]


def test_nothing_at_all_is_reported_input_by_input(study: Config, tmp_path: Path) -> None:
    """As in a study whose inputs have not been fetched yet."""
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    found = looked_at(study)
    absent = [verdict for verdict in of(found, FAILED) if verdict.check == "presence"]
    assert len(absent) == 8
    assert any("NASA Earthdata" in verdict.to_do for verdict in absent)
    assert (found.area, found.needs, found.covers) == (None, None, [])


def test_a_disk_that_is_too_small_and_a_cluster(study: Config) -> None:
    without_climate(study)
    study["prediction"]["device"] = "cuda"
    found = looked_at(study, Machine((), 2, 100, 1e-6, True))
    assert {verdict.check for verdict in of(found, FAILED)} == {"disk", "memory"}
    assert [verdict.check for verdict in of(found, WARNING)] == ["gpu"]


def test_the_tile_index_of_an_earlier_run_is_used_while_it_holds(
    study: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_climate(study)
    for mosaic in study["imagery"]["mosaics"]:
        paths = sorted(map(str, Path().glob(mosaic["quads"])))
        Path("results/imagery").mkdir(parents=True, exist_ok=True)
        write_index(f"results/imagery/{slug(mosaic['name'])}.gpkg", index_quads(paths, 3, None, 1), 3)
    opened: list[list[str]] = []

    def survey(paths: list[str], *_: object) -> tuple[None, list[str]]:
        opened.append(paths)
        return None, ["not asked"]

    monkeypatch.setattr(imagery, "survey_quads", survey)
    assert not of(looked_at(study), FAILED)
    assert opened == []
    quad = Path("in/imagery/mosaic_1/quad_0_0.tif")
    os.utime(quad, (2e9, 2e9))  # fetched anew
    assert [verdict.check for verdict in of(looked_at(study), FAILED)] == ["format"]
    assert [len(paths) for paths in opened] == [4]
    quad.unlink()
    quad.symlink_to("/not/mounted")
    assert {verdict.check for verdict in of(looked_at(study), FAILED)} == {"presence", "format", "pixels"}


def test_edits_in_review_are_looked_at(study: Config) -> None:
    without_climate(study)
    study["review"]["folder"] = "review"
    for name in ("here", "elsewhere"):
        Path("review", name).mkdir(parents=True)
    Path("review/here/outlines.kml").touch()
    verdicts = [verdict for verdict in looked_at(study).verdicts if verdict.check == "review"]
    assert [(verdict.verdict, verdict.input) for verdict in verdicts] == [(FAILED, "review/here"), (WARNING, "review")]
    assert "outlines.kml would be passed over" in verdicts[0].found


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [("yes", OK, "1 files, 1 answers, 0 outlines"), ("maybe", FAILED, "feature 1: answer 'maybe' is none of")],
)
def test_answers_of_reviewers_are_looked_at(study: Config, answer: str, kind: str, told: str) -> None:
    without_climate(study)
    study["imagery"]["mosaics"] = []
    study["validation"]["folder"] = "answers"
    Path("answers").mkdir()
    columns = {"ID": ["x"], "answer": [answer], "reviewer": study["validation"]["reviewers"][:1]}
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.Point(79, 35)], crs=4326)
    write_layers("answers/somebody.gpkg", {"answers": frame})
    (verdict,) = [verdict for verdict in looked_at(study).verdicts if verdict.check == "validation"]
    assert (verdict.verdict, verdict.input) == (kind, "answers")
    assert told in verdict.found


def of_the_inventory(found: Examination) -> Verdict:
    (verdict,) = [verdict for verdict in found.verdicts if verdict.input == "inventories: Ours"]
    return verdict


def test_labels_off_the_pixels_of_the_imagery_are_found(study: Config) -> None:
    without_climate(study)
    with rasterio.open("in/imagery/mosaic_1/quad_0_0.tif") as image:
        crs, transform = image.crs, image.transform
    study["inventories"][0] |= {"path": "in/labels*.tif", "id_field": None}
    write_raster("in/labels_1.tif", np.eye(40, dtype=np.uint8), crs, transform)
    write_raster("in/labels_2.tif", np.ones((40, 40), np.uint8), crs, transform)
    verdict = of_the_inventory(looked_at(study))
    assert (verdict.verdict, verdict.found) == (OK, "41 polygons")
    write_raster("in/labels_2.tif", np.ones((40, 40), np.uint8), crs, transform @ Affine.translation(0.3, 0))
    verdict = of_the_inventory(looked_at(study))
    assert verdict.verdict == FAILED
    assert "labels_2.tif lies +0.30 pixels east and" in verdict.found


def test_what_the_compilation_would_repair_or_drop_is_counted_but_not_what_the_config_leaves_out(study: Config) -> None:
    without_climate(study)
    frame = gpd.read_file("in/inventory.gpkg")
    line = shapely.LineString(frame.geometry[0].geoms[0].exterior.coords)
    more = gpd.GeoDataFrame({"name": ["c", "d", "e"]}, geometry=[line, shapely.Point(79, 35), line], crs=4326)
    Path("in/inventory.gpkg").unlink()
    pd.concat([frame, more]).to_file("in/inventory.gpkg")
    study["inventories"][0]["leave_out"] = {"name": ["e"]}
    verdict = of_the_inventory(looked_at(study))
    assert (verdict.verdict, verdict.found) == (WARNING, "3 polygons, 1 repaired, 1 dropped")


def test_review_files_for_the_next_training_are_read(study: Config) -> None:
    without_climate(study)
    study["imagery"]["mosaics"] = []
    study["compile"]["removed_by_review"] = "in/reviews"
    Path("in/reviews/elsewhere").mkdir(parents=True)
    gpd.read_file("in/inventory.gpkg").to_file("in/reviews/elsewhere/ann.gpkg")
    (verdict,) = [verdict for verdict in of(looked_at(study), FAILED) if verdict.check == "review"]
    assert verdict.input == "in/reviews/elsewhere"
    assert "ann.gpkg: no layer has the field 'operation'" in verdict.found
