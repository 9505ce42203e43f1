"""What imagery goes through before the first layer of a network; missing pixels never count and end at 0."""

import torch
from torch.nn import functional


def standardized(layers: torch.Tensor, known: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """Return layers less their mean in units of their standard deviation, 0 where not known.

    Args:
        layers: float (n, c, height, width).
        known: bool of a shape that broadcasts to it.
        mean: Of a shape that broadcasts to it, as `std`.
        std: Greater than 0.
    """
    return torch.where(known, (layers - mean) / std, 0.0)


def moments(layers: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of the known pixels of each layer of each window.

    Args:
        layers: float (n, c, height, width).
        known: bool (n, c or 1, height, width).

    Returns:
        Two tensors of shape (n, c, 1, 1); 0 for a layer without any known pixel.
    """
    count = known.sum((-2, -1), keepdim=True).clamp(min=1)
    mean = torch.where(known, layers, 0.0).sum((-2, -1), keepdim=True) / count
    squares = torch.where(known, layers - mean, 0.0).square().sum((-2, -1), keepdim=True) / count
    return mean, squares.sqrt()


def reduced(layers: torch.Tensor, known: torch.Tensor, factor: int) -> torch.Tensor:
    """Return the means of the known pixels of squares of `factor` pixels, 0 where a square has none.

    Args:
        layers: float (n, c, height, width), 0 where not known.
        known: bool (n, c or 1, height, width).
        factor: Side of the squares; the last ones may hang over the edge.

    Returns:
        float (n, c, height / factor, width / factor), rounded up.
    """
    share = functional.avg_pool2d(padded(known.to(layers.dtype), factor), factor)
    return functional.avg_pool2d(padded(layers, factor), factor) / share.clamp(min=1 / factor**2)


def padded(layers: torch.Tensor, step: int) -> torch.Tensor:
    """Return layers with zeros in the south and east, up to the next multiples of `step`."""
    height, width = layers.shape[-2:]
    return functional.pad(layers, (0, -width % step, 0, -height % step)) if height % step or width % step else layers
