"""Greedy decoding with cached keys and values, and the infilling prompt exactly as the product writes it.

Only evaluation uses this; the product has its own engine. No batching: one prompt, one continuation.
"""
import torch
import torch.nn.functional as F

from . import model as llama

MAX_PREFIX, MAX_SUFFIX = 640, 160  # tokens; together with a header and the answer they stay within 1,024


class Decoder:
    """The rows seen so far: rotated keys and values per layer [nKvHead, nPos, headDim]."""

    def __init__(self, model: llama.LanguageModel):
        self.model, self.rows, self.n_seen = model, [None] * model.config.n_layer, 0

    @torch.no_grad()
    def feed(self, ids: "list[int]"):
        """Takes the next ids; logits after the last of them [nVocab] float32."""
        c, m = self.model.config, self.model.model
        n, start = len(ids), self.n_seen
        cos, sin = llama.rope_table(torch.arange(start, start + n), c.head_dim, c.rope_theta)
        x = m.embed_tokens(torch.tensor(ids))
        mask = torch.full((n, start + n), -1e9).triu(start + 1)
        for i, layer in enumerate(m.layers):
            a, h = layer.self_attn, layer.input_layernorm(x)
            q, k, v = (f(h).view(n, -1, c.head_dim).transpose(0, 1) for f in (a.q_proj, a.k_proj, a.v_proj))
            q, k = llama.rotate(q, cos, sin), llama.rotate(k, cos, sin)
            if self.rows[i] is not None:
                k, v = torch.cat((self.rows[i][0], k), 1), torch.cat((self.rows[i][1], v), 1)
            self.rows[i] = (k, v)
            group = c.n_head // c.n_kv_head
            q = q.reshape(c.n_kv_head, group, n, c.head_dim) * c.head_dim**-0.5
            scores = (q @ k[:, None].transpose(-1, -2) + mask).softmax(-1)
            y = (scores @ v[:, None]).reshape(c.n_head, n, c.head_dim).transpose(0, 1).reshape(n, -1)
            x = x + a.o_proj(y)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        self.n_seen += n
        return F.linear(m.norm(x[-1]), m.embed_tokens.weight)


def greedy(model, tok, prompt: "list[int]", max_tokens: int, stop_at_newline: bool) -> "list[int]":
    """Ids up to `<eot>` (not included), to the first line break if asked, or max_tokens."""
    decoder, out, eot = Decoder(model), [], tok.special["<eot>"]
    logits = decoder.feed(prompt)
    while len(out) < max_tokens:
        token = int(logits.argmax())
        if token >= tok.n_vocab - len(tok.special):
            break
        out.append(token)
        if stop_at_newline and b"\n" in tok.bytes_of[token]:
            break
        logits = decoder.feed([token])
    return out


def last_lines(tok, text: str, budget: int) -> "list[int]":
    """The last whole lines of a text that fit into budget tokens; a longer single line is cut inside."""
    ids = tok.encode(text)
    while len(ids) > budget:
        cut = text.find("\n", int(len(text) * min(0.95, 1 - budget / len(ids)))) + 1
        if cut <= 0 or cut >= len(text):
            return ids[len(ids) - budget :]
        text = text[cut:]
        ids = tok.encode(text)
    return ids


def fim_prompt(tok, path: str, prefix: str, suffix: str, order: str = "spm", others=()) -> "list[int]":
    """Header, sentinels and both sides of the hole. others: (path, text) of other files, put before."""
    s = tok.special
    ids = []
    for other_path, text in others:
        ids += [s["<file>"], *tok.encode(other_path + "\n"), *tok.encode(text)[:160]]
    room = MAX_PREFIX - len(ids)
    before, after = last_lines(tok, prefix, room), tok.encode(suffix[: MAX_SUFFIX * 6])[:MAX_SUFFIX]
    ids += [s["<file>"], *tok.encode(path + "\n"), s["<fim_prefix>"]]
    if order == "spm":
        return ids + [s["<fim_suffix>"], *after, s["<fim_middle>"], *before]
    return ids + [*before, s["<fim_suffix>"], *after, s["<fim_middle>"]]
