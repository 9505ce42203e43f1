"""Reading patches: what was written, in the order asked for, in any process."""

import multiprocessing
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from tests.training.test_records import BANDS, CHANNELS, SIZE, patch, row, write
from workflow_scripts.rogi.training.patches import PatchFile
from workflow_scripts.rogi.training.records import COLUMNS, Patch


@pytest.fixture
def patches(rng: np.random.Generator) -> list[Patch]:
    return [patch(rng) for _ in range(5)]


@pytest.fixture
def path(patches: list[Patch], tmp_path: Path) -> Path:
    return write(tmp_path / "patches.h5", patches)


def test_patches_come_back_in_the_order_asked_for(path: Path, patches: list[Patch]) -> None:
    with PatchFile(path) as store:
        batch = store.read(np.array([3, 0, 3]))
    for position, number in enumerate([3, 0, 3]):
        for name, part in batch._asdict().items():
            assert np.array_equal(part[position].numpy(), getattr(patches[number], name), equal_nan=name == "channels")
    assert [part.dtype for part in batch] == [torch.uint8, torch.float32, torch.bool, torch.bool]
    assert (store.bands, store.channels, store.size_px, store.min_valid_share) == (BANDS, CHANNELS, SIZE, 0.6)


def test_the_table_comes_back(path: Path) -> None:
    table = PatchFile(path).table
    assert list(table.columns) == list(COLUMNS)
    for number, values in enumerate(table.to_dict("records")):
        assert values == {name: row(number)[name] for name in COLUMNS}


def test_a_study_without_channels(tmp_path: Path, rng: np.random.Generator) -> None:
    one = patch(rng, channels=0)
    with PatchFile(write(tmp_path / "patches.h5", [one], channels=[])) as store:
        batch = store.read([0])
    assert batch.channels.shape == (1, 0, SIZE, SIZE)
    assert np.array_equal(batch.image[0].numpy(), one.image)


def test_no_patch_is_read_where_none_is_asked_for(path: Path) -> None:
    with PatchFile(path) as store:
        assert [part.shape[0] for part in store.read([])] == [0] * 4


def test_a_file_may_be_closed_and_read_again(path: Path, patches: list[Patch]) -> None:
    store = PatchFile(path)
    for _ in range(2):
        assert np.array_equal(store.read([1]).image[0].numpy(), patches[1].image)
        store.close()


def test_a_pickled_file_is_known_by_its_path(path: Path, patches: list[Patch]) -> None:
    with PatchFile(path) as store:
        store.read([0])
        copy = pickle.loads(pickle.dumps(store))
    with copy:
        assert np.array_equal(copy.read([2]).image[0].numpy(), patches[2].image)
        assert copy.table.equals(store.table)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_workers_do_not_share_a_handle(path: Path, patches: list[Patch]) -> None:
    """Processes that share a file's position would read each other's patches."""
    with PatchFile(path) as store:
        store.read([0])
        numbers = np.arange(200) % len(patches)
        with multiprocessing.get_context("fork").Pool(2) as workers:
            sums = [workers.apply_async(image_sums, (store, numbers)) for _ in range(4)]
            expected = [int(patches[number].image.sum()) for number in numbers]
            assert image_sums(store, numbers) == expected
            assert all(each.get(timeout=60) == expected for each in sums)


def image_sums(store: PatchFile, numbers: np.ndarray) -> list[int]:
    images: list[int] = store.read(numbers).image.sum(dim=(1, 2, 3)).tolist()
    return images


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "patches.h5", "w") as file:
        file["image"] = np.zeros((2, 3, SIZE, SIZE), np.uint8)
    with pytest.raises(ValueError, match=r"patches.h5 has no dataset 'patches' of records; make it anew with rule cut"):
        PatchFile(tmp_path / "patches.h5")
