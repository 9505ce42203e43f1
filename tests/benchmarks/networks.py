"""Networks for measuring speed and memory, which do not depend on the weights: random ones."""

import numpy as np
import rasterio
import torch
from rasterio.windows import Window
from torch import nn

from tests.architectures import architecture
from workflow_scripts.rogi.training.network import TrainedModel, build, save

SEED, CROPS, CROP_PX = 20240, 4, 480


def write_network(model: str, raster: str, encoder: str, decoder_channels: int) -> None:
    """Write the model file of a DeepLabV3+ with random weights and the batch statistics of some crops of a raster.

    Without the statistics, numbers would vanish or explode from layer to layer. The mask of such a network means
    nothing, and rounding errors grow in it as they do not in a trained one.
    """
    torch.manual_seed(SEED)
    made_of = architecture(encoder=encoder, decoder_channels=decoder_channels)
    network = build(made_of).eval()
    crops = _crops(raster)
    std, mean = torch.std_mean(crops, dim=(0, 2, 3))
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0  # the statistics of this batch alone
    with torch.no_grad():
        network((crops - mean.view(-1, 1, 1)) / std.view(-1, 1, 1))
    statistics = tuple(mean.tolist()), tuple(std.tolist())
    save(model, TrainedModel(network, made_of, *statistics, 1.0, 0.5, {"note": "random weights"}))


def _crops(raster: str) -> torch.Tensor:
    rng = np.random.default_rng(SEED)
    with rasterio.open(raster) as dataset:
        corners = rng.integers(0, min(dataset.shape) - CROP_PX, (CROPS, 2)).tolist()
        windows = [Window(column, row, CROP_PX, CROP_PX) for row, column in corners]
        return torch.from_numpy(np.stack([dataset.read([1, 2, 3], window=window) for window in windows])).float()
