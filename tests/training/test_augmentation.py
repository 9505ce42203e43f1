"""What is shown of a patch: image, label and validity together, and what becomes of it is its own affair."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from tests.training.scene import LIVELY, RECIPE, STILL
from workflow_scripts.rogi.training.augmentation import shown
from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.recipe import Recipe

SIDE = 24
NAMES = ["slope", "aspect_sine", "aspect_cosine"]
PLAIN = replace(RECIPE, crop_px=None, augmentation=STILL)


def batch(count: int = 32) -> Batch:
    """Return patches whose label and validity can be read off the image; every fourth has no rock glacier."""
    generator = torch.Generator().manual_seed(3)
    image = torch.randint(1, 250, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    image[::4] = image[::4].clamp(max=200)
    valid = image[:, 1] > 60
    image *= valid.unsqueeze(1)
    channels = torch.randn((count, len(NAMES), SIDE, SIDE), generator=generator)
    return Batch(image, channels, image[:, 0] > 200, valid)


def generators(count: int, seed: int = 5, first: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, number)) for number in range(first, first + count)]


def changed(recipe: Recipe = PLAIN, seed: int = 5, **augmentation: Any) -> Batch:
    given = batch()
    recipe = replace(recipe, augmentation=recipe.augmentation | augmentation)
    return shown(given, generators(len(given.label), seed), recipe, NAMES)


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(a.nan_to_num(-9), b.nan_to_num(-9)) for a, b in zip(one, other, strict=True))


def test_without_augmentation_the_whole_patch_is_shown_as_it_is() -> None:
    after, before = changed(), batch()
    assert all(torch.equal(after[part], before[part]) for part in (0, 2, 3))
    assert torch.allclose(after.channels, before.channels, atol=1e-4)


@pytest.mark.parametrize("settings", [{"flip": True}, {"rotation": "quarter"}, {"flip": True, "rotation": "quarter"}])
def test_label_and_validity_follow_the_image(settings: dict[str, Any]) -> None:
    image, _, label, valid = changed(**settings)
    assert torch.equal(label, image[:, 0] > 200)
    assert torch.equal(valid, image[:, 1] > 60)
    assert not same(changed(**settings), changed())


def orientations(**settings: Any) -> set[tuple[bool, int]]:
    """Return which of the eight orientations of a square occur: (mirrored, quarter turns)."""
    found = set()
    for before, after in zip(batch().image, changed(**settings).image, strict=True):
        matches = [
            (mirrored, turns)
            for mirrored in (False, True)
            for turns in range(4)
            if torch.equal(torch.rot90(before.flip(2) if mirrored else before, turns, (1, 2)), after)
        ]
        assert len(matches) == 1
        found.add(matches[0])
    return found


def variant(change: str, amount: float = 0) -> list[dict[str, Any]]:
    return [{"change": change, "amount": amount}]


def test_flips_and_turns_are_what_they_say() -> None:
    every = {(mirrored, turns) for mirrored in (False, True) for turns in range(4)}
    assert orientations() == {(False, 0)}
    assert orientations(rotation="quarter") == {(False, turns) for turns in range(4)}
    # Left-right is a mirror image, up-down is that turned by a half, both together a half turn.
    assert orientations(flip=True) == {(False, 0), (True, 0), (True, 2), (False, 2)}
    assert orientations(flip=True, rotation="quarter") == every


@pytest.mark.parametrize(
    ("change", "amount", "expected"),
    [
        ("left_right", 0, {(False, 0), (True, 0)}),
        ("up_down", 0, {(False, 0), (True, 2)}),
        ("rotate_deg", 90, {(False, 0), (False, 1)}),
    ],
)
def test_a_patch_is_shown_as_it_is_or_as_its_variant(change: str, amount: float, expected: set[Any]) -> None:
    assert orientations(variants=variant(change, amount)) == expected


@pytest.mark.parametrize(
    ("change", "amount", "zoom"), [("zoom", 1.25, 1.25), ("zoom", 0.75, 0.75), ("crop_px", 3, SIDE / (SIDE - 6))]
)
def test_variants_enlarge_and_shrink(change: str, amount: float, zoom: float) -> None:
    """The label's area grows with the square of the factor, and the patch shrinks into ground that is not valid."""
    given = batch(60)
    given.valid.fill_(True)
    given.label.fill_(False)[:, 8:16, 8:16] = True
    recipe = replace(PLAIN, augmentation=STILL | {"variants": variant(change, amount)})
    label, valid = shown(given, generators(60), recipe, NAMES)[2:]
    areas = sorted(set(label.flatten(1).sum(1).tolist()))
    assert len(areas) == 2
    assert 64 in areas
    assert next(area for area in areas if area != 64) == pytest.approx((8 * zoom) ** 2, rel=0.15)
    shares = valid.flatten(1).float().mean(1)
    assert shares.min() == pytest.approx(min(zoom, 1) ** 2, abs=0.04)


def test_the_blur_of_a_variant_is_a_gaussian() -> None:
    given = batch()
    given.valid.fill_(True)
    given = given._replace(image=given.image.clamp(min=1))
    recipe = replace(PLAIN, augmentation=STILL | {"variants": variant("blur_px", 2)})
    after = shown(given, generators(32), recipe, NAMES).image
    blurred = [number for number in range(32) if not torch.equal(after[number], given.image[number])]
    assert 8 < len(blurred) < 24
    plane = given.image[blurred[0], 2].numpy().astype(float)
    expected = ndimage.gaussian_filter(plane, 2, mode="nearest", radius=6)
    assert np.abs(after[blurred[0], 2].numpy() - expected).max() < 0.6


def test_the_group_of_twelve_is_drawn_with_equal_chance() -> None:
    variants = [{"change": "rotate_deg", "amount": 5.0 * number} for number in range(1, 12)]
    given = Batch(*(part[:1].expand(1200, *part.shape[1:]) for part in batch()))._replace(
        label=torch.ones(1200, 6, 6) > 0
    )
    given = given._replace(image=given.image[..., :6, :6], channels=given.channels[..., :6, :6], valid=given.label)
    after = shown(given, generators(1200), replace(PLAIN, augmentation=STILL | {"variants": variants}), NAMES)
    _, counts = np.unique(after.image.flatten(1).numpy(), axis=0, return_counts=True)
    assert len(counts) == 12
    assert counts == pytest.approx(np.full(12, 100), abs=35)


def test_negatives_stay_as_they_are_where_the_recipe_says_so() -> None:
    lively = LIVELY | {"channel_dropout": 0.5, "variants": variant("rotate_deg", 45), "colour": 0.3}
    after = changed(replace(PLAIN, augment_negatives=False), **lively)
    plain = changed()
    for number in range(32):
        untouched = all(
            torch.equal(a[number].nan_to_num(-9), b[number].nan_to_num(-9)) for a, b in zip(after, plain, strict=True)
        )
        assert untouched == (number % 4 == 0)


def test_what_becomes_of_a_patch_does_not_depend_on_the_others() -> None:
    whole = batch()
    recipe = replace(RECIPE, crop_px=16, augmentation=LIVELY | {"channel_dropout": 0.3})
    together = shown(whole, generators(32), recipe, NAMES)
    apart = [
        shown(Batch(*(part[start : start + 8] for part in whole)), generators(8, first=start), recipe, NAMES)
        for start in range(0, 32, 8)
    ]
    assert same(together, Batch(*(torch.cat(parts) for parts in zip(*apart, strict=True))))
    assert not same(together, shown(whole, generators(32, seed=6), recipe, NAMES))


def test_amounts_bound_what_is_drawn() -> None:
    given = batch()
    grey = given._replace(image=torch.full_like(given.image, 100), valid=torch.ones_like(given.valid))

    def gains(**settings: Any) -> torch.Tensor:
        after = shown(grey, generators(32), replace(PLAIN, augmentation=STILL | settings), NAMES).image.float()
        assert (after.flatten(2).std(2) == 0).all()
        return after[:, :, 0, 0] / 100

    gain = gains(gain=0.25)
    assert (gain.std(1) == 0).all()
    assert 0.795 <= gain.min() < 0.87
    assert 1.15 < gain.max() <= 1.25
    colour = gains(colour=0.1)
    assert (colour.std(1) > 0).float().mean() > 0.9
    assert colour.min() >= 0.905
    assert colour.max() <= 1.1


def test_noise_has_at_most_its_spread() -> None:
    given = batch()
    grey = given._replace(image=torch.full_like(given.image, 100), valid=torch.ones_like(given.valid))
    spreads = (
        shown(grey, generators(32), replace(PLAIN, augmentation=STILL | {"noise_dn": 6.0}), NAMES)
        .image.float()
        .std((1, 2, 3))
    )
    assert spreads.max() < 6.3
    assert spreads.max() - spreads.min() > 3


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0)])
def test_channels_are_missing_at_their_chance_and_vectors_whole(chance: float, expected: float) -> None:
    given = Batch(*(part.repeat(8, *(1,) * (part.ndim - 1)) for part in batch()))
    recipe = replace(PLAIN, augmentation=STILL | {"channel_dropout": chance})
    missing = shown(given, generators(256), recipe, NAMES).channels.isnan().flatten(2)
    assert torch.equal(missing.any(2), missing.all(2))
    assert missing[:, 0].float().mean().item() == pytest.approx(expected, abs=0.1)
    assert torch.equal(missing[:, 1], missing[:, 2])


# ---- parts of patches


def lonely(count: int = 40) -> Batch:
    """Return patches that are rock glacier in one pixel, here and there."""
    given = batch(count)
    given.valid.fill_(True)
    given.label.fill_(False)
    for number in range(count):
        given.label[number, (7 * number) % SIDE, (5 * number) % SIDE] = True
    return given


@pytest.mark.parametrize(("focus", "least", "most"), [(1.0, 1.0, 1.0), (0.0, 0.0, 0.4)])
def test_parts_are_laid_over_rock_glaciers_at_their_share(focus: float, least: float, most: float) -> None:
    recipe = replace(PLAIN, crop_px=8, crop_focus=focus)
    label = shown(lonely(), generators(40), recipe, NAMES).label
    assert label.shape == (40, 8, 8)
    assert least <= label.flatten(1).any(1).float().mean() <= most


def test_parts_lie_everywhere_in_the_patch() -> None:
    given = lonely(400)
    where = torch.arange(SIDE, dtype=torch.uint8).expand(400, SIDE, SIDE)
    given = given._replace(image=torch.stack([where, where.mT, where], 1), label=torch.zeros_like(given.label))
    parts = shown(given, generators(400), replace(PLAIN, crop_px=8), NAMES)
    assert parts.valid.all()
    for band in (0, 1):
        assert set(parts.image[:, band, 0, 0].tolist()) == set(range(SIDE - 8 + 1))


def test_parts_are_centred_on_valid_pixels() -> None:
    """Of patches that are valid in two corners alone, one of which no part can be centred on."""
    given = lonely(100)
    given.valid.fill_(False)
    given.valid[:, :6, :6] = given.valid[:, -2:, -2:] = True
    parts = shown(given, generators(100), replace(PLAIN, crop_px=8, crop_focus=0), NAMES)
    shares = parts.valid.float().mean((1, 2))
    assert set(shares.mul(64).int().tolist()) == {36, 30, 25}  # corners at rows and columns 0 and 1


def test_ground_from_beyond_the_patch_is_not_valid() -> None:
    given = lonely()
    parts = shown(given, generators(40), replace(PLAIN, augmentation=STILL | {"rotation": "any"}), NAMES)
    assert not parts.valid[:, 0, 0].all()
    assert parts.valid[:, SIDE // 2, SIDE // 2].all()
    assert not parts.image.movedim(1, -1)[~parts.valid].any()
    assert not (parts.label & ~parts.valid).any()
    share = parts.valid.float().mean().item()
    assert 2 * (math.sqrt(2) - 1) < share < 1, "the common ground of two squares is smallest at 45°"


def test_the_order_of_parts_is_that_of_patches() -> None:
    given = lonely(4)
    numbers: Sequence[int] = [10, 20, 30, 40]
    given = given._replace(image=torch.tensor(numbers, dtype=torch.uint8).view(4, 1, 1, 1).expand(4, 3, SIDE, SIDE))
    parts = shown(given, generators(4), replace(PLAIN, crop_px=8), NAMES)
    assert parts.image[:, 0, 0, 0].tolist() == numbers
