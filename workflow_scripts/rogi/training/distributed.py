"""What a process of a training knows of the others; of a training in one process there are none."""

from dataclasses import dataclass
from typing import TypeVar, cast

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Process:
    """Which of how many processes this is."""

    rank: int = 0
    count: int = 1

    @classmethod
    def current(cls) -> "Process":
        """Return this process."""
        if distributed.is_initialized():
            return cls(distributed.get_rank(), distributed.get_world_size())
        return cls()

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and logs."""
        return self.rank == 0


def over_all(values: torch.Tensor) -> torch.Tensor:
    """Return the sum of a tensor over all processes."""
    if distributed.is_initialized():
        values = values.clone()
        distributed.all_reduce(values)
    return values


def shared(network: nn.Module, device: torch.device) -> nn.Module:
    """Return a network whose gradients are averaged over all processes; itself where there is one process."""
    if not distributed.is_initialized():
        return network
    return DistributedDataParallel(network, device_ids=[device] if device.type == "cuda" else None)


def with_common_statistics(network: Network, device: torch.device) -> Network:
    """Let batch normalisation see the batches of all processes, on GPUs; PyTorch has no such thing for CPUs."""
    if not (distributed.is_initialized() and device.type == "cuda"):
        return network
    from timm.layers import convert_sync_batchnorm  # PyTorch's own drops the activation that timm's layers hold

    return cast(Network, convert_sync_batchnorm(network))


def like_the_first(network: nn.Module) -> None:
    """Give all processes the buffers of the first: running statistics differ where every process has its own."""
    if distributed.is_initialized():
        for buffer in network.buffers():
            distributed.broadcast(buffer, 0)
