"""Put the finished package where readers look for it.

Snakemake deletes a rule's outputs before its job starts. Were the package made in place, a failed check or a full disk
would take the older inventory away. So it is made elsewhere, and linked by this job, which needs no room.
"""

import logging
import os
import shutil
from pathlib import Path

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import replacing


def main(package: list[str], sources: list[str], published: list[str]) -> None:
    """Link every file of the package to its published name, or copy it where the file system has no links.

    Args:
        package: The finished files.
        sources: What the package was made from, for Snakemake to watch.
        published: Their names for readers, in the same order.
    """
    del sources
    for source, target in zip(package, published, strict=True):
        Path(target).unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            with replacing(target) as temporary:
                shutil.copy2(source, temporary)
    logging.getLogger("rogi").info("%d files published: %s", len(published), ", ".join(published))


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
