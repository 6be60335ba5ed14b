"""Writes a model folder in Hugging Face layout: config.json, tokenizer.json, model.safetensors (bf16), stet.json.

    python -m stetlm.export --state DIR/run/state.pt --tokenizer DIR/tokenizer --out model --name stet-7m --version 0.1.0
    python -m stetlm.export --random --tokenizer DIR/tokenizer --out DIR/random-model --name stet-random --version 0

safetensors is an 8-byte little-endian header length, a JSON header (name -> dtype, shape, offsets), then raw data;
it is written and read here in a few lines, so that no package is needed.
"""
import argparse
import json
import os
import shutil
import struct

import torch

from . import model as llama, tokenizer as bpe

CONTEXT_TOKENS = 1024  # the longest window seen in training


def write_safetensors(path: str, tensors: "dict[str, torch.Tensor]", metadata: "dict[str, str]") -> None:
    """All tensors as bfloat16 (rounded to nearest even)."""
    header, offset, blobs = {"__metadata__": metadata}, 0, []
    for name in sorted(tensors):
        # numpy has no bfloat16: its bits are taken as int16.
        raw = tensors[name].detach().cpu().to(torch.bfloat16).contiguous().view(torch.int16).numpy().tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensors[name].shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        blobs.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data starts at a multiple of eight
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    os.replace(path + ".part", path)


def read_safetensors(path: str) -> "dict[str, torch.Tensor]":
    """BF16 and F32 tensors of a file, as float32."""
    with open(path, "rb") as file:
        (n,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(n)), bytearray(file.read())
    out = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            assert end <= len(data), f"{path} is truncated: {name} ends at byte {end} of {len(data)}"
            kind = {"BF16": torch.bfloat16, "F32": torch.float32}[entry["dtype"]]
            bits = torch.frombuffer(data[start:end], dtype=torch.int16 if kind is torch.bfloat16 else torch.float32)
            out[name] = (bits.view(kind)).float().reshape(entry["shape"]).clone()
    return out


def huggingface_config(c: llama.Config, eot: int) -> dict:
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": c.n_vocab,
        "hidden_size": c.d_model, "intermediate_size": c.d_ff, "num_hidden_layers": c.n_layer,
        "num_attention_heads": c.n_head, "num_key_value_heads": c.n_kv_head, "head_dim": c.head_dim,
        "hidden_act": "silu", "rms_norm_eps": c.norm_eps, "rope_theta": c.rope_theta, "rope_scaling": None,
        "max_position_embeddings": c.max_positions, "attention_bias": False, "mlp_bias": False,
        "tie_word_embeddings": True, "bos_token_id": eot, "eos_token_id": eot, "initializer_range": 0.02,
        "use_cache": True, "torch_dtype": "bfloat16",
    }


def stet_json(name: str, version: str) -> dict:
    return {
        "name": name, "version": version, "contextTokens": CONTEXT_TOKENS,
        "fim": {"prefix": "<fim_prefix>", "suffix": "<fim_suffix>", "middle": "<fim_middle>", "order": "spm"},
        "endTokens": ["<eot>"], "repoToken": "<repo>", "fileToken": "<file>",
    }


def export(model: llama.LanguageModel, tokenizer_dir: str, out: str, name: str, version: str) -> None:
    tok = bpe.load(tokenizer_dir)
    os.makedirs(out, exist_ok=True)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        if os.path.abspath(tokenizer_dir) != os.path.abspath(out):
            shutil.copyfile(os.path.join(tokenizer_dir, file), os.path.join(out, file))
    for file, value in (
        ("config.json", huggingface_config(model.config, tok.special["<eot>"])),
        ("stet.json", stet_json(name, version)),
    ):
        with open(os.path.join(out, file), "w") as handle:
            json.dump(value, handle, indent=2)
            handle.write("\n")
    write_safetensors(os.path.join(out, "model.safetensors"), dict(model.state_dict()), {"format": "pt", "name": name, "version": version})


def label(folder: str) -> str:
    """Name and version of an exported folder."""
    with open(os.path.join(folder, "stet.json")) as file:
        stet = json.load(file)
    return f"{stet['name']} {stet['version']}"


def load_folder(folder: str) -> "tuple[llama.LanguageModel, bpe.Tokenizer]":
    """The model and tokenizer of an exported folder, in float32."""
    with open(os.path.join(folder, "config.json")) as file:
        c = json.load(file)
    model = llama.LanguageModel(llama.Config(
        n_vocab=c["vocab_size"], d_model=c["hidden_size"], n_layer=c["num_hidden_layers"], n_head=c["num_attention_heads"],
        n_kv_head=c["num_key_value_heads"], d_ff=c["intermediate_size"], head_dim=c["head_dim"],
        max_positions=c["max_position_embeddings"], rope_theta=c["rope_theta"], norm_eps=c["rms_norm_eps"],
    ))
    model.load_state_dict(read_safetensors(os.path.join(folder, "model.safetensors")))
    return model.eval(), bpe.load(folder)


def load_state(path: str) -> llama.LanguageModel:
    state = torch.load(path, map_location="cpu")
    model = llama.LanguageModel(llama.Config(**state["config"]))
    model.load_state_dict(state["model"])
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--state", help="state.pt of the trainer")
    parser.add_argument("--random", action="store_true", help="random weights of the default shape, for tests of the product")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    args = parser.parse_args()
    if args.random:
        torch.manual_seed(0)
        model = llama.LanguageModel(llama.Config(n_layer=args.layers))
        for parameter in model.parameters():  # also the ones that start at zero, so that every weight matters
            if parameter.dim() == 2:
                torch.nn.init.normal_(parameter, 0.0, 0.05)
    else:
        model = load_state(args.state)
    export(model, args.tokenizer, args.out, args.name, args.version)
    print(f"{llama.n_parameters(model)} parameters, {os.path.getsize(os.path.join(args.out, 'model.safetensors')) / 1e6:.1f} MB -> {args.out}")


if __name__ == "__main__":
    main()
