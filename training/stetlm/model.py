"""The Llama-style decoder: RMSNorm, rotate-half RoPE, grouped-query attention, SwiGLU, tied embedding, no biases.

Module names are the Hugging Face ones, so a state dict is what export.py writes. No QK-norm: the product's CPU
graph uses ONNX Runtime's GroupQueryAttention, which has none. Plain torch 1.13 operations; on CUDA with a newer
torch the attention goes through scaled_dot_product_attention.
"""
import dataclasses
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

QUERY_BLOCK = 128  # query rows per attention block on CPU: skips the masked half of the scores without a kernel
LOSS_CHUNK = 384  # tokens whose logits exist at once: 384 x 16,384 float32 = 25 MB, under the 32 MB at which malloc maps anew
LOSS_CHUNK_CUDA = 16_384


@dataclasses.dataclass(frozen=True)
class Config:
    n_vocab: int = 16_384
    d_model: int = 256
    n_layer: int = 6
    n_head: int = 4
    n_kv_head: int = 2
    d_ff: int = 768
    head_dim: int = 64
    max_positions: int = 2048
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-5


class RMSNorm(nn.Module):
    def __init__(self, d: int, eps: float):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d)), eps

    def forward(self, x):  # [..., d] float
        return (x.float() * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype) * self.weight


def rope_table(positions, head_dim: int, theta: float):
    """cos and sin for positions [nPos]: two [nPos, headDim] float32, halves repeated (rotate-half layout)."""
    inverse = theta ** (-torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim)
    angle = positions.float()[:, None] * inverse
    angle = torch.cat((angle, angle), -1)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):  # x [nBatch, nHead, nPos, headDim]
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def causal_attention(q, k, v):
    """q [nBatch, nHead, nPos, headDim]; k, v [nBatch, nKvHead, nPos, headDim] -> like q."""
    n_batch, n_head, n_pos, head_dim = q.shape
    n_kv = k.shape[1]
    group = n_head // n_kv
    if q.is_cuda:
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    q = q.reshape(n_batch, n_kv, group, n_pos, head_dim) * head_dim**-0.5
    out = []
    for start in range(0, n_pos, QUERY_BLOCK):
        stop = min(n_pos, start + QUERY_BLOCK)
        rows = stop - start
        # The query heads of one KV head are stacked as rows, so K and V are never copied per head.
        block = q[:, :, :, start:stop].reshape(n_batch, n_kv, group * rows, head_dim)
        scores = (block @ k[:, :, :stop].transpose(-1, -2)).view(n_batch, n_kv, group, rows, stop)
        mask = torch.full((rows, rows), -1e9, dtype=scores.dtype).triu(1)
        scores = torch.cat((scores[..., :start], scores[..., start:] + mask), -1) if start else scores + mask
        weights = scores.softmax(-1).view(n_batch, n_kv, group * rows, stop)
        out.append((weights @ v[:, :, :stop]).view(n_batch, n_kv, group, rows, head_dim))
    return torch.cat(out, 3).reshape(n_batch, n_head, n_pos, head_dim)


class Attention(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c, self.keeps, self.seen = c, False, None
        self.q_proj = nn.Linear(c.d_model, c.n_head * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.d_model, c.n_kv_head * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.d_model, c.n_kv_head * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.n_head * c.head_dim, c.d_model, bias=False)

    def forward(self, x, cos, sin, stale=None):
        """stale: None or (mask [nBatch, nPos, 1] bool, keys, values [nBatch, nPos, nKvHead*headDim]): where the mask
        holds, these unrotated keys and values stand in for the row's own, as after an edit that reuses rows."""
        n_batch, n_pos, _ = x.shape
        k, v = self.k_proj(x), self.v_proj(x)
        if self.keeps:
            self.seen = (k, v)
        if stale is not None:
            k, v = torch.where(stale[0], stale[1], k), torch.where(stale[0], stale[2], v)

        def heads(t):
            return t.view(n_batch, n_pos, -1, self.c.head_dim).transpose(1, 2)

        q, k, v = rotate(heads(self.q_proj(x)), cos, sin), rotate(heads(k), cos, sin), heads(v)
        y = causal_attention(q, k.to(q.dtype), v)
        return self.o_proj(y.transpose(1, 2).reshape(n_batch, n_pos, -1))


class MLP(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.gate_proj = nn.Linear(c.d_model, c.d_ff, bias=False)
        self.up_proj = nn.Linear(c.d_model, c.d_ff, bias=False)
        self.down_proj = nn.Linear(c.d_ff, c.d_model, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.input_layernorm = RMSNorm(c.d_model, c.norm_eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RMSNorm(c.d_model, c.norm_eps)
        self.mlp = MLP(c)

    def forward(self, x, cos, sin, stale=None):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, stale)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.n_vocab, c.d_model)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.n_layer))
        self.norm = RMSNorm(c.d_model, c.norm_eps)


class LanguageModel(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.config, self.model = c, Decoder(c)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                # Residual writers start at zero, so that each layer begins as the identity.
                zero = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(p, 0.0, 0.02 if "embed" in name else p.shape[1] ** -0.5)
                if zero:
                    nn.init.zeros_(p)

    def forward(self, ids, stale=None):
        """ids [nBatch, nPos] int64 -> normalised hidden states [nBatch, nPos, dModel]."""
        c = self.config
        cos, sin = rope_table(torch.arange(ids.shape[1], device=ids.device), c.head_dim, c.rope_theta)
        x = self.model.embed_tokens(ids)
        if torch.is_autocast_enabled():
            x, cos, sin = x.bfloat16(), cos.bfloat16(), sin.bfloat16()
        for i, layer in enumerate(self.model.layers):
            x = layer(x, cos, sin, stale[i] if stale else None)
        return self.model.norm(x)

    def keep_rows(self, keeps: bool) -> None:
        """Whether the next forward passes leave their keys and values for `rows`; False also lets go of them."""
        for layer in self.model.layers:
            layer.self_attn.keeps, layer.self_attn.seen = keeps, None

    def rows(self):
        """(keys, values) of every layer of the last forward, unrotated [nBatch, nPos, nKvHead*headDim]."""
        return [layer.self_attn.seen for layer in self.model.layers]

    def logits(self, hidden):
        return F.linear(hidden, self.model.embed_tokens.weight.to(hidden.dtype)).float()


class LinearCrossEntropy(torch.autograd.Function):
    """Mean weighted cross-entropy of hidden @ weight^T against targets, with the logits alive one chunk at a time.

    The gradient is made in the forward pass, so nothing of size nToken x nVocab is kept or computed twice.
    `shift` [nVocab] is added to the logits (the correction of a sampled softmax), or None.
    """

    @staticmethod
    def forward(ctx, hidden, weight, targets, loss_weight, shift):
        n, total = hidden.shape[0], loss_weight.sum().clamp(min=1e-6)
        d_hidden, d_weight = torch.empty_like(hidden), torch.zeros_like(weight, dtype=torch.float32)
        loss, w = torch.zeros((), device=hidden.device), weight.to(hidden.dtype)
        size = LOSS_CHUNK_CUDA if hidden.is_cuda else LOSS_CHUNK
        for i in range(0, n, size):
            h, t, lw = hidden[i : i + size], targets[i : i + size, None], loss_weight[i : i + size]
            logits = (h @ w.t()).float()
            if shift is not None:
                logits += shift
            lse = logits.logsumexp(-1)
            loss += ((lse - logits.gather(1, t)[:, 0]) * lw).sum()
            scale = lw / total
            grad = logits.sub_(lse[:, None]).exp_().mul_(scale[:, None])
            grad.scatter_add_(1, t, -scale[:, None])
            grad = grad.to(h.dtype)
            d_hidden[i : i + size] = grad @ w
            d_weight += grad.t() @ h
        ctx.save_for_backward(d_hidden, d_weight.to(weight.dtype))
        return loss / total

    @staticmethod
    def backward(ctx, upstream):
        d_hidden, d_weight = ctx.saved_tensors
        return d_hidden * upstream, d_weight * upstream, None, None, None


def sampled_candidates(targets, n_vocab: int, n_often: int, n_random: int, log_often):
    """Vocabulary subset for a cheap softmax: ids [nCand], targets as indices into it, logit shift [nCand].

    The `n_often` most frequent ids (log_often holds them first) and the batch's own targets are always in; of the
    rest a uniform sample, each standing for 1/rate others in the partition sum (an importance weight, log(1/rate)).
    The targets that came only by being targets keep weight 1: a small bias, gone when the full softmax takes over.
    """
    is_in = torch.zeros(n_vocab, dtype=torch.bool, device=targets.device)
    is_in[log_often[:n_often]] = True
    is_in[targets] = True
    n_rest = int((~is_in).sum())
    rate = min(1.0, n_random / max(1, n_rest))
    drawn = (torch.rand(n_vocab, device=targets.device) < rate) & ~is_in
    ids = torch.nonzero(is_in | drawn)[:, 0]
    place = torch.zeros(n_vocab, dtype=torch.long, device=targets.device)
    place[ids] = torch.arange(len(ids), device=targets.device)
    shift = torch.where(drawn[ids], torch.tensor(-math.log(rate)), torch.tensor(0.0))
    return ids, place[targets], shift


def n_parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())
