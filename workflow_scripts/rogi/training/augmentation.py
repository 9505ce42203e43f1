"""Augmentation of a batch: the same transform for image, label and validity, one draw per patch."""

import torch

KINDS = ("flip", "rotate", "brightness")
GAIN = 0.2  # brightness and contrast vary by up to 20 %, our own choice


def augment(
    image: torch.Tensor, label: torch.Tensor, valid: torch.Tensor, kinds: list[str], generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a batch changed at random.

    Args:
        image: uint8 (n, bands, size, size).
        label: bool (n, size, size).
        valid: bool (n, size, size).
        kinds: Any of KINDS: "flip" left-right and up-down, "rotate" by quarter turns, "brightness" gain and offset.
        generator: Source of the draws, so that a seed gives the same batch.
    """
    stack = torch.cat([image, label.unsqueeze(1).byte(), valid.unsqueeze(1).byte()], dim=1)
    stack = torch.stack([_turned(patch, kinds, generator) for patch in stack])
    image, label, valid = stack[:, :-2], stack[:, -2].bool(), stack[:, -1].bool()
    if "brightness" in kinds:
        image = _brightened(image, generator)
    return image, label, valid


def crop(
    image: torch.Tensor, label: torch.Tensor, valid: torch.Tensor, size: int, focus: float, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a square part of every patch of a batch.

    Args:
        image: uint8 (n, bands, height, width).
        label: bool (n, height, width).
        valid: bool (n, height, width).
        size: Side of the part; the whole patch is at least as large.
        focus: Share of the parts that are laid over a random rock glacier pixel, where the patch has one; the others
            lie anywhere.
        generator: Source of the draws.
    """
    corners = [_corner(mask, size, focus, generator) for mask in label]
    parts = [(slice(top, top + size), slice(left, left + size)) for top, left in corners]
    image = torch.stack([patch[:, rows, columns] for patch, (rows, columns) in zip(image, parts, strict=True)])
    label, valid = (
        torch.stack([mask[rows, columns] for mask, (rows, columns) in zip(masks, parts, strict=True)])
        for masks in (label, valid)
    )
    return image, label, valid


def _corner(mask: torch.Tensor, size: int, focus: float, generator: torch.Generator) -> tuple[int, int]:
    height, width = mask.shape
    draw, down, right = torch.rand(3, generator=generator).tolist()
    top, left = int(down * (height - size + 1)), int(right * (width - size + 1))
    inside = mask.nonzero()
    if draw < focus and len(inside):
        row, column = inside[int(torch.randint(len(inside), (1,), generator=generator))].tolist()
        top, left = row - int(down * size), column - int(right * size)
    return min(max(top, 0), height - size), min(max(left, 0), width - size)


def _turned(patch: torch.Tensor, kinds: list[str], generator: torch.Generator) -> torch.Tensor:
    left_right, up_down, quarter = (int(torch.randint(high, (1,), generator=generator)) for high in (2, 2, 4))
    if "flip" in kinds:
        axes = [axis for axis, turn in ((2, left_right), (1, up_down)) if turn]
        patch = patch.flip(axes)
    if "rotate" in kinds:
        patch = torch.rot90(patch, quarter, dims=(1, 2))
    return patch


def _brightened(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    shape = (len(image), 1, 1, 1)
    gain, offset = (1 + GAIN * (2 * torch.rand(shape, generator=generator) - 1) for _ in range(2))
    middle = image.float().mean(dim=(1, 2, 3), keepdim=True)
    return ((image - middle) * gain + middle * offset).clamp(0, 255).round().byte()
