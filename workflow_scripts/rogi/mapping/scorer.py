"""Networks at work: scores of windows of imagery, on a CPU or a GPU, from one model or several, in one view or more."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from workflow_scripts.rogi.imagery.mosaic import Scene
from workflow_scripts.rogi.mapping.accelerate import accelerated
from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.training.network import Normalized, TrainedModel

View = Callable[[torch.Tensor], torch.Tensor]


def views(test_time: str) -> list[tuple[View, View]]:
    """Return the ways to look at a window, each with the way back, the plain one first.

    Args:
        test_time: "none", one view; "flips", four: as it is, mirrored along either axis and both; "dihedral", these and
            their quarter turns, eight in all.
    """
    turns = {"none": [0], "flips": [0, 2], "dihedral": [0, 1, 2, 3]}[test_time]
    mirrors = [False] if test_time == "none" else [False, True]
    return [(_there(turn, mirror), _back(turn, mirror)) for mirror in mirrors for turn in turns]


def _there(turn: int, mirror: bool) -> View:
    return lambda image: torch.rot90(image.flip(-1) if mirror else image, turn, (-2, -1))


def _back(turn: int, mirror: bool) -> View:
    def back(image: torch.Tensor) -> torch.Tensor:
        turned = torch.rot90(image, -turn, (-2, -1))
        return turned.flip(-1) if mirror else turned

    return back


class Scoring(nn.Module):
    """From uint8 imagery to uint8 scores, all on the device."""

    def __init__(self, networks: list[nn.Module], test_time: str) -> None:
        """Take networks with their normalisation in front."""
        super().__init__()
        self.networks, self.views = nn.ModuleList(networks), views(test_time)

    @property
    def samples(self) -> int:
        """Probabilities per pixel: networks times views."""
        return len(self.networks) * len(self.views)

    def forward(self, image: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Return FULL times the mean probability and, of several samples, FULL times their standard deviation.

        Args:
            image: uint8 (n, bands, height, width).
            valid: bool (n, height, width).

        Returns:
            uint8 (n, layers, height, width), rounded; one layer or two.
        """
        total = torch.zeros(valid.shape, device=image.device)
        squares = torch.zeros_like(total)
        for network in self.networks:
            for there, back in self.views:
                probability = back(torch.sigmoid(network(there(image), there(valid)).float()))
                total, squares = total + probability, squares + probability**2
        mean = total / self.samples
        layers = [mean] if self.samples == 1 else [mean, (squares / self.samples - mean**2).clamp(min=0).sqrt()]
        return (torch.stack(layers, dim=1) * FULL).round().byte()


@dataclass
class Pending:
    """Scores on their way.

    Attributes:
        scores: uint8 (n, layers, height, width), on the host; complete when `end` has passed.
        start: Event before the computation on a GPU, None on a CPU.
        end: Event after it.
    """

    scores: torch.Tensor
    start: torch.cuda.Event | None = None
    end: torch.cuda.Event | None = None


@dataclass
class Scorer:
    """What scores windows.

    Attributes:
        scoring: The computation, on the device.
        device: Where it runs.
        samples: Probabilities per pixel that it averages.
        batch_size: Windows at a time, halved when a GPU's memory does not suffice.
        busy_s: Seconds the device has computed.
    """

    scoring: nn.Module
    device: torch.device
    samples: int
    batch_size: int
    busy_s: float = field(default=0.0, init=False)

    @property
    def layers(self) -> int:
        """Layers of scores: the mean and, of several samples, their spread."""
        return 1 if self.samples == 1 else 2

    @property
    def in_flight(self) -> int:
        """Batches that are under way while the next one is prepared."""
        return 1 if self.device.type == "cuda" else 0

    def submit(self, scenes: list[Scene]) -> Iterator[Pending]:
        """Begin to score windows of one size, in one batch or, where memory does not suffice, in several.

        Raises:
            MemoryError: Not even a single window fits into the GPU's memory.
        """
        while scenes:
            batch = scenes[: self.batch_size]
            if (pending := self._launched(batch)) is not None:
                yield pending
                scenes = scenes[len(batch) :]
                continue
            full, self.batch_size = self.batch_size, self.batch_size // 2
            logging.getLogger("rogi").warning(
                "out of GPU memory with %d windows at a time; going on with %d", full, self.batch_size
            )
            torch.cuda.empty_cache()

    def _launched(self, scenes: list[Scene]) -> Pending | None:
        """Return None where the memory does not suffice; the error, which holds tensors alive, is gone by then."""
        try:
            return self._launch(scenes)
        except RuntimeError as error:
            # cuDNN and cuBLAS report it by other errors.
            if not isinstance(error, torch.OutOfMemoryError) and "ALLOC_FAILED" not in str(error):
                raise
            if self.batch_size > 1:
                return None
            raise MemoryError(
                f"a single window of {scenes[0].valid.shape[0]} px does not fit into the GPU's memory; "
                "lower prediction.window_px, or use a GPU with more"
            ) from error

    def collect(self, pending: Pending) -> np.ndarray:
        """Wait for scores, uint8 (n, layers, height, width)."""
        if pending.start is not None and pending.end is not None:
            pending.end.synchronize()
            self.busy_s += pending.start.elapsed_time(pending.end) / 1e3
        return pending.scores.numpy()

    @torch.inference_mode()
    def _launch(self, scenes: list[Scene]) -> Pending:
        image = torch.from_numpy(np.stack([scene.image for scene in scenes]))
        valid = torch.from_numpy(np.stack([scene.valid for scene in scenes]))
        if self.device.type == "cpu":
            started = time.monotonic()
            # One by one: no slower at this size, and no rounding that depends on the batch.
            scores = torch.cat([self.scoring(*window) for window in zip(image.split(1), valid.split(1), strict=True)])
            self.busy_s += time.monotonic() - started
            return Pending(scores)
        return self._launch_on_gpu(image, valid)

    def _launch_on_gpu(self, image: torch.Tensor, valid: torch.Tensor) -> Pending:
        """Queue a batch; the last one is filled up, for kernels of one shape round alike and are compiled once."""
        count, missing = len(image), max(self.batch_size - len(image), 0)
        image, valid = (torch.cat([part, part.new_zeros((missing, *part.shape[1:]))]) for part in (image, valid))
        image, valid = (part.pin_memory().to(self.device, non_blocking=True) for part in (image, valid))
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        made = self.scoring(image, valid)[:count]
        scores = torch.empty(made.shape, dtype=torch.uint8, pin_memory=True)
        scores.copy_(made, non_blocking=True)
        end.record()
        return Pending(scores, start, end)


def make_scorer(
    models: list[TrainedModel],
    device: torch.device,
    precision: torch.dtype,
    test_time: str,
    batch_size: int,
    compiled: bool,
) -> Scorer:
    """Return what scores windows.

    Args:
        models: One network, or several whose probabilities are averaged.
        device: Where to.
        precision: torch.float32 or torch.bfloat16.
        test_time: See `views`.
        batch_size: Windows at a time on a GPU.
        compiled: Whether to compile the computation, which takes a minute and a C++ compiler.
    """
    networks: list[nn.Module] = []
    for model in models:
        network = accelerated(model.network, len(model.architecture.bands), device, precision)
        networks.append(Normalized(network, model.mean, model.std, precision))
    scoring = Scoring(networks, test_time).to(device).eval()
    if compiled:
        scoring.compile()
    if precision == torch.float32:
        torch.backends.cudnn.allow_tf32 = False  # or convolutions would be of ten bits
    return Scorer(scoring, device, scoring.samples, batch_size if device.type == "cuda" else 1)
