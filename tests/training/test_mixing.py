"""Rectangles of other patches: whole, of the stated size, and of nobody but the next patch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.scene import RECIPE, STILL
from workflow_scripts.rogi.training.augmentation import shown
from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.mixing import mixed

SIDE = 20


def numbered(count: int) -> Batch:
    """Return patches whose every layer says whose pixel it is; the odd ones are rock glacier and not valid."""
    number = torch.arange(1, count + 1).view(-1, 1, 1).expand(count, SIDE, SIDE)
    odd = number % 2 == 1
    return Batch(number.byte().unsqueeze(1).repeat(1, 3, 1, 1), -number.float().unsqueeze(1), odd, ~odd)


def seen(count: int) -> Batch:
    return numbered(count)._replace(valid=torch.ones(count, SIDE, SIDE, dtype=torch.bool))


def test_a_rectangle_by_hand() -> None:
    """The least area, 15 % of 400 px, twice as high as wide, in the bottom right corner."""
    last, half = torch.ones(2), torch.zeros(2)
    after = mixed(numbered(2), torch.tensor([True, False]), half, last, torch.full((2, 2), 0.99))
    expected = torch.full((SIDE, SIDE), 1, dtype=torch.uint8)
    expected[-11:, -5:] = 2  # √(60 · 2) is 10.95, and 60 / 11 is 5.45
    assert torch.equal(after.image[0], expected.expand(3, -1, -1))
    assert torch.equal(after.image[1], numbered(2).image[1])


@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_all_layers_move_together_from_the_next_patch(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    area, form = (torch.from_numpy(rng.random(count)) for _ in range(2))
    wanted, place = torch.from_numpy(rng.random(count) < 0.7), torch.from_numpy(rng.random((count, 2)))
    before = numbered(count)
    after = mixed(before, wanted, area, form, place)
    for number in range(count):
        own, following = number + 1, (number + 1) % count + 1
        whose = after.image[number, 0].int()
        foreign = whose == following
        assert torch.equal(foreign, ~(whose == own))
        assert torch.equal(after.channels[number, 0], -whose.float())
        assert torch.equal(after.label[number], whose % 2 == 1)
        assert torch.equal(after.valid[number], whose % 2 == 0)
        share = foreign.float().mean().item()
        assert share == pytest.approx(0.15 + 0.35 * float(area[number]), abs=0.06) if wanted[number] else share == 0
        if wanted[number]:
            rows, columns = foreign.any(1).sum().item(), foreign.any(0).sum().item()
            assert foreign.sum().item() == rows * columns
            assert 0.4 < rows / columns < 2.5
    assert torch.equal(before.image, numbered(count).image)


def test_a_patch_alone_stays_as_it_is() -> None:
    one = torch.ones(1)
    assert torch.equal(mixed(numbered(1), one.bool(), one, one, torch.zeros(1, 2)).image, numbered(1).image)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_patches_are_mixed_at_their_share(share: float, expected: float) -> None:
    count = 200
    recipe = replace(RECIPE, crop_px=None, augmentation=STILL | {"mix": share})
    generators = [np.random.default_rng((1, number)) for number in range(count)]
    image = shown(seen(count), generators, recipe, ["height"]).image
    foreign = (image[:, 0] != numbered(count).image[:, 0]).flatten(1).any(1)
    assert foreign.float().mean().item() == pytest.approx(expected, abs=0.1)


def test_negatives_that_are_left_alone_are_not_mixed() -> None:
    recipe = replace(RECIPE, crop_px=None, augmentation=STILL | {"mix": 1.0}, augment_negatives=False)
    generators = [np.random.default_rng((1, number)) for number in range(4)]
    image = shown(seen(4), generators, recipe, ["height"]).image
    changed = (image != numbered(4).image).flatten(1).any(1)
    assert changed.tolist() == [True, False, True, False]
