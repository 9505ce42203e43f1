"""The course of the learning rate, and which parameters are decayed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.scene import RECIPE
from workflow_scripts.rogi.training.recipe import make_optimizer, rate_factor


@pytest.mark.parametrize(("schedule", "half"), [("constant", 1.0), ("cosine", 0.5), ("poly", 0.5**0.9)])
def test_the_rate_rises_then_follows_its_schedule(schedule: str, half: float) -> None:
    recipe = replace(RECIPE, schedule=schedule, warmup_share=0.1, steps=100)
    rates = [rate_factor(step, recipe) for step in range(101)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1
    assert rates[55] == pytest.approx(half)
    assert rates[100] == pytest.approx(1.0 if schedule == "constant" else 0.0, abs=1e-12)
    assert (np.diff(rates[10:]) <= 0).all()


def test_without_warm_up_the_rate_starts_full() -> None:
    assert rate_factor(0, replace(RECIPE, steps=100, warmup_share=0.0)) == 1
    assert rate_factor(0, replace(RECIPE, steps=1)) == 1


@pytest.mark.parametrize(("name", "kind"), [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_biases_and_normalisations_are_not_decayed(name: str, kind: type) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1, bias=False))
    network[2].requires_grad_(False)
    optimizer = make_optimizer(network, replace(RECIPE, optimizer=name, weight_decay=0.01))
    assert type(optimizer) is kind
    decays = {id(part): group["weight_decay"] for group in optimizer.param_groups for part in group["params"]}
    expected = {"0.weight": 0.01, "0.bias": 0.0, "1.weight": 0.0, "1.bias": 0.0}
    assert {name: decays.get(id(part)) for name, part in network.named_parameters()} == expected | {"2.weight": None}
