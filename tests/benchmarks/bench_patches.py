"""Reading random batches of patches, from our file and from a GeoTIFF of the image and one of the mask per patch.

`make bench-patches`. Each side runs in a process of its own on one thread and reads the same batches of the same
patches: from memory, where the system keeps files that were read before, by CPU time, the best of several passes; and
once from the disk, after asking the system to drop them.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.machine import describe, measured, table
from tests.benchmarks.patch_files import GEOTIFFS, OURS

COUNT, SIZE_PX, BATCHES, BATCH_SIZE, SEED = 200, 480, 20, 16, 20240
COUNTED = BATCHES * BATCH_SIZE
SIDES = {"ours": "one HDF5 file (ours)"} | {name: f"GeoTIFFs, {name}" for name in GEOTIFFS}


def main(folder: Path) -> None:
    """Print all sides, and the ratio to the fastest GeoTIFFs, read from memory, in the last line."""
    print(describe("h5py"), end="\n\n", flush=True)
    measured("patch_files.prepare", folder=str(folder), count=COUNT, size_px=SIZE_PX, seed=SEED)
    work = {"folder": str(folder), "batches": BATCHES, "batch_size": BATCH_SIZE, "seed": SEED}
    runs = {"ours": measured("patch_files.ours", **work)}
    runs |= {name: measured("patch_files.geotiffs", name=name, **work) for name in GEOTIFFS}
    rates = {(name, where): COUNTED / run[where] for name, run in runs.items() for where in ("memory", "disk")}
    rows = [
        (
            *(SIDES[name], where, f"{rates[name, where]:.0f}", f"{1000 / rates[name, where]:.2f}"),
            *(f"{run['mean']:.4f}", f"{run['peak_mib'] - run['base_mib']:.0f}"),
        )
        for where in ("memory", "disk")
        for name, run in runs.items()
    ]
    table("side | read from | patches / s | ms per patch | mean of pixels and labels | MiB beside the imports", rows)
    sizes = {name: sum(path.stat().st_size for path in (folder / name).iterdir()) for name in GEOTIFFS}
    sizes["ours"] = (folder / OURS).stat().st_size
    print(", ".join(f"{name}: {size / COUNT / 1e6:.2f} MB per patch" for name, size in sizes.items()), end="\n\n")
    ours = rates["ours", "memory"]
    print(f"patches ratio_geotiff={ours / max(rates[name, 'memory'] for name in GEOTIFFS):.1f} per_s={ours:.0f}")


if __name__ == "__main__":
    # One thread: GDAL would otherwise use what the machine has.
    os.environ |= {"GDAL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with TemporaryDirectory(prefix="bench_patches_") as temporary:
        main(Path(temporary))
