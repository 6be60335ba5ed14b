"""Data-parallel ranks on one machine: single-threaded processes that meet once per step.

On a CPU that others use too, two OpenMP threads wait for each other at every matrix product, and when one of them is
preempted the other sleeps. Two processes of one thread each meet only to add up gradients (gloo, shared nothing else).
"""
import os
import subprocess
import sys
import tempfile

import torch
import torch.distributed as dist


class Ranks:
    """Rank 0 is the process the user started; it starts the others with its own command line."""

    def __init__(self, n: int, rank: int, meet: "str | None"):
        self.n, self.rank, self.children = n, rank, []
        if n == 1:
            return
        if rank == 0:
            meet = os.path.join(tempfile.mkdtemp(prefix="stet-ranks-"), "meet")
            command = [sys.executable, "-m", "stetlm.train", *sys.argv[1:]]
            self.children = [subprocess.Popen([*command, "--rank", str(i), "--meet", meet]) for i in range(1, n)]
        dist.init_process_group("gloo", init_method=f"file://{meet}", rank=rank, world_size=n)

    def agree(self, values: "list[float]") -> "list[float]":
        """Rank 0's values, on every rank: what depends on a clock must not differ."""
        if self.n == 1:
            return values
        tensor = torch.tensor(values, dtype=torch.float64)
        dist.broadcast(tensor, 0)
        return tensor.tolist()

    def average_gradients(self, parameters, loss: float) -> float:
        """Gradients and loss become their means over the ranks."""
        if self.n == 1:
            return loss
        parameters = [p for p in parameters if p.grad is not None]
        flat = torch.cat([p.grad.reshape(-1) for p in parameters] + [torch.tensor([loss])])
        dist.all_reduce(flat)
        flat /= self.n
        offset = 0
        for p in parameters:
            p.grad.copy_(flat[offset : offset + p.numel()].view_as(p))
            offset += p.numel()
        return float(flat[-1])

    def map_shared(self, function, tensors):
        """[function(t) for t in tensors], each computed on one rank only and handed to all. Shapes are kept."""
        if self.n == 1:
            return [function(t) for t in tensors]
        flat = torch.zeros(sum(t.numel() for t in tensors))
        out, offset = [], 0
        for i, t in enumerate(tensors):
            piece = flat[offset : offset + t.numel()].view_as(t)
            if i % self.n == self.rank:
                piece.copy_(function(t))
            out.append(piece)
            offset += t.numel()
        dist.all_reduce(flat)
        return out
