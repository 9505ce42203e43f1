"""Says what is wrong in anybody's RGIK inventory, and where: `python -m workflow_scripts.rogi.rgik.validate FILE`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from workflow_scripts.rogi.rgik.field_checks import field_findings
from workflow_scripts.rogi.rgik.findings import ERROR, WARNING, Check, Finding
from workflow_scripts.rogi.rgik.id_checks import id_findings
from workflow_scripts.rogi.rgik.reading import Part, read_parts
from workflow_scripts.rogi.rgik.relation_checks import relation_findings
from workflow_scripts.rogi.rgik.schema import LAYERS
from workflow_scripts.rogi.rgik.shape_checks import shape_findings

NO_LAYER = Check(
    "layer is there", "a layer of that kind", "add it; for one file of several, give the folder of them all"
)
EMPTY = Check("layer holds features", "at least one feature", "fill it, unless there is nothing to find", "", WARNING)


def validate(path: str | Path) -> pd.DataFrame:
    """Check a file or a folder of files; bad data end in the table, not in an error.

    Returns:
        One row per finding, the columns those of `findings.Finding`; errors first, then in the order of the file.

    Raises:
        FileNotFoundError: There is no such file.
    """
    parts, findings = read_parts(path)
    table = pd.DataFrame([*findings, *check(parts)], columns=list(Finding._fields), dtype=object)
    return table.sort_values("severity", kind="stable", ignore_index=True)


def check(parts: Sequence[Part]) -> list[Finding]:
    """Return what is wrong in the layers of a file and between them."""
    findings = [
        NO_LAYER.of(layer.code, f"none among {', '.join(part.name for part in parts) or 'no layers'}")
        for layer in LAYERS
        if layer.required and layer.code not in {part.layer.code for part in parts}
    ]
    for part in parts:
        findings += _of_layer(part)
    layers = _together(parts)
    return [*findings, *id_findings(layers), *relation_findings(layers)]


def _of_layer(part: Part) -> list[Finding]:
    if part.frame.empty:
        return [EMPTY.of(part.name, "none")] if part.layer.required else []
    return [*field_findings(part), *shape_findings(part)]


def _together(parts: Sequence[Part]) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of one kind as one frame, by code; those without features are left out."""
    codes = dict.fromkeys(part.layer.code for part in parts if len(part.frame))
    frames = {code: [part.frame for part in parts if part.layer.code == code and len(part.frame)] for code in codes}
    return {code: pd.concat(of_code) for code, of_code in frames.items()}


def as_text(findings: pd.DataFrame) -> str:
    """Return findings as lines."""
    return "\n".join(str(Finding(*row)) for row in findings.itertuples(index=False))


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong with a file; return 1 on errors, 2 where there is nothing to check, else 0."""
    parser = argparse.ArgumentParser(prog="python -m workflow_scripts.rogi.rgik.validate", description=__doc__)
    parser.add_argument("file", help="GeoPackage, shapefile or other vector file, or a folder of them")
    parser.add_argument("--json", action="store_true", help="print the findings as a JSON list")
    given = parser.parse_args(arguments)
    try:
        findings = validate(given.file)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    errors = int((findings["severity"] == ERROR).sum())
    if given.json:
        print(findings.to_json(orient="records", force_ascii=False, indent=2))
    else:
        print(
            *([as_text(findings)] if len(findings) else []),
            f"{errors} errors, {len(findings) - errors} warnings",
            sep="\n",
        )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
