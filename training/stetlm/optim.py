"""Muon for matrices, AdamW for the rest, and the warm-up / stable / decay schedule.

Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): the momentum of a matrix is replaced by a nearby
orthogonal matrix, found with five Newton-Schulz steps. At a few million tokens it needs far fewer tokens than AdamW.
"""
import torch


def orthogonalise(matrix, n_steps: int = 5):
    """A matrix with the same singular vectors and singular values near one. matrix [nRow, nCol] float."""
    a, b, c = 3.4445, -4.7750, 2.0315  # quintic coefficients of the reference implementation
    x = matrix.bfloat16() if matrix.is_cuda else matrix.float()
    is_tall = x.shape[0] > x.shape[1]
    if is_tall:
        x = x.t()
    x = x / (x.norm() + 1e-7)
    for _ in range(n_steps):
        gram = x @ x.t()
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.t() if is_tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0, map_all=None):
        """map_all(function, tensors): how the updates are computed; None does them one after the other."""
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))
        self.map_all = map_all or (lambda function, tensors: [function(t) for t in tensors])

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            parameters, directions = [p for p in group["params"] if p.grad is not None], []
            for p in parameters:
                state = self.state[p]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                directions.append(p.grad.lerp(state["momentum"], group["momentum"]))  # Nesterov
            for p, update in zip(parameters, self.map_all(orthogonalise, directions)):
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5)


def make_optimizers(model, kind: str, matrix_lr: float, embed_lr: float, weight_decay: float, map_all=None):
    """[optimizer]; each param group remembers its `base_lr`. kind: muon | adamw."""
    matrices, embeddings, norms = [], [], []
    for name, p in model.named_parameters():
        (norms if p.dim() < 2 else embeddings if "embed_tokens" in name else matrices).append(p)
    rest = [
        dict(params=embeddings, lr=embed_lr, weight_decay=0.0),
        dict(params=norms, lr=embed_lr, weight_decay=0.0),
    ]
    if kind == "adamw":
        rest.append(dict(params=matrices, lr=matrix_lr, weight_decay=weight_decay))
        made = [torch.optim.AdamW(rest, betas=(0.9, 0.95))]
    else:
        made = [Muon(matrices, lr=matrix_lr, weight_decay=weight_decay, map_all=map_all), torch.optim.AdamW(rest, betas=(0.9, 0.95))]
    for optimizer in made:
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return made


def wsd(progress: float, step: int, warmup_steps: int, decay_share: float) -> float:
    """Factor on the learning rate: linear warm-up by steps, constant, then linear to zero by progress in [0, 1]."""
    warm = min(1.0, (step + 1) / max(1, warmup_steps))
    return warm * min(1.0, max(0.0, (1.0 - progress) / decay_share))
