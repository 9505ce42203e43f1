"""One step: accumulated batches are one large batch, in any number format."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.architectures import architecture
from tests.training.scene import CPU, RECIPE, equal, network, samples
from workflow_scripts.rogi.training.distributed import Process
from workflow_scripts.rogi.training.feed import Feed
from workflow_scripts.rogi.training.network import Normalized, build
from workflow_scripts.rogi.training.precision import repeatable
from workflow_scripts.rogi.training.recipe import Recipe
from workflow_scripts.rogi.training.samples import Samples
from workflow_scripts.rogi.training.state import Training, moving_average
from workflow_scripts.rogi.training.steps import evaluate, take_step


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return samples(tmp_path_factory.mktemp("steps"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is visible")
@pytest.mark.parametrize("name", ["DeepLabV3Plus", "Unet"])
def test_real_networks_have_repeatable_steps_on_a_gpu(world: Samples, name: str) -> None:
    """Their upsampling and pooling have no repeatable algorithm in every release of PyTorch."""
    recipe, device, states = replace(RECIPE, crop_px=None), torch.device("cuda"), []
    for _ in range(2):
        torch.manual_seed(1)
        made_of = architecture(name=name)
        net = Normalized(build(made_of), made_of, (80.0,) * 3, (40.0,) * 3)
        with repeatable(True):
            training = Training(net, recipe, device, Process())
            take_step(training, Feed(world, recipe, Process()).batches(0))
        states.append(training.network.state_dict())
    assert equal(*states)


def after(world: Samples, recipe: Recipe, *, plain: bool = True, steps: int = 2) -> tuple[Training, list[torch.Tensor]]:
    """Return a training after some steps, and their sums."""
    feed, training, totals = Feed(world, recipe, Process()), Training(network(plain=plain), recipe, CPU, Process()), []
    for step in range(steps):
        totals.append(take_step(training, feed.batches(step)))
        training.step += 1
    return training, totals


@pytest.mark.parametrize("loss", ["dice_bce", "focal_tversky"])
@pytest.mark.parametrize("accumulate", [2, 4])
def test_accumulated_batches_are_one_large_batch(world: Samples, loss: str, accumulate: int) -> None:
    """Without batch normalisation, which sees the batches one by one."""
    whole = replace(RECIPE, loss=loss, batch_size=8, optimizer="sgd")
    parts = replace(whole, batch_size=8 // accumulate, accumulate=accumulate)
    one, other = after(world, whole), after(world, parts)
    assert torch.allclose(torch.stack(one[1]), torch.stack(other[1]), rtol=1e-5)
    states = [training.network.state_dict() for training, _ in (one, other)]
    begun = network(plain=True).state_dict()
    for name, value in states[0].items():
        assert torch.allclose(value, states[1][name], atol=2e-6)
        assert not torch.allclose(value, begun[name], atol=1e-3)


def test_running_statistics_count_every_batch_once(world: Samples) -> None:
    training, _ = after(world, replace(RECIPE, batch_size=2, accumulate=3), plain=False, steps=2)
    norm = training.network.network.get_submodule("1")
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.num_batches_tracked is not None
    assert norm.num_batches_tracked.item() == 6


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_narrow_numbers_lead_about_the_same_way(world: Samples, precision: str) -> None:
    exact, narrow = (after(world, replace(RECIPE, precision=name), steps=3) for name in ("float32", precision))
    assert [bool(total.isfinite().all()) for total in narrow[1]] == [True] * 3
    first = exact[1][0]
    assert torch.allclose(narrow[1][0], first, rtol=0.03)
    assert not torch.equal(narrow[1][0], first)
    assert all(value.dtype == torch.float32 for value in narrow[0].network.parameters())
    assert narrow[0].scaler.is_enabled() == (precision == "float16")


def test_evaluation_changes_nothing(world: Samples) -> None:
    training, _ = after(world, RECIPE, plain=False)
    before = {name: value.clone() for name, value in training.network.state_dict().items()}
    feed = Feed(world, RECIPE, Process())
    totals = evaluate(training, feed)
    assert totals[1].item() == world.read(world.validation).valid.sum().item()
    assert equal(training.network.state_dict(), before)
    assert training.network.training
    whole = evaluate(training, Feed(world, replace(RECIPE, batch_size=99), Process()))
    assert torch.allclose(whole, totals, rtol=1e-6)


def test_the_average_is_exponential_and_forgets_its_beginning(world: Samples) -> None:
    average, old = moving_average(0.9), torch.tensor([1.0])
    for count in range(1, 400):
        new = torch.tensor([float(count % 7)])
        decay = min(0.9, (1 + count) / (10 + count))
        expected = decay * old + (1 - decay) * new
        old = average(old, new, count)
        assert torch.allclose(old, expected)
    assert torch.equal(average(torch.tensor(3), torch.tensor(8), 5), torch.tensor(8))
    training, _ = after(world, replace(RECIPE, ema_decay=0.5), plain=False, steps=1)
    assert equal(training.evaluated.network.state_dict(), training.network.network.state_dict())


def test_layers_are_in_the_order_that_devices_like(world: Samples) -> None:
    training, _ = after(world, RECIPE)
    weight = training.network.network.get_parameter("0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)
