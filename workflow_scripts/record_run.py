"""The record of a run: config, versions, state of the code, checksums of inputs, and what came out."""

import json
import logging
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_text
from workflow_scripts.rogi.inventory.provenance import (
    describe_files,
    git_state,
    inventory_counts,
    versions,
)


def main(
    inventory: str,
    inputs: list[str],
    imagery: list[str],
    record: str,
    config: dict[str, Any],
    checksum_imagery: bool,
    threads: int,
) -> None:
    """Write the record as JSON.

    Args:
        inventory: The published GeoPackage.
        inputs: Files that the run started from.
        imagery: The imagery's files.
        record: JSON to write.
        config: The resolved config.
        checksum_imagery: Whether to read all imagery for its checksums; else only its sizes are recorded.
        threads: How many files to read at a time.
    """
    summed = [inventory, *inputs, *(imagery if checksum_imagery else [])]
    files = describe_files(summed, [] if checksum_imagery else imagery, threads)
    written = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "platform": platform.platform(),
        "code": git_state(Path(__file__).resolve().parents[1]),
        "inventory": {"path": inventory, **files.pop(inventory)}
        | inventory_counts(read_vector(inventory, "rock_glaciers")),
        "config": config,
        "inputs": files,
        "versions": versions(),
    }
    write_text(record, json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    size = sum(int(entry["bytes"] or 0) for entry in files.values())
    logging.getLogger("rogi").info("%d input files, %.1f MB, recorded in %s", len(files), size / 1e6, record)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
