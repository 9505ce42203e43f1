"""Samples: training patches show no validation ground, whole is what lies outside, and nothing else is lost."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.layout import (
    BANDS,
    CHANNELS,
    ELEVATION,
    LABEL,
    SIDE,
    SIZE,
    SLOPE,
    VALID,
    Spot,
    ground_of_windows,
    write,
)
from workflow_scripts.rogi.training.samples import Samples

ROLES = {"t": "training", "v": "validation", "g": "guard", "x": "test"}  # by the first letter of a uid


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for files that examples overwrite."""
    return tmp_path_factory.mktemp("samples")


def samples(
    folder: Path, spots: list[Spot], min_valid_share: float = 0.0, channels: list[str] | None = None
) -> Samples:
    """Return the samples of spots; the first letter of the uid tells the role."""
    store = write(folder / "patches.h5", spots, min_valid_share)
    return Samples(store, pd.Series({spot.uid: ROLES[spot.uid[0]] for spot in spots}, dtype=object), channels)


corner = st.integers(0, SIDE - SIZE)
spot = st.builds(Spot, st.sampled_from(["t0", "t1", "t2", "v0", "v1", "g0", "x0"]), corner, corner,
                 st.sampled_from(["composite", "q3"]))  # fmt: skip
near = st.builds(Spot, st.sampled_from(["t0", "t1", "t2", "v0", "v1", "g0", "x0"]), st.integers(0, 40),
                 st.integers(0, 40), st.sampled_from(["composite", "q3"]))  # fmt: skip


@settings(max_examples=20)
@given(st.lists(st.one_of(spot, near), min_size=1, max_size=14), st.sampled_from([0.0, 0.3, 0.6, 0.8]))
def test_training_shows_all_but_validation_ground(folder: Path, spots: list[Spot], share: float) -> None:
    """The image itself says where each pixel lies, so what training shows is held against a map of the windows."""
    found = samples(folder, spots, share)
    forbidden = ground_of_windows([spot for spot in spots if spot.uid[0] in "vx"])
    enough = [
        (VALID & ~forbidden)[spot.part].sum() >= max(1, share * SIZE**2) or not forbidden[spot.part].any()
        for spot in spots
    ]
    trains = [number for number, spot in enumerate(spots) if spot.uid[0] == "t"]
    assert found.training.tolist() == [number for number in trains if enough[number]]
    assert found.left_out.tolist() == [number for number in trains if not enough[number]]
    everything = found.read(range(len(spots)))
    for number, spot in enumerate(spots):
        image, channels, label, valid = (part[number].numpy() for part in everything)
        shown = VALID & ~forbidden if number in trains else VALID
        assert np.array_equal(valid, shown[spot.part])
        assert np.array_equal(label, (LABEL & shown)[spot.part])
        rows, columns = image[0][valid].astype(int) - 1, image[1][valid].astype(int) - 1
        assert np.array_equal(
            np.argwhere(shown[spot.part]) + np.array([spot.row, spot.column]), np.stack([rows, columns], 1)
        )
        assert not image[:, ~valid].any()
        hidden = forbidden[spot.part] if number in trains else np.zeros((SIZE, SIZE), bool)
        expected = np.where(hidden, np.nan, np.stack([ELEVATION[spot.part], SLOPE[spot.part]]).astype(np.float32))
        assert np.array_equal(channels, expected, equal_nan=True)
    found.patches.close()


def test_validation_is_of_the_composite_and_blanks_at_all_looks(folder: Path) -> None:
    """A place whose composite is left out still blanks by its other look."""
    spots = [Spot("v0", 0, 0), Spot("v0", 0, 0, "q3"), Spot("v1", 50, 50, "q3"), Spot("t0", 50, 56), Spot("g0", 90, 90)]
    found = samples(folder, spots)
    assert found.validation.tolist() == [0]
    assert found.training.tolist() == [3]
    assert found.table["role"].tolist() == ["validation"] * 3 + ["training", "guard"]
    assert not found.read([3]).valid[0, :, :10].any()
    found.patches.close()


def test_looks_of_one_place_share_a_role(folder: Path) -> None:
    looks = ("composite", "q3", "q4")
    found = samples(folder, [Spot(uid, row, 0, look) for uid, row in (("t0", 0), ("v0", 40)) for look in looks])
    assert found.table.groupby("uid")["role"].nunique().tolist() == [1, 1]
    assert found.training.tolist() == [0, 1, 2]
    assert found.validation.tolist() == [3]
    found.patches.close()


def test_patches_of_unknown_polygons_take_no_part(folder: Path) -> None:
    store = write(folder / "patches.h5", [Spot("t0", 0, 0), Spot("stranger", 0, 0)])
    found = Samples(store, pd.Series({"t0": "training"}))
    assert found.training.tolist() == [0]
    assert not found.validation.size
    store.close()


SPOTS = [Spot("t0", 0, 0), Spot("t0", 0, 0, "q3"), Spot("t1", 40, 40), Spot("v0", 10, 10), Spot("v1", 70, 70)]


def test_patches_come_in_the_order_asked_for_and_from_any_process(folder: Path) -> None:
    found = samples(folder, SPOTS)
    whole = found.read(range(len(SPOTS)))
    numbers = np.array([4, 0, 2, 0])
    for given_samples in (found, pickle.loads(pickle.dumps(found))):
        for part, of_all in zip(given_samples.read(numbers), whole, strict=True):
            assert torch.equal(part.nan_to_num(-1), of_all[numbers].nan_to_num(-1))
        given_samples.patches.close()


def test_channels_are_chosen_by_name(folder: Path) -> None:
    found = samples(folder, SPOTS, channels=["slope"])
    assert (found.bands, found.channels, found.size_px) == (BANDS, ["slope"], SIZE)
    assert np.array_equal(found.read([4]).channels[0, 0], SLOPE[SPOTS[4].part].astype(np.float32), equal_nan=True)
    turned = Samples(found.patches, pd.Series({"v1": "validation"}), ["slope", "elevation"])
    assert np.array_equal(turned.read([4]).channels[0, 1], ELEVATION[SPOTS[4].part], equal_nan=True)
    none = Samples(found.patches, pd.Series({"v1": "validation"}), [])
    assert none.read([4, 4]).channels.shape == (2, 0, SIZE, SIZE)
    found.patches.close()
    with pytest.raises(ValueError, match=r"patches\.h5: unknown channel 'slop'\. Did you mean 'slope'\? Known: elev"):
        samples(folder, SPOTS, channels=["slop"])


# ---- statistics


def pooled(layer: np.ndarray, relative: bool = False) -> tuple[float, float]:
    """Return mean and deviation of a layer of the ground over the training patches of SPOTS."""
    parts = [layer[spot.part] for spot in SPOTS[:3]]
    values = np.concatenate([part - np.nanmean(part) * relative for part in parts])
    return float(np.nanmean(values)), float(np.nanstd(values))


def test_statistics_are_those_of_valid_finite_training_pixels(folder: Path) -> None:
    found = samples(folder, SPOTS)
    mean, std = found.statistics()
    relative_mean, relative_std = found.statistics(relative={"elevation"})
    found.patches.close()
    shown = np.where(VALID & ~ground_of_windows(SPOTS[3:]), 1.0, np.nan)
    rows, columns = np.indices((SIDE, SIDE)) + 1
    expected = [pooled(layer * shown) for layer in (rows, columns, ELEVATION, SLOPE)]
    assert list(zip(mean, std, strict=True)) == [pytest.approx(pair, rel=1e-6) for pair in expected]
    expected[2] = pooled(ELEVATION * shown, relative=True)
    for pair, wanted in zip(zip(relative_mean, relative_std, strict=True), expected, strict=True):
        assert pair == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    assert len(mean) == len(BANDS) + len(CHANNELS)


def test_statistics_without_a_valid_training_pixel(folder: Path) -> None:
    found = samples(folder, [Spot("v0", 0, 0)])
    with pytest.raises(ValueError, match=r"no training patch of .*patches\.h5 holds a valid pixel; do the inventories"):
        found.statistics()
    found.patches.close()


def test_statistics_of_a_channel_without_values(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.training.layout.SLOPE", np.full((SIDE, SIDE), np.nan))
    found = samples(folder, SPOTS)
    with pytest.raises(ValueError, match=r"holds a valid pixel of slope; does its source cover .* imagery\.channels"):
        found.statistics()
    assert len(Samples(found.patches, pd.Series({"t0": "training"}), ["elevation"]).statistics()[0]) == 3
    found.patches.close()


def test_a_band_that_is_the_same_everywhere_can_still_be_divided_by(folder: Path) -> None:
    """One row of one column: a single valid pixel is left by the windows around it."""
    row, column = np.argwhere(VALID)[200].tolist()
    spots = [Spot("t0", row, column), Spot("v0", row + 1, column), Spot("v0", row, column + 1)]
    found = samples(folder, spots)
    mean, std = found.statistics()
    found.patches.close()
    assert mean[:2] == (row + 1, column + 1)
    assert min(std) > 0
