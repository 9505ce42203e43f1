"""Patch files: what is written comes back, and the statistics are numpy's."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from workflow_scripts.rogi.training.patches import Patch, PatchFile, write_patches

SIZE = 16


def patch(rng: np.random.Generator, validation: bool) -> Patch:
    valid = rng.random((SIZE, SIZE)) < 0.8
    image = rng.integers(0, 256, (3, SIZE, SIZE), np.uint8) * valid
    return Patch(image, (rng.random((SIZE, SIZE)) < 0.3) & valid, valid, validation)


@pytest.fixture
def patches(rng: np.random.Generator) -> list[Patch]:
    return [patch(rng, validation) for validation in (False, True, False, False, True)]


@pytest.fixture
def path(patches: list[Patch], tmp_path: Path) -> Path:
    write_patches(tmp_path / "patches.h5", iter(patches), ["red", "green", "blue"], SIZE)
    return tmp_path / "patches.h5"


def test_patches_come_back_in_the_order_asked_for(path: Path, patches: list[Patch]) -> None:
    store = PatchFile(path)
    image, label, valid = store.read(np.array([3, 0, 3]))
    store.close()
    for position, number in enumerate([3, 0, 3]):
        assert np.array_equal(image[position], patches[number].image)
        assert np.array_equal(label[position], patches[number].label)
        assert np.array_equal(valid[position], patches[number].valid)
    assert (image.dtype, label.dtype, valid.dtype) == (np.uint8, bool, bool)
    assert store.bands == ["red", "green", "blue"]


def test_training_and_validation_are_told_apart(path: Path) -> None:
    store = PatchFile(path)
    assert store.numbers(validation=False).tolist() == [0, 2, 3]
    assert store.numbers(validation=True).tolist() == [1, 4]
    store.close()


def test_statistics_are_those_of_valid_training_pixels(path: Path, patches: list[Patch]) -> None:
    pixels = np.concatenate([one.image[:, one.valid] for one in patches if not one.validation], axis=1)
    store = PatchFile(path)
    mean, std = store.statistics()
    store.close()
    assert mean == pytest.approx(pixels.mean(axis=1))
    assert std == pytest.approx(pixels.std(axis=1))


def test_statistics_without_a_valid_training_pixel(tmp_path: Path, rng: np.random.Generator) -> None:
    write_patches(tmp_path / "patches.h5", [patch(rng, True)], ["red", "green", "blue"], SIZE)
    store = PatchFile(tmp_path / "patches.h5")
    with pytest.raises(ValueError, match="no training patch holds a valid pixel"):
        store.statistics()
    store.close()


def test_a_file_without_patches_opens(tmp_path: Path) -> None:
    write_patches(tmp_path / "patches.h5", [], ["red"], SIZE)
    store = PatchFile(tmp_path / "patches.h5")
    assert store.numbers(validation=False).tolist() == []
    store.close()


def test_a_patch_lies_in_one_piece(path: Path) -> None:
    with h5py.File(path) as file:
        assert file["image"].chunks == (1, 3, SIZE, SIZE)
        assert file["image"].dtype == np.uint8


def test_a_failure_leaves_no_file(tmp_path: Path, patches: list[Patch]) -> None:
    def broken() -> object:
        yield patches[0]
        raise RuntimeError("imagery unreadable")

    with pytest.raises(RuntimeError, match="imagery unreadable"):
        write_patches(tmp_path / "patches.h5", broken(), ["red", "green", "blue"], SIZE)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
