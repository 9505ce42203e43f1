"""How patches are stored: one block of the file each, the same bytes every time, one in memory at a time."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from workflow_scripts.rogi.training.records import COLUMNS, DATASET, Patch, record_type, write_patches

SIZE = 16
BANDS, CHANNELS = ["red", "green", "blue"], ["slope", "coherence"]


def patch(rng: np.random.Generator, channels: int = len(CHANNELS)) -> Patch:
    valid = rng.random((SIZE, SIZE)) < 0.8
    image = rng.integers(0, 256, (len(BANDS), SIZE, SIZE), np.uint8) * valid
    more = rng.normal(0, 1, (channels, SIZE, SIZE)).astype(np.float32)
    more[rng.random(more.shape) < 0.1] = np.nan
    return Patch(image, more, (rng.random((SIZE, SIZE)) < 0.3) & valid, valid)


def row(number: int) -> dict[str, Any]:
    texts = {"uid": f"alpes_françaises-{number}", "kind": "rock_glacier", "inventory": "Alpes françaises"}
    shares = {name: number / 10 for name, kind in COLUMNS.items() if kind == "<f8"}
    return texts | shares | {"look": "composite", "row_off": -number, "col_off": 2**40 + number, "more": "unused"}


def write(path: Path, patches: list[Patch], channels: list[str] = CHANNELS) -> Path:
    write_patches(path, zip(patches, map(row, range(99)), strict=False), BANDS, channels, SIZE, 0.6)
    return path


@pytest.fixture
def patches(rng: np.random.Generator) -> list[Patch]:
    return [patch(rng) for _ in range(5)]


def test_a_patch_is_one_block_of_the_file(tmp_path: Path, patches: list[Patch]) -> None:
    path = write(tmp_path / "patches.h5", patches)
    content = path.read_bytes()
    with h5py.File(path) as file:
        for number, one in enumerate(patches):
            block = file[DATASET].id.get_chunk_info(number)
            label, valid = one.label.astype(np.uint8), one.valid.astype(np.uint8)
            expected = b"".join(part.tobytes() for part in (one.image, one.channels, label, valid))
            assert content[block.byte_offset : block.byte_offset + block.size] == expected


def test_records_have_no_padding() -> None:
    for bands, channels in ((3, 0), (3, 1), (4, 6)):
        assert record_type(bands, channels, 5).itemsize == 25 * (bands + 4 * channels + 2)


def test_the_same_patches_are_the_same_bytes(tmp_path: Path, patches: list[Patch]) -> None:
    one, other = (write(tmp_path / name / "patches.h5", patches) for name in ("a", "b"))
    assert one.read_bytes() == other.read_bytes()
    stored: list[h5py.Dataset] = []
    with h5py.File(one) as file:
        file.visititems(lambda _, item: stored.append(item) if isinstance(item, h5py.Dataset) else None)
        assert len(stored) == 1 + len(COLUMNS)
        assert not any(h5py.h5g.get_objinfo(file.id, item.name.encode()).mtime for item in stored)
        numbers = [item.dtype for item in stored if item.dtype.kind in "if"]
        assert all(kind.newbyteorder("<") == kind for kind in numbers)


def test_one_patch_is_in_memory_at_a_time(tmp_path: Path, rng: np.random.Generator) -> None:
    made: list[weakref.ref[Patch]] = []

    def patches() -> Iterator[tuple[Patch, dict[str, Any]]]:
        for number in range(20):
            one = patch(rng)
            made.append(weakref.ref(one))
            assert sum(reference() is not None for reference in made) <= 2
            yield one, row(number)

    write_patches(tmp_path / "patches.h5", patches(), BANDS, CHANNELS, SIZE, 0.6)
    assert len(made) == 20


def test_a_failure_leaves_no_file(tmp_path: Path, patches: list[Patch]) -> None:
    def broken() -> Iterator[tuple[Patch, dict[str, Any]]]:
        yield patches[0], row(0)
        raise RuntimeError("imagery unreadable")

    with pytest.raises(RuntimeError, match="imagery unreadable"):
        write_patches(tmp_path / "patches.h5", broken(), BANDS, CHANNELS, SIZE, 0.6)
    assert list(tmp_path.iterdir()) == []
