"""The loop over cells, on CPU or GPU; what is done to a cell is the same code."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numba import cuda, njit
from numba.extending import register_jitable

from workflow_scripts.rogi.insolation.cells import Cells
from workflow_scripts.rogi.insolation.horizon import Terrain, horizon_of_cell
from workflow_scripts.rogi.insolation.kernel import year_of_cell
from workflow_scripts.rogi.insolation.sun import Calendar

CPU_CELLS, CUDA_CELLS = 64, 1 << 16  # at once; the horizon of one, in 64 sectors, takes 260 bytes
CUDA_THREADS = 128


class DeviceError(RuntimeError):
    """The device that was asked for is not there."""


class Results(NamedTuple):
    """What is found for n cells, to be filled.

    Attributes:
        horizons: Float32, shape (n, sectors + 1), see `horizon_of_cell`.
        known: Shape (n,): share of the horizon's rays on valid heights.
        sums: Shape (n, 4), kWh m⁻² yr⁻¹, see `year_of_cell`.
    """

    horizons: np.ndarray
    known: np.ndarray
    sums: np.ndarray


def empty_results(cells: int, sectors: int) -> Results:
    """Return room for what is found."""
    return Results(np.empty((cells, sectors + 1), np.float32), np.empty(cells), np.empty((cells, 4)))


def choose(device: str) -> str:
    """Return `cuda` or `cpu` for a device of the config.

    Raises:
        DeviceError: `cuda` is asked for, and numba finds none.
    """
    if device == "cpu" or (device == "auto" and not cuda.is_available()):
        return "cpu"
    if not cuda.is_available():
        raise DeviceError(
            "insolation.device is cuda, and numba finds no GPU or no CUDA toolkit (`numba -s` says which); "
            "set it to auto or cpu in the config"
        )
    return "cuda"


def run(
    cells: Cells, terrain: Terrain, calendar: Calendar, sectors: int, device: str, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return `known` and `sums` of all cells, see `Results`; on a CPU, in threads.

    Beside what is given and returned, no more is held than the horizons of CPU_CELLS cells per thread (17 kB), or of
    CUDA_CELLS on a GPU (17 MB).
    """
    known, sums = np.empty(len(cells.row)), np.empty((len(cells.row), 4))
    compute: Callable[[Cells, Terrain, Calendar, Results], None] = on_cuda if device == "cuda" else on_cpu
    size = CUDA_CELLS if device == "cuda" else CPU_CELLS

    def compute_part(start: int) -> None:
        part = cells.part(slice(start, start + size))
        results = empty_results(len(part.row), sectors)
        compute(part, terrain, calendar, results)
        known[start : start + size], sums[start : start + size] = results.known, results.sums

    with ThreadPoolExecutor(1 if device == "cuda" else threads) as pool:
        list(pool.map(compute_part, range(0, len(known), size)))
    return known, sums


@register_jitable
def _compute_cell(cell: int, cells: Cells, terrain: Terrain, calendar: Calendar, results: Results) -> None:
    horizon, sums = results.horizons[cell], results.sums[cell]
    results.known[cell] = horizon_of_cell(cells.row[cell], cells.column[cell], cells.steps[cell], terrain, horizon)
    sums[0], sums[1], sums[2], sums[3] = year_of_cell(
        cells.latitude[cell], cells.normal[cell], cells.pressure[cell], horizon, calendar
    )


@njit(nogil=True)
def on_cpu(cells: Cells, terrain: Terrain, calendar: Calendar, results: Results) -> None:
    """Fill the results of some cells, in one thread."""
    for cell in range(len(results.known)):
        _compute_cell(cell, cells, terrain, calendar, results)


@cuda.jit
def _kernel(cells: Cells, terrain: Terrain, calendar: Calendar, results: Results) -> None:
    cell: int = cuda.grid(1)  # type: ignore[call-arg]
    if cell < len(results.known):
        _compute_cell(cell, cells, terrain, calendar, results)


def on_cuda(cells: Cells, terrain: Terrain, calendar: Calendar, results: Results) -> None:
    """Fill the results of some cells on a GPU, a thread for each."""
    found = _to_device(results)
    blocks = -(-len(results.known) // CUDA_THREADS)
    _kernel[blocks, CUDA_THREADS](_to_device(cells), _to_device(terrain), _to_device(calendar), found)
    for there, here in zip(found, results, strict=True):
        there.copy_to_host(here)


def _to_device(values: Any) -> Any:
    return type(values)(*(cuda.to_device(value) if isinstance(value, np.ndarray) else value for value in values))
