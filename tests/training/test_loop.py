"""The training: it learns, repeats itself to the last bit, and goes on after a SIGKILL as if nothing had been."""

import logging
import math
import signal
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.training.killed import PLACES, TRAININGS, same, train
from tests.training.scene import CPU, RECIPE, equal, fitted, network, samples, timeless
from workflow_scripts.rogi.training import loop, steps
from workflow_scripts.rogi.training.distributed import Process
from workflow_scripts.rogi.training.launch import fit_on
from workflow_scripts.rogi.training.losses import iou, loss_of, sums
from workflow_scripts.rogi.training.recipe import rate_factor
from workflow_scripts.rogi.training.state import best_row

NAN = math.nan


def test_it_learns(tmp_path: Path) -> None:
    _, rows = fitted(tmp_path, steps=30, evaluate_every_steps=10)
    assert [row["step"] for row in rows] == [10, 20, 30]
    assert rows[-1]["train_loss"] < 0.6 * rows[0]["train_loss"]
    assert rows[-1]["val_iou"] > 0.8
    assert all(row["samples_per_s"] > 0 for row in rows)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_seed_gives_the_same_weights(tmp_path: Path, optimizer: str) -> None:
    runs = [fitted(tmp_path / name, optimizer=optimizer, workers=workers) for name, workers in (("1", 0), ("2", 2))]
    other, _ = fitted(tmp_path / "3", optimizer=optimizer, seed=4)
    assert equal(runs[0][0], runs[1][0])
    assert timeless(runs[0][1]) == timeless(runs[1][1])
    assert not equal(runs[0][0], other)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folder of every training of `killed.TRAININGS`, uninterrupted."""
    folders = {name: tmp_path_factory.mktemp("whole") for name in TRAININGS}
    assert [train(folders[name], *how) for name, how in TRAININGS.items()] == [0] * len(TRAININGS)
    return folders


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_training_ends_as_an_uninterrupted_one(tmp_path: Path, whole: dict[str, Path], place: str) -> None:
    """Really killed, in the middle of steps, evaluations and writing, in one process and in two."""
    name, _ = PLACES[place]
    assert train(tmp_path, *TRAININGS[name], place) == -signal.SIGKILL
    assert (tmp_path / "resume.pt").exists() != place.startswith("first step")
    assert train(tmp_path, *TRAININGS[name]) == 0
    assert same(tmp_path, whole[name])
    assert not list(tmp_path.glob(".*partial*"))


def test_two_processes_come_to_the_weights_of_one(tmp_path: Path) -> None:
    """One that is shown their batches together, without the statistics that each process has for itself on a CPU."""
    states = []
    for processes in (1, 2):
        own = tmp_path / f"in {processes}"
        own.mkdir()
        assert train(own, replace(RECIPE, batch_size=4 // processes, optimizer="sgd"), processes, plain=True) == 0
        states.append(torch.load(own / "result.pt", weights_only=True)[0])
    assert max(float((states[0][name] - states[1][name]).abs().max()) for name in states[0]) < 1e-6


def test_interrupted_after_the_last_step_trains_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fitted(tmp_path)
    monkeypatch.setattr(loop, "take_step", lambda *given: pytest.fail("trained again"))
    state, rows = fitted(tmp_path)
    assert timeless(rows) == timeless(expected[1])
    assert equal(state, expected[0])


def test_going_on_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fitted(tmp_path)
    with caplog.at_level(logging.INFO, "rogi"):
        fitted(tmp_path)
    assert f"going on after step 8 from {tmp_path / 'resume.pt'}" in caplog.text


# ---- which weights are kept, and when it ends


def scripted(monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> None:
    """Let each evaluation score as told, and set the last bias to its number."""
    numbers = iter(range(1, 99))

    def evaluate(training: Any, feed: Any) -> torch.Tensor:
        number = next(numbers)
        for net in (training.network, training.evaluated):
            torch.nn.init.constant_(net.network[-1].bias, float(number))
        score = scores[number - 1]
        pixels = (0.0, 0.0) if math.isnan(score) else (1000 * score, 1000.0)
        return torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, *pixels], dtype=torch.float64)

    monkeypatch.setattr(loop, "evaluate", evaluate)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([0.2, 0.6, 0.5, 0.6], 2),  # the first of two equals
        ([0.0, 0.0, 0.0, 0.0], 1),
        ([NAN, 0.1, NAN, 0.2], 4),
        ([NAN, NAN, NAN, NAN], 4),  # nothing to choose by: the last
    ],
)
def test_the_best_weights_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[float], best: int
) -> None:
    scripted(monkeypatch, scores)
    state, rows = fitted(tmp_path, evaluate_every_steps=2)
    assert state["4.bias"].item() == best
    assert best_row(rows) is rows[best - 1]


@pytest.mark.parametrize(
    ("scores", "patience", "evaluations"),
    [
        ([0.5, 0.4, 0.4, 0.9], 2, 3),
        ([0.5, 0.4, 0.6, 0.5, 0.5, 0.9], 2, 5),
        ([0.5, 0.5, 0.5, 0.5], 3, 4),  # as good is not better
        ([0.5] * 6, None, 6),
        ([NAN] * 6, 1, 6),  # nothing that could improve
    ],
)
def test_patience_is_counted_in_evaluations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[float], patience: int | None, evaluations: int
) -> None:
    scripted(monkeypatch, scores)
    changes: dict[str, Any] = {"steps": 6, "evaluate_every_steps": 1, "patience": patience, "workers": 1}
    _, rows = fitted(tmp_path, **changes)
    assert len(rows) == evaluations
    monkeypatch.setattr(loop, "take_step", lambda *given: pytest.fail("went on"))
    assert len(fitted(tmp_path, **changes)[1]) == evaluations


def test_the_last_step_is_evaluated_too(tmp_path: Path) -> None:
    _, rows = fitted(tmp_path, steps=5, evaluate_every_steps=3)
    assert [row["step"] for row in rows] == [3, 5]
    expected = [0.05 * rate_factor(step - 1, replace(RECIPE, steps=5)) for step in (3, 5)]
    assert [row["learning_rate"] for row in rows] == pytest.approx(expected)


def test_without_validation_patches_the_last_weights_are_kept(tmp_path: Path) -> None:
    given = samples(tmp_path, validation=0)
    recipe = replace(RECIPE, patience=1, evaluate_every_steps=2)
    net = network()
    state, rows = loop.fit(net, given, recipe, CPU, tmp_path / "resume.pt", lambda rows: None)
    given.patches.close()
    assert [row["step"] for row in rows] == [2, 4, 6, 8]
    assert all(math.isnan(row["val_iou"]) and math.isnan(row["val_loss"]) for row in rows)
    assert not any(math.isnan(row["train_iou"]) for row in rows)
    last = torch.load(tmp_path / "resume.pt", weights_only=True)["averaged"]
    averaged = {name.removeprefix("module.network."): value for name, value in last.items()}
    assert equal(state, {name: averaged[name] for name in state})


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_scores_are_those_of_the_weights_that_are_kept(tmp_path: Path, ema_decay: float | None) -> None:
    """On every valid pixel of the validation patches, at a probability of one half."""
    state, rows = fitted(tmp_path, ema_decay=ema_decay)
    net, given = network().eval(), samples(tmp_path)
    net.network.load_state_dict(state)
    batch = given.read(given.validation)
    given.patches.close()
    with torch.inference_mode():
        totals = sums(net(batch.image, batch.valid, batch.channels), batch.label, batch.valid)
    assert best_row(rows)["val_iou"] == pytest.approx(iou(totals))
    assert best_row(rows)["val_loss"] == pytest.approx(loss_of(totals, RECIPE).item(), rel=1e-5)


@pytest.mark.parametrize("rank", [0, 1])
def test_every_process_waits_for_the_next_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    """The loss is fetched from the device when a checkpoint is due, not at every step after the first."""
    now, checked = [0.0], list[int]()

    def step(training: Any, batches: Any, true: Any = loop.take_step) -> Any:
        now[0] += 60
        return true(training, batches)

    def check(training: Any, true: Any = loop._checked) -> str:
        checked.append(training.step)
        return str(true(training))

    monkeypatch.setattr(loop, "take_step", step)
    monkeypatch.setattr(loop, "_checked", check)
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(loop.Process, "current", lambda: Process(rank, 2))
    fitted(tmp_path, evaluate_every_steps=8, checkpoint_min=3.0, patience=None)
    assert checked == [3, 6, 8]
    assert (tmp_path / "resume.pt").exists() == (rank == 0)


def test_rows_are_told_as_they_come(tmp_path: Path) -> None:
    told: list[list[float]] = []
    given = samples(tmp_path)
    loop.fit(network(), given, RECIPE, CPU, tmp_path / "resume.pt", lambda rows: told.append([r["step"] for r in rows]))
    given.patches.close()
    assert told == [[4], [4, 8]]


def test_progress_is_counted_in_patches_with_loss_and_iou_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []

    class Watched:
        def advance(self, amount: float, note: str = "") -> None:
            shown.append((amount, note))

    def progress(*given: Any, **more: Any) -> Any:
        shown.append((*given, more))
        return nullcontext(Watched())

    monkeypatch.setattr(loop, "progress", progress)
    _, rows = fitted(tmp_path)
    assert shown[0] == ("training", 32, "patches", {"shown": True})
    first, last = (f"loss {row['train_loss']:.3f}, IoU {row['train_iou']:.3f}" for row in rows)
    assert shown[1:] == [(4, note) for note in ("", "", "", first, first, first, first, last)]


# ---- what goes wrong


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks = iter([False] * 5 + [True])
    true = loop.take_step
    monkeypatch.setattr(loop, "take_step", lambda *given: true(*given) * (NAN if next(breaks, True) else 1))
    with pytest.raises(ValueError, match=r"nan in step 6, at a learning rate of 0\.05; lower training\.learning_rate"):
        fitted(tmp_path, schedule="constant", warmup_share=0.0)
    kept = torch.load(tmp_path / "resume.pt", weights_only=True)
    assert kept["step"] == 4
    assert all(value.isfinite().all() for value in kept["best"].values())


def test_weights_that_the_last_step_spoilt_are_not_kept(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "optimizer": "sgd",
        "learning_rate": 3e38,
        "weight_decay": 1e3,
        "steps": 1,
        "warmup_share": 0.0,
    }
    with pytest.raises(ValueError, match=r"nan in step 1, at a learning rate of 3e\+38"):
        fitted(tmp_path, **changes)
    assert not (tmp_path / "resume.pt").exists()


def test_no_training_patches_say_where_to_look(tmp_path: Path) -> None:
    given = samples(tmp_path, training=0)
    with pytest.raises(ValueError, match="of 0 training patches none shows a rock glacier"):
        loop.fit(network(), given, RECIPE, CPU, tmp_path / "resume.pt", lambda rows: None)
    given.patches.close()


def test_too_little_memory_says_what_to_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(steps, "gradient", full)
    with pytest.raises(MemoryError, match=r"lower training\.batch_size and raise training\.accumulate.*crop_px"):
        fitted(tmp_path)


def test_a_batch_of_one_says_what_to_raise(tmp_path: Path) -> None:
    net = network()
    net.network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.BatchNorm2d(3), net.network)
    with pytest.raises(ValueError, match=r"a batch of one patch has no statistics.*training\.batch_size to 2"):
        fitted(tmp_path, net, batch_size=1)


def test_a_batch_of_one_is_enough_where_nothing_is_normalised_over_it(tmp_path: Path) -> None:
    _, rows = fitted(tmp_path, network(plain=True), batch_size=1)
    assert rows[-1]["step"] == 8


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is visible")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_repeats_itself_to_the_last_bit(tmp_path: Path, precision: str) -> None:
    states = []
    for name in ("1", "2"):
        given = samples(tmp_path / name)
        recipe = replace(RECIPE, precision=precision)
        states.append(fit_on(1, "cuda", network(), given, recipe, tmp_path / name / "resume.pt", lambda rows: None)[0])
        given.patches.close()
    assert equal(*states)


def test_what_was_set_for_repeatability_is_set_back(tmp_path: Path) -> None:
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    fitted(tmp_path)
    assert (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark) == before
