"""Where an inventory comes from: versions, the state of the code, and the checksums of its inputs."""

import hashlib
import platform
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path

import geopandas as gpd
import pyogrio
import pyproj
import rasterio
import shapely

CHUNK_BYTES = 1 << 20


def versions() -> dict[str, str]:
    """Return the versions of Python, of every installed package and of the libraries behind the spatial ones."""
    packages = {str(found.metadata["Name"]).lower(): str(found.version) for found in distributions()}
    libraries = {
        "python": platform.python_version(),
        "GDAL (rasterio)": rasterio.__gdal_version__,
        "GDAL (pyogrio)": ".".join(map(str, pyogrio.__gdal_version__)),
        "PROJ": pyproj.proj_version_str,
        "GEOS": shapely.geos_version_string,
    }
    return libraries | dict(sorted(packages.items()))


def git_state(folder: Path) -> dict[str, str | bool | None]:
    """Return the commit of a checkout and whether files differ from it; both None outside a checkout."""
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain")
    return {"commit": commit, "dirty": None if commit is None or status is None else bool(status)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # git is not installed, or this is no checkout
        return None
    return done.stdout.strip()


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def describe_files(
    paths: Iterable[str], unsummed: Iterable[str], threads: int
) -> dict[str, dict[str, str | int | None]]:
    """Return size in bytes and SHA-256 of files, by path.

    Args:
        paths: Files to describe in full.
        unsummed: Files whose checksum would take too long; it is None.
        threads: How many files to read at a time.
    """
    full = sorted(set(paths))
    with ThreadPoolExecutor(threads) as pool:
        sums: dict[str, str | None] = dict(zip(full, pool.map(checksum, full), strict=True))
    known = dict.fromkeys(unsummed, None) | sums
    return {path: {"bytes": Path(path).stat().st_size, "sha256": known[path]} for path in sorted(known)}


def inventory_counts(rock_glaciers: gpd.GeoDataFrame) -> dict[str, object]:
    """Return the number and area of rock glaciers, and their number by subregion and by what the review did."""
    counts = {name: rock_glaciers[name].value_counts().sort_index() for name in ("SUBREGION", "OPERATION")}
    return {
        "rock_glaciers": len(rock_glaciers),
        "area_km2": round(float(rock_glaciers["AREA"].sum()) / 1e6, 6),
        "by_subregion": {str(name): int(count) for name, count in counts["SUBREGION"].items()},
        "by_operation": {str(name): int(count) for name, count in counts["OPERATION"].items()},
    }
