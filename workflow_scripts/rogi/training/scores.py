"""Pixel-wise scores that add up over batches."""

from dataclasses import dataclass

import torch


@dataclass
class Overlap:
    """Pixels that are rock glacier in the prediction, the reference or both; invalid pixels do not count."""

    both: int = 0
    either: int = 0

    def add(self, predicted: torch.Tensor, reference: torch.Tensor, valid: torch.Tensor) -> None:
        """Count boolean tensors of one shape."""
        self.both += int((predicted & reference & valid).sum())
        self.either += int(((predicted | reference) & valid).sum())

    @property
    def iou(self) -> float:
        """Intersection over union of the rock glacier class (Sun et al. 2024, Eq. 1); NaN when there is none at all."""
        return self.both / self.either if self.either else float("nan")
