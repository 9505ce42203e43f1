"""Scores: closed forms for simple networks, views and ensembles; what happens when memory runs out."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.architectures import architecture
from workflow_scripts.rogi.imagery.mosaic import Scene
from workflow_scripts.rogi.mapping.blend import FULL
from workflow_scripts.rogi.mapping.scorer import Scorer, make_scorer, turned_back, views
from workflow_scripts.rogi.training.network import TrainedModel
from workflow_scripts.rogi.training.orientation import turn

CPU = torch.device("cpu")
MEAN, STD = (100.0, 110.0, 120.0), (30.0, 20.0, 10.0)


def of(image: np.ndarray, valid: np.ndarray, channels: np.ndarray | None = None) -> Scene:
    none = np.empty((0, *valid.shape), np.float32)
    return Scene(image, valid, valid.astype(np.uint8), none if channels is None else channels)


def scene(seed: int, side: int = 32, channels: int = 0) -> Scene:
    rng = np.random.default_rng(seed)
    valid = rng.random((side, side)) > 0.1
    image = rng.integers(1, 256, (3, side, side), np.uint8) * valid
    layers = rng.normal(size=(channels, side, side)).astype(np.float32)
    layers[rng.random(layers.shape) < 0.1] = np.nan
    return of(image, valid, layers)


def trained(network: nn.Module, channels: tuple[str, ...] = (), temperature: float = 1.0) -> TrainedModel:
    statistics = (*MEAN, *[0.5] * len(channels)), (*STD, *[2.0] * len(channels))
    return TrainedModel(network.eval(), architecture(channels=channels), *statistics, temperature, 0.5, {})


def score(models: list[TrainedModel], scenes: list[Scene], test_time: str = "none", size: int = 4) -> np.ndarray:
    scorer = make_scorer(models, CPU, torch.float32, test_time, size, False)
    return np.concatenate([scorer.collect(pending) for pending in scorer.submit(scenes)])


def scored(networks: list[nn.Module], scenes: list[Scene], test_time: str = "none", size: int = 4) -> np.ndarray:
    return score([trained(network) for network in networks], scenes, test_time, size)


def linear(seed: int) -> nn.Conv2d:
    torch.manual_seed(seed)
    return nn.Conv2d(3, 1, 1)


def probability(network: nn.Conv2d, scene: Scene) -> np.ndarray:
    """The closed form: the sigmoid of a weighted sum of normalised bands."""
    assert network.bias is not None
    normal = (scene.image - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1)) * scene.valid
    logits = np.tensordot(network.weight.detach().numpy().ravel(), normal, 1) + network.bias.item()
    return 1 / (1 + np.exp(-logits))


def test_scores_are_probabilities_times_254() -> None:
    network, scenes = linear(0), [scene(0), scene(1)]
    scores = scored([network], scenes)
    assert scores.shape == (2, 1, 32, 32)
    assert scores.dtype == np.uint8
    for found, seen in zip(scores, scenes, strict=True):
        assert np.abs(found[0] - FULL * probability(network, seen)).max() <= 0.5 + 1e-3


@pytest.mark.parametrize(("bias", "expected"), [(50.0, FULL), (-50.0, 0), (0.0, 127)])
def test_certainty_is_254(bias: float, expected: int) -> None:
    network = linear(0)
    assert network.bias is not None
    nn.init.zeros_(network.weight)
    nn.init.constant_(network.bias, bias)
    assert (scored([network], [scene(0)]) == expected).all()


def test_constant_and_empty_scenes_are_scored_like_any_other() -> None:
    blank = of(np.full((3, 16, 16), 77, np.uint8), np.ones((16, 16), bool))
    empty = of(np.zeros((3, 16, 16), np.uint8), np.zeros((16, 16), bool))
    assert np.unique(scored([linear(0)], [blank])).size == 1
    assert np.isfinite(scored([linear(0)], [empty]).astype(float)).all()


def test_an_ensemble_gives_mean_and_standard_deviation() -> None:
    networks, seen = [linear(seed) for seed in range(3)], scene(5)
    scores = scored(list(networks), [seen])
    each = np.stack([probability(network, seen) for network in networks])
    assert scores.shape == (1, 2, 32, 32)
    assert np.abs(scores[0, 0] - FULL * each.mean(axis=0)).max() <= 0.5 + 1e-2
    assert np.abs(scores[0, 1] - FULL * each.std(axis=0)).max() <= 0.5 + 2e-2


def test_members_that_agree_have_no_spread() -> None:
    network = linear(0)
    assert (scored([network, network], [scene(0)])[0, 1] == 0).all()


@pytest.mark.parametrize(("test_time", "count"), [("none", 1), ("flips", 4), ("dihedral", 8)])
def test_views_are_different_and_lead_back(test_time: str, count: int) -> None:
    image = torch.arange(25.0).reshape(1, 5, 5)
    seen = [turn(image, (), *view) for view in views(test_time)]
    assert len({tuple(view.flatten().tolist()) for view in seen}) == count
    for view in views(test_time):
        assert torch.equal(turned_back(turn(image, (), *view), *view), image)
    assert torch.equal(seen[0], image)


def turned(scene: Scene, mirrored: bool) -> Scene:
    """Return the scene of a world that is mirrored, if asked for, and turned by 90° to the left."""
    image, valid, channels = (
        np.rot90(part[..., ::-1] if mirrored else part, 1, (-2, -1)).copy()
        for part in (scene.image, scene.valid, scene.channels)
    )
    if len(channels):
        east, north = channels[1].copy(), channels[2].copy()
        channels[1], channels[2] = -north, -east if mirrored else east
    return of(image, valid, channels)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("channels", [(), ("slope", "aspect_sine", "aspect_cosine")])
def test_all_views_together_are_blind_to_direction(channels: tuple[str, ...], mirrored: bool) -> None:
    """A network that looks one way only becomes symmetric; aspect is a direction and turns with the ground."""
    torch.manual_seed(2)
    model = trained(nn.Conv2d(3 + len(channels), 1, 5, padding=2), channels)
    seen = scene(7, channels=len(channels))
    plain, all_views = (score([model], [seen, turned(seen, mirrored)], views)[:, 0] for views in ("none", "dihedral"))
    back = np.s_[:, ::-1] if mirrored else np.s_[:, :]
    assert not np.array_equal(np.rot90(plain[0][back]), plain[1])
    difference = np.rot90(all_views[0][back]).astype(int) - all_views[1]
    assert np.abs(difference).max() <= 1  # sums of eight in another order
    assert (difference != 0).mean() < 1e-2


def test_a_direction_that_did_not_turn_would_show() -> None:
    torch.manual_seed(2)
    names = ("slope", "aspect_sine", "aspect_cosine")
    model = trained(nn.Conv2d(6, 1, 5, padding=2), names)
    seen = scene(7, channels=3)
    wrong = of(*(np.rot90(part, 1, (-2, -1)).copy() for part in (seen.image, seen.valid, seen.channels)))
    one, other = score([model], [seen, wrong], "dihedral")[:, 0]
    assert np.abs(np.rot90(one).astype(int) - other).max() > 5


def test_channels_are_seen_and_missing_ones_are_at_the_mean() -> None:
    network, seen = nn.Conv2d(4, 1, 1), scene(3, channels=1)
    found = score([trained(network, ("slope",))], [seen])[0, 0]
    assert network.bias is not None
    weights = network.weight.detach().numpy().ravel()
    channel = np.where(seen.valid & np.isfinite(seen.channels[0]), (seen.channels[0] - 0.5) / 2, 0)
    bands = (seen.image - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1)) * seen.valid
    logits = np.tensordot(weights[:3], bands, 1) + weights[3] * channel + network.bias.item()
    assert np.abs(found - FULL / (1 + np.exp(-logits))).max() <= 0.5 + 1e-3


def test_every_model_has_its_own_temperature() -> None:
    networks, seen = [linear(seed) for seed in range(2)], scene(5)
    logits = [np.log(p / (1 - p)) for p in (probability(network, seen) for network in networks)]
    temperatures = 2.5, 0.5
    models = [trained(network, (), heat) for network, heat in zip(networks, temperatures, strict=True)]
    calibrated = [1 / (1 + np.exp(-logit / heat)) for logit, heat in zip(logits, temperatures, strict=True)]
    for model, expected in zip(models, calibrated, strict=True):
        assert np.abs(score([model], [seen])[0, 0] - FULL * expected).max() <= 0.5 + 1e-2
    together = score(models, [seen])[0]
    assert np.abs(together[0] - FULL * np.mean(calibrated, axis=0)).max() <= 0.5 + 1e-2
    assert np.abs(together[1] - FULL * np.std(calibrated, axis=0)).max() <= 0.5 + 2e-2


def test_a_window_that_the_network_cannot_halve_is_scored_whole() -> None:
    model = replace(trained(linear(1)), architecture=architecture(reduction=3))
    found = score([model], [scene(0, 70)])
    assert found.shape == (1, 1, 70, 70)
    assert np.unique(found).size > 1


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_the_batch_size_changes_no_byte(size: int) -> None:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1))
    scenes = [scene(seed, 64) for seed in range(8)]
    alone = np.concatenate([scored([network], [each]) for each in scenes])
    together = np.concatenate([scored([network], scenes[at : at + size], size=size) for at in range(0, 8, size)])
    assert alone.tobytes() == together.tobytes()


@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling takes a C++ compiler")
def test_the_compiled_network_gives_the_same_scores() -> None:
    network, seen = linear(0), [scene(0), scene(1)]
    compiled = make_scorer([trained(network)], CPU, torch.float32, "flips", 1, True)
    found = np.concatenate([compiled.collect(pending) for pending in compiled.submit(seen)])
    assert np.abs(found.astype(int) - scored([network], seen, "flips")).max() <= 1


class Cramped(nn.Module):
    """Runs out of memory with more windows than fit."""

    def __init__(self, fits: int, score: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.fits, self.score, self.batches = fits, score, list[int]()

    def forward(self, image: torch.Tensor, valid: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        if len(image) > self.fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.batches.append(len(image))
        return self.score(image)


class Batched(Scorer):
    """Launches whole batches on the CPU, as a GPU would."""

    @torch.inference_mode()
    def _launch(self, scenes: list[Scene], size: int):  # type: ignore[no-untyped-def]
        from workflow_scripts.rogi.mapping.scorer import Pending

        image = torch.from_numpy(np.stack([scene.image for scene in scenes]))
        return Pending(self.scoring(image, image[:, 0] > 0, image[:, :0]))


@pytest.mark.parametrize(("fits", "expected"), [(8, [7]), (3, [3, 3, 1]), (1, [1] * 7)])
def test_out_of_memory_halves_the_batch_and_goes_on(
    fits: int, expected: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    scoring = Cramped(fits, lambda image: image[:, :1])
    scorer, scenes = Batched(scoring, CPU, 1, 7), [scene(seed) for seed in range(7)]
    with caplog.at_level(logging.WARNING, "rogi"):
        scores = np.concatenate([scorer.collect(pending) for pending in scorer.submit(scenes)])
    assert np.array_equal(scores[:, 0], [each.image[0] for each in scenes])
    assert scoring.batches == expected
    assert scorer.batch_size == max(expected)
    assert ("out of GPU memory with 7 at a time (window of 32 px); going on with 3" in caplog.text) == (fits < 7)


def test_a_single_window_that_does_not_fit_says_what_to_do() -> None:
    scorer = Batched(Cramped(0, torch.relu), CPU, 1, 4)
    with pytest.raises(MemoryError, match=r"single window of 32 px .* lower prediction\.window_px"):
        list(scorer.submit([scene(0), scene(1)]))


# ---- on a GPU, where there is one

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is visible")


@gpu
@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_gpu_scores_like_a_processor(count: int, compiled: bool) -> None:
    """Also where the last batch is not full."""
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1)
    )
    scenes = [scene(seed, 64) for seed in range(count)]
    device = torch.device("cuda")
    scorer = make_scorer([trained(network)], device, torch.float32, "none", 4, compiled)
    found = np.concatenate([scorer.collect(pending) for pending in scorer.submit(scenes)])
    assert np.abs(found.astype(int) - scored([network], scenes)).max() <= 1
    assert scorer.busy_s > 0


@gpu
def test_a_gpu_without_room_takes_smaller_batches() -> None:
    network = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(64, 1, 3, padding=1))
    scorer = make_scorer([trained(network)], torch.device("cuda"), torch.float32, "none", 8, False)
    scenes = [scene(seed, 1024) for seed in range(8)]
    torch.cuda.set_per_process_memory_fraction(1.5 * 2**30 / torch.cuda.get_device_properties(0).total_memory)
    try:
        found = np.concatenate([scorer.collect(pending) for pending in scorer.submit(scenes)])
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert len(found) == 8
    assert scorer.batch_size < 8
