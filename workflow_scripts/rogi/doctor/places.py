"""The subregions: can they be read, and where are they?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow_scripts.rogi.doctor.covers import Area
from workflow_scripts.rogi.doctor.verdicts import OK, Check, Verdict, answered
from workflow_scripts.rogi.geodesy import area_m2, buffer_true_m
from workflow_scripts.rogi.inventory.subregions import choose, read_boundaries


def examine_places(config: Mapping[str, Any]) -> tuple[list[Verdict], Area | None]:
    """Read the boundary layers that are there and find the configured names in them.

    Returns:
        Verdicts on the layers and on the names, and the study area, None if a name is not found.
    """
    settings = config["subregions"]
    present = [layer for layer in settings["layers"] if Path(layer["path"]).exists()]
    verdicts = [_layer(layer) for layer in present]
    readable = [layer for layer, verdict in zip(present, verdicts, strict=True) if verdict.verdict == OK]
    areas: list[Area] = []

    def names() -> Verdict:
        areas.append(_area([read_boundaries(layer["path"], layer["name_field"]) for layer in readable], settings))
        return check.ok(f"all {len(settings['names'])}, {area_m2(areas[0].subregions.geometry).sum() / 1e6:.0f} km²")

    check = Check("names", "subregions.names", "every name in a boundary layer", "correct the name, or add its layer")
    answer = answered(check, names) if readable else check.failed("no boundary layer that can be read")
    return [*verdicts, answer], areas[0] if areas else None


def _layer(layer: Mapping[str, str]) -> Verdict:
    check = Check(
        *("format", f"subregions.layers: {layer['path']}", f"polygons with a CRS and the field {layer['name_field']}"),
        "correct the file or its entry in the config",
    )
    return answered(check, lambda: check.ok(f"{len(read_boundaries(layer['path'], layer['name_field']))} polygons"))


def _area(boundaries: list[Any], settings: Mapping[str, Any]) -> Area:
    subregions = choose(boundaries, settings["names"])
    return Area(subregions, buffer_true_m(subregions.geometry, settings["halo_m"]))
