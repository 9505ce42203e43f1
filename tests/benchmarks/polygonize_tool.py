"""GDAL's own tool, started from a process that is small: Linux counts the starter's memory to what it starts."""

import resource
import shutil
import subprocess
import time

from tests.benchmarks.machine import MEMORY_UNIT

TOOL = "gdal_polygonize.py"


def version() -> str | None:
    """Return the version of GDAL that the tool belongs to, None if it is absent."""
    if not shutil.which(TOOL):
        return None
    return subprocess.run(["gdalinfo", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def run(mask: str, output: str) -> dict[str, float]:
    """Time `gdal_polygonize.py -8`, from a file of 0 and 1 to a FlatGeobuf file, its start included.

    Into a GeoPackage, it would spend most of its time on writing.
    """
    start = time.perf_counter()
    subprocess.run([TOOL, "-q", "-8", "-f", "FlatGeobuf", mask, output], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "tool_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * MEMORY_UNIT / 2**20,
    }
