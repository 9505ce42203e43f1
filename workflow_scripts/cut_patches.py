"""Cut the training and validation patches out of the imagery."""

import logging
from collections import Counter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.cutting import LeftOut, Place, cut, places
from workflow_scripts.rogi.training.patches import Patch, write_patches
from workflow_scripts.rogi.training.split import in_validation

NAMED = 10  # polygons that a message names


def main(
    inventory: str,
    indexes: list[str],
    patches: str,
    footprints: str,
    bands: list[str],
    nodata: float | None,
    damaged: str,
    screening: dict[str, Any],
    buffer_m: float,
    size_px: int,
    stride_px: int,
    min_valid_share: float,
    method: str,
    validation_share: float,
    block_m: float,
    seed: int,
) -> None:
    """Split the polygons, cut patches round them, and write the patches and a map of where they lie."""
    rock_glaciers = read_vector(inventory, "rock_glaciers")
    negatives = read_vector(inventory, "negatives")
    generator = np.random.default_rng(seed)
    for frame in (rock_glaciers, negatives):
        frame["validation"] = in_validation(frame.geometry, method, validation_share, block_m, generator)
    polygons = gpd.GeoDataFrame(pd.concat([rock_glaciers, negatives], ignore_index=True), crs=rock_glaciers.crs)
    with Imagery(indexes, len(bands), nodata, Screening(**screening), damaged) as imagery:
        wanted = places(polygons, imagery.grid, buffer_m, size_px, stride_px)
        rows: list[dict[str, Any]] = []
        with progress("cutting patches", len(wanted), "patches") as bar:

            def kept() -> Any:
                for place, patch in cut(wanted, imagery, rock_glaciers.geometry, min_valid_share):
                    bar.advance(1)
                    rows.append(_row(place, patch, imagery))
                    if isinstance(patch, Patch):
                        yield patch
                _check_training(rows)

            write_patches(patches, kept(), bands, size_px)
        table = gpd.GeoDataFrame(rows, crs=imagery.grid.crs)
    _report_polygons(polygons, table)
    write_layers(footprints, {"patches": table, "polygons": polygons})
    used = table[table["used"]]
    logging.getLogger("rogi").info(
        "%d rock glaciers for training, %d for validation; %d training and %d validation patches, %d left out",
        *((~rock_glaciers["validation"]).sum(), rock_glaciers["validation"].sum()),
        *((~used["validation"]).sum(), used["validation"].sum(), (~table["used"]).sum()),
    )


def _check_training(rows: list[dict[str, Any]]) -> None:
    """Check, before the file takes its place, that training patches are left.

    Raises:
        ValueError: There is none; the message counts the causes.
    """
    outcomes = Counter(row["left_out"] for row in rows if not row["validation"])
    if not outcomes[""]:
        raise ValueError(
            f"none of {outcomes.total()} training patches can be used: {outcomes[LeftOut.IMAGERY.value]} because "
            "imagery is missing there or smaller than a patch (fetch it, or lower patches.size_px or "
            f"patches.min_valid_share), {outcomes[LeftOut.VALIDATION.value]} because they lie in validation patches "
            "(lower split.validation_share, or split by blocks)"
        )


def _report_polygons(polygons: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> None:
    logger = logging.getLogger("rogi")
    if not polygons["validation"].any():
        logger.warning("no polygon is for validation; raise split.validation_share to know how good the network is")
    without = polygons[~polygons["uid"].isin(table.loc[table["used"], "uid"])]
    for split, chosen in (("training", ~without["validation"]), ("validation", without["validation"])):
        uids = without.loc[chosen, "uid"].tolist()
        named = ": " + ", ".join(uids[:NAMED] + ["…"] * (len(uids) > NAMED)) if uids else ""
        logger.info("%d %s polygons without any patch%s", len(uids), split, named)


def _row(place: Place, patch: Patch | LeftOut, imagery: Imagery) -> dict[str, Any]:
    kept = patch if isinstance(patch, Patch) else None
    return {
        "uid": place.uid,
        "validation": place.validation,
        "used": kept is not None,
        "left_out": patch.value if isinstance(patch, LeftOut) else "",
        "valid_share": 0.0 if kept is None else float(kept.valid.mean()),
        "rock_glacier_share": 0.0 if kept is None else float(kept.label.mean()),
        "geometry": shapely.box(*imagery.grid.bounds(place.window)),
    }


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
