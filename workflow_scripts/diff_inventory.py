"""What changed between the version of the inventory that was published before and this one."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import write_layers
from workflow_scripts.rogi.inventory.changes import compare
from workflow_scripts.rogi.inventory.versions import read_version


def main(previous: list[str], inventory: str, diff: str, linked_share: float, unchanged_iou: float) -> None:
    """Compare two versions by their outlines.

    Args:
        previous: The older version, and what lies beside it if it is a shapefile.
        inventory: The newer version.
        diff: GeoPackage to write; layers before and after with the outlines, tables changes and summary.
        linked_share: See `changes.compare`.
        unchanged_iou: See `changes.compare`.
    """
    found = compare(read_version(previous[0]), read_version(inventory), linked_share, unchanged_iou)
    write_layers(diff, found._asdict(), {"before": "MultiPolygon", "after": "MultiPolygon"})
    counts = ", ".join(f"{row.changes} {row.change}" for row in found.summary.itertuples())
    logging.getLogger("rogi").info(
        "%s (%d rock glaciers) to %s (%d): %s; %d IDs in both, area %+.2f km²",
        *(previous[0], len(found.before), inventory, len(found.after), counts, found.summary["ids_in_both"].sum()),
        found.summary["area_change_m2"].sum() / 1e6,
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
