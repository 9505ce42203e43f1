"""Tile index of one mosaic, every quad checked."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.imagery.index import index_quads, write_index


def main(quads: list[str], index: str, bands: list[str], nodata: float | None, threads: int) -> None:
    """Index the quads, in sorted order so that the index does not depend on how they were listed."""
    found = index_quads(sorted(quads), len(bands), nodata, threads)
    write_index(index, found, len(bands))
    megapixels = (found["height"] * found["width"]).sum() / 1e6
    logging.getLogger("rogi").info("%d quads, %.1f Mpx", len(found), megapixels)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
