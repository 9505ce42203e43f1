"""Networks at work: scores of windows of imagery, on a CPU or a GPU, from one model or several, in one view or more."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn

from workflow_scripts.rogi.imagery.mosaic import Scene
from workflow_scripts.rogi.mapping.accelerate import accelerated
from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.training.memory import fitting
from workflow_scripts.rogi.training.network import TrainedModel, normalized
from workflow_scripts.rogi.training.orientation import turn

ADVICE = "lower prediction.window_px, or use a GPU with more"


def views(test_time: str) -> list[tuple[int, bool]]:
    """Return the ways to look at a window as quarter turns and whether it is mirrored first, the plain one first.

    Args:
        test_time: "none", one view; "flips", four: as it is, mirrored along either axis and both; "dihedral", these and
            their quarter turns, eight in all.
    """
    turns = {"none": [0], "flips": [0, 2], "dihedral": [0, 1, 2, 3]}[test_time]
    mirrors = [False] if test_time == "none" else [False, True]
    return [(quarters, mirrored) for mirrored in mirrors for quarters in turns]


def turned_back(layers: torch.Tensor, quarter_turns: int, mirrored: bool) -> torch.Tensor:
    """Undo `turn` for layers without a direction."""
    turned = torch.rot90(layers, -quarter_turns, (-2, -1))
    return turned.flip(-1) if mirrored else turned


class Scoring(nn.Module):
    """From uint8 imagery and its channels to uint8 scores, all on the device."""

    def __init__(
        self, networks: Sequence[nn.Module], temperatures: Sequence[float], channels: Sequence[str], test_time: str
    ) -> None:
        """Take networks with their normalisation in front.

        Args:
            networks: They share their bands and channels.
            temperatures: What the logits of each are divided by.
            channels: Names of the channels.
            test_time: See `views`.
        """
        super().__init__()
        self.networks, self.views = nn.ModuleList(networks), views(test_time)
        self.temperatures, self.channels = tuple(temperatures), tuple(channels)

    @property
    def samples(self) -> int:
        """Probabilities per pixel: networks times views."""
        return len(self.networks) * len(self.views)

    def forward(self, image: torch.Tensor, valid: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        """Return FULL times the mean probability and, of several samples, FULL times their standard deviation.

        Args:
            image: uint8 (n, bands, height, width).
            valid: bool (n, height, width).
            channels: float32 (n, channels, height, width); those with a direction are turned with the window.

        Returns:
            uint8 (n, layers, height, width), rounded; one layer or two.
        """
        total = torch.zeros(valid.shape, device=image.device)
        squares = torch.zeros_like(total)
        for network, temperature in zip(self.networks, self.temperatures, strict=True):
            for view in self.views:
                seen = turn(image, (), *view), turn(valid, (), *view), turn(channels, self.channels, *view)
                probability = turned_back(torch.sigmoid(network(*seen).float() / temperature), *view)
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
            window = f"window of {scenes[0].valid.shape[0]} px"
            pending, self.batch_size = fitting(self._launch, scenes, self.batch_size, window, ADVICE)
            yield pending
            scenes = scenes[self.batch_size :]

    def collect(self, pending: Pending) -> np.ndarray:
        """Wait for scores, uint8 (n, layers, height, width)."""
        if pending.start is not None and pending.end is not None:
            pending.end.synchronize()
            self.busy_s += pending.start.elapsed_time(pending.end) / 1e3
        return pending.scores.numpy()

    @torch.inference_mode()
    def _launch(self, scenes: list[Scene], size: int) -> Pending:
        inputs = [
            torch.from_numpy(np.stack(parts))
            for parts in zip(*((scene.image, scene.valid, scene.channels) for scene in scenes), strict=True)
        ]
        if self.device.type == "cpu":
            started = time.monotonic()
            # One by one: no slower at this size, and no rounding that depends on the batch.
            windows = zip(*(part.split(1) for part in inputs), strict=True)
            scores = torch.cat([self.scoring(*window) for window in windows])
            self.busy_s += time.monotonic() - started
            return Pending(scores)
        return self._launch_on_gpu(inputs, size)

    def _launch_on_gpu(self, inputs: list[torch.Tensor], size: int) -> Pending:
        """Queue a batch; the last one is filled up, for kernels of one shape round alike and are compiled once."""
        count = len(inputs[0])
        inputs = [torch.cat([part, part.new_zeros((size - count, *part.shape[1:]))]) for part in inputs]
        inputs = [part.pin_memory().to(self.device, non_blocking=True) for part in inputs]
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        made = self.scoring(*inputs)[:count]
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
        models: One network, or several of the same bands and channels whose probabilities are averaged.
        device: Where to.
        precision: torch.float32 or torch.bfloat16.
        test_time: See `views`.
        batch_size: Windows at a time on a GPU.
        compiled: Whether to compile the computation, which takes a minute and a C++ compiler.
    """
    networks = []
    for model in models:
        network = accelerated(model.network, len(model.architecture.inputs), device, precision)
        networks.append(normalized(replace(model, network=network), precision))
    temperatures = [model.temperature for model in models]
    scoring = Scoring(networks, temperatures, models[0].architecture.channels, test_time).to(device).eval()
    if compiled:
        scoring.compile()
    if precision == torch.float32:
        torch.backends.cudnn.allow_tf32 = False  # or convolutions would be of ten bits
    return Scorer(scoring, device, scoring.samples, batch_size if device.type == "cuda" else 1)
