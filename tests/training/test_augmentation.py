"""Augmentation moves image, label and validity together, and a seed gives the same batch."""

import pytest
import torch

from workflow_scripts.rogi.training.augmentation import GAIN, KINDS, augment, crop

SIDE = 12


def batch(count: int = 32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return patches whose label and validity can be read off the image."""
    generator = torch.Generator().manual_seed(3)
    image = torch.randint(0, 250, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    return image, image[:, 0] > 120, image[:, 1] > 60


def changed(kinds: list[str], seed: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return augment(*batch(), kinds, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kinds", [[], ["flip"], ["rotate"], ["flip", "rotate"]])
def test_label_and_validity_follow_the_image(kinds: list[str]) -> None:
    image, label, valid = changed(kinds)
    assert torch.equal(label, image[:, 0] > 120)
    assert torch.equal(valid, image[:, 1] > 60)
    assert (label.dtype, valid.dtype, image.dtype) == (torch.bool, torch.bool, torch.uint8)


def orientations(kinds: list[str]) -> set[tuple[bool, int]]:
    """Return which of the eight orientations of a square occur: (mirrored, quarter turns)."""
    found = set()
    for before, after in zip(batch()[0], changed(kinds)[0], strict=True):
        matches = [
            (mirrored, turns)
            for mirrored in (False, True)
            for turns in range(4)
            if torch.equal(torch.rot90(before.flip(2) if mirrored else before, turns, (1, 2)), after)
        ]
        assert len(matches) == 1
        found.add(matches[0])
    return found


def test_flips_and_turns_are_what_they_say() -> None:
    assert orientations([]) == {(False, 0)}
    assert orientations(["rotate"]) == {(False, turns) for turns in range(4)}
    # Left-right is a mirror image, up-down is that turned by a half, both together a half turn.
    assert orientations(["flip"]) == {(False, 0), (True, 0), (True, 2), (False, 2)}
    assert orientations(["flip", "rotate"]) == {(mirrored, turns) for mirrored in (False, True) for turns in range(4)}


def test_brightness_is_one_gain_and_offset_per_patch() -> None:
    image = batch()[0]
    after, label, _ = changed(["brightness"])
    assert torch.equal(label, image[:, 0] > 120)
    gains = []
    for before, new in zip(image, after, strict=True):
        inside = (new > 0) & (new < 255)
        x, y = before[inside].float(), new[inside].float()
        slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
        residual = y - y.mean() - slope * (x - x.mean())
        assert residual.abs().max() < 1.1  # rounding
        gains.append(slope.item())
    assert 1 - GAIN - 0.01 < min(gains) < 0.9
    assert 1.1 < max(gains) < 1 + GAIN + 0.01


def test_a_seed_gives_the_same_batch() -> None:
    for one, other in zip(changed(list(KINDS), 1), changed(list(KINDS), 1), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(changed(list(KINDS), 1)[0], changed(list(KINDS), 2)[0])


# ---- parts of patches


def marked(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return patches whose two bands say each pixel's row and column, with one small rock glacier at the corner."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    image = torch.stack([rows, columns]).byte().expand(count, -1, -1, -1).clone()
    label = torch.zeros(count, SIDE, SIDE, dtype=torch.bool)
    label[:, :2, -3:] = True
    return image, label, (rows + columns > 3).expand(count, -1, -1)


def corners(size: int, focus: float, count: int = 400, seed: int = 1, labelled: bool = True) -> list[tuple[int, int]]:
    """Return where the parts lie, having checked that image, label and validity are cut alike."""
    image, label, valid = marked(count)
    if not labelled:
        label = torch.zeros_like(label)
    parts = crop(image, label, valid, size, focus, torch.Generator().manual_seed(seed))
    found = [(int(part[0, 0, 0]), int(part[1, 0, 0])) for part in parts[0]]
    for number, (row, column) in enumerate(found):
        for whole, part in zip((image, label, valid), parts, strict=True):
            assert torch.equal(whole[number][..., row : row + size, column : column + size], part[number])
    return found


def test_parts_lie_anywhere() -> None:
    found = corners(5, 0.0)
    for axis in (0, 1):
        counts = [sum(corner[axis] == first for corner in found) for first in range(SIDE - 5 + 1)]
        assert sum(counts) == 400
        assert min(counts) > 25  # 50 on average


@pytest.mark.parametrize("focus", [0.0, 0.6, 1.0])
def test_the_wanted_share_lies_over_a_rock_glacier(focus: float) -> None:
    size = 5
    over = [row < 2 and column + size > SIDE - 3 for row, column in corners(size, focus)]
    by_chance = 2 * 3 / (SIDE - size + 1) ** 2
    assert sum(over) / 400 == pytest.approx(focus + (1 - focus) * by_chance, abs=0.07)
    assert focus < 1 or all(over)


def test_without_a_rock_glacier_parts_lie_anywhere() -> None:
    assert len(set(corners(5, 1.0, labelled=False))) > 40


def test_the_whole_patch_is_a_part_too() -> None:
    assert set(corners(SIDE, 0.5)) == {(0, 0)}


def test_a_seed_gives_the_same_parts() -> None:
    assert corners(5, 0.5, seed=1) == corners(5, 0.5, seed=1) != corners(5, 0.5, seed=2)
