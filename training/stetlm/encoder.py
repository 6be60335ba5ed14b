"""The search encoder as the product reads it: words, rows, weights, and the file they live in. NumPy only.

A text becomes words, each word rows of one small table, and the text the weighted sum of its rows: no network, so a
function costs microseconds and the encoder runs wherever the product does. What it adds to BM25 is that different
words may mean the same. It does not see word order and knows nothing it was not trained on (encoder_train.py).
The file is described in docs/search-encoder.md ("Format"); `Encoder` is the reference for the TypeScript reader.
"""
import hashlib
import json
import math
import os
import re
import struct

import numpy as np

from . import tokenizer as bpe

FORMAT_VERSION = 1
DIMS = (64, 128, 256)  # Matryoshka: the first 64 or 128 numbers, normalised again, are embeddings too
FIELDS = ("name", "path", "code")
MAX_WORDS = 1_000  # per field; later words are not read, which bounds the cost of a generated file
MAX_WORD_CHARS = 32  # longer runs of letters are data (base64, hashes)
NO_ROW = 0xFFFF

# Words of code and of prose: runs of capitals, a capital with what follows it, digits. Everything beyond ASCII counts
# as a small letter. `getHTTPServer_v2` -> get, HTTP, Server, v, 2.
WORD = r"[A-Z]+(?![^\x00-\x60\x7b-\x7f])|[A-Z]?[^\x00-\x60\x7b-\x7f]+|[0-9]+"
_WORD = re.compile(WORD)
_RUN = re.compile(r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")  # no word crosses the end of such a run: the unit of caching
_LOWER = {code: code + 32 for code in range(65, 91)}  # ASCII only: the part on which all languages' libraries agree


def words(text: str) -> "list[str]":
    """Lowercase words of a text, identifiers split; the same for queries and code."""
    return [w.translate(_LOWER) for w in _WORD.findall(text) if len(w) <= MAX_WORD_CHARS]


class Rows:
    """Words to rows of the table: ' ' + word through the model's tokenizer, then token -> row (tokens that never
    occur in such words have none). Cached per word: code repeats itself."""

    def __init__(self, tokenizer: bpe.Tokenizer, row_of_token: "np.ndarray"):
        self.tokenizer, self._row_of_token, self._cache = tokenizer, row_of_token, {}

    def of_word(self, word: str) -> "list[int]":
        return [int(r) for r in self._row_of_token[self.tokenizer.encode(" " + word)] if r != NO_ROW]

    def counts(self, text: str) -> "dict[int, int]":
        """Row -> how often, over the first MAX_WORDS words."""
        out: "dict[int, int]" = {}
        n_left, cache = MAX_WORDS, self._cache
        for run in _RUN.findall(text):
            entry = cache.get(run)
            if entry is None:
                entry = cache[run] = [self.of_word(word) for word in words(run)]
            for rows in entry if len(entry) <= n_left else entry[:n_left]:
                for row in rows:
                    out[row] = out.get(row, 0) + 1
            n_left -= len(entry)
            if n_left <= 0:
                break
        return out


def damped(count: int) -> float:
    """A word said ten times matters more than once, but not ten times more."""
    return 1.0 + math.log(count)


class Encoder:
    """table [nRow, 256] float32; query_weight, document_weight [nRow]; field_weight per FIELDS; head [256, 256] | None
    turns a query's sum (head @ sum) into the documents' space."""

    def __init__(self, table, query_weight, document_weight, row_of_token, field_weight, tokenizer, head=None):
        self.table, self.query_weight, self.document_weight = table, query_weight, document_weight
        self.row_of_token, self.field_weight, self.head = row_of_token, dict(field_weight), head
        self.rows = Rows(tokenizer, row_of_token)

    def _sum(self, counts: "dict[int, int]", weight, scale: float = 1.0):
        if not counts:
            return np.zeros(self.table.shape[1], np.float32)
        rows = np.fromiter(counts, np.int64, len(counts))
        w = np.fromiter((damped(n) for n in counts.values()), np.float32, len(counts)) * weight[rows] * np.float32(scale)
        return w @ self.table[rows]

    def query(self, text: str, dim: int = 256):
        """Unit vector [dim]; zero for a text without a known word."""
        total = self._sum(self.rows.counts(text), self.query_weight)
        return unit((total if self.head is None else self.head @ total)[:dim])

    def document(self, name: str, path: str, code: str, dim: int = 256):
        total = sum(
            self._sum(self.rows.counts(text), self.document_weight, self.field_weight[field])
            for field, text in zip(FIELDS, (name, path, code))
        )
        return unit(total[:dim])


def unit(vector):
    """The vector at length one, over the last axis; zero stays zero."""
    length = np.sqrt((vector * vector).sum(-1, keepdims=True))
    return (vector / np.maximum(length, 1e-12)).astype(np.float32)


def int8_rows(table):
    """(int8 [nRow, dim], scale [nRow] float32): symmetric, one scale per row."""
    scale = np.maximum(np.abs(table).max(1), 1e-8).astype(np.float32) / 127
    return np.clip(np.rint(table / scale[:, None]), -127, 127).astype(np.int8), scale


def quantised_vectors(vectors):
    """Document vectors as the index stores them, int8 with one scale each, and back."""
    q, scale = int8_rows(vectors)
    return q.astype(np.float32) * scale[:, None]


_DTYPES = {"I8": np.int8, "F16": np.float16, "F32": np.float32, "U16": np.uint16}


def write_tensors(path: str, tensors: "dict[str, np.ndarray]") -> None:
    """safetensors: 8-byte little-endian header length, JSON header, data; every tensor begins at a multiple of 8."""
    header, offset, blobs = {}, 0, []
    for name, tensor in tensors.items():
        kind = next(k for k, dtype in _DTYPES.items() if dtype == tensor.dtype)
        raw = tensor.tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(raw)]}
        assert len(raw) % 8 == 0, f"{name}: pad it to a multiple of 8 bytes"
        offset += len(raw)
        blobs.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    os.replace(path + ".part", path)


def read_tensors(path: str) -> "dict[str, np.ndarray]":
    with open(path, "rb") as file:
        raw = file.read()
    (n,) = struct.unpack("<Q", raw[:8])
    header, data, out = json.loads(raw[8 : 8 + n]), raw[8 + n :], {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            assert end <= len(data), f"{path} is truncated: {name} ends at byte {end} of {len(data)}"
            out[name] = np.frombuffer(data[start:end], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return out


def _matrix(tensors, name: str):
    """A matrix as float32, or None where the file has none of that name."""
    if name not in tensors:
        return None
    scale = tensors.get(name + "_scale")
    return tensors[name].astype(np.float32) * (1 if scale is None else scale[:, None])


def sha256_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def save(encoder: Encoder, folder: str, tokenizer_path: str, name: str, version: str, keep_float: bool = False) -> None:
    """Writes encoder.safetensors and encoder.json; keep_float: float32 rows, for the comparison only."""
    os.makedirs(folder, exist_ok=True)
    tensors = {}
    if keep_float:
        tensors["table"] = encoder.table.astype(np.float32)
    else:
        tensors["table"], tensors["table_scale"] = int8_rows(encoder.table)
    tensors["query_weight"] = encoder.query_weight.astype(np.float32)
    tensors["document_weight"] = encoder.document_weight.astype(np.float32)
    tensors["row_of_token"] = encoder.row_of_token.astype(np.uint16)
    if encoder.head is not None:
        if keep_float:
            tensors["query_head"] = encoder.head.astype(np.float32)
        else:
            tensors["query_head"], tensors["query_head_scale"] = int8_rows(encoder.head)
    path = os.path.join(folder, "encoder.safetensors")
    write_tensors(path, tensors)
    query, place = "read JSONFile_v2 naïvely", ("readFile", "src/io.ts", "function readFile(path) { return open(path, path) }")
    document = {
        "format": FORMAT_VERSION, "name": name, "version": version, "dims": list(DIMS),
        "words": {"pattern": WORD, "lowercase": "ascii", "prefix": " ", "maxWords": MAX_WORDS, "maxWordChars": MAX_WORD_CHARS},
        "countDamping": "1+ln", "fields": {field: round(float(encoder.field_weight[field]), 5) for field in FIELDS},
        "tokenizerSha256": sha256_of(tokenizer_path), "weightsSha256": sha256_of(path), "weightsBytes": os.path.getsize(path),
    }
    # A reader in another language that gets these numbers reads words, rows, weights and fields as this one does.
    kept = Encoder(_matrix(tensors, "table"), tensors["query_weight"], tensors["document_weight"], tensors["row_of_token"],
                   document["fields"], encoder.rows.tokenizer, _matrix(tensors, "query_head"))
    document["check"] = {"query": query, "queryVector": [round(float(x), 5) for x in kept.query(query)[:8]],
                         "document": place, "documentVector": [round(float(x), 5) for x in kept.document(*place)[:8]]}
    with open(os.path.join(folder, "encoder.json"), "w") as file:
        json.dump(document, file, indent=2)
        file.write("\n")


def load(folder: str, tokenizer_dir: str) -> Encoder:
    with open(os.path.join(folder, "encoder.json")) as file:
        document = json.load(file)
    path, tokenizer_path = os.path.join(folder, "encoder.safetensors"), os.path.join(tokenizer_dir, "tokenizer.json")
    if document["format"] != FORMAT_VERSION:
        raise ValueError(f"{folder}: format {document['format']}, this reader knows {FORMAT_VERSION}")
    if document["weightsSha256"] != sha256_of(path):
        raise ValueError(f"{path} is not the file that encoder.json describes; export it again")
    if document["tokenizerSha256"] != sha256_of(tokenizer_path):
        raise ValueError(f"{tokenizer_path} is not the tokenizer this encoder was trained with")
    tensors = read_tensors(path)
    return Encoder(
        _matrix(tensors, "table"), tensors["query_weight"], tensors["document_weight"], tensors["row_of_token"], document["fields"],
        bpe.load(tokenizer_dir), _matrix(tensors, "query_head"),
    )
