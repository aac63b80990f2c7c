# SPDX-License-Identifier: BSD-3-Clause
"""Model files taken apart, damaged on purpose, and sealed again with a checksum that fits."""

from __future__ import annotations

import copy
import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator


@dataclass
class Parts:
    """A model file: the JSON document, the table of arrays, and their bytes."""

    document: Any
    table: dict[str, Any]
    body: bytes

    @classmethod
    def of(cls, data: bytes) -> Parts:
        size = struct.unpack_from("<Q", data)[0]
        table = json.loads(data[8 : 8 + size])
        document = json.loads(table.pop("__metadata__")["schuss"])
        return cls(document, table, data[8 + size :])

    def copy(self) -> Parts:
        return copy.deepcopy(self)

    def seal(self) -> bytes:
        return seal_text(dump(self.document), self.table, self.body)


def dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def seal_text(document: str, table: dict[str, Any], body: bytes) -> bytes:
    """Build a file around any text in the place of the document."""

    def header(digest: str) -> bytes:
        whole = {"__metadata__": {"schuss": document, "sha256": digest}, **table}
        return seal_header(json.dumps(whole, separators=(",", ":")))

    digest = hashlib.sha256(header("0" * 64) + body).hexdigest()
    return header(digest) + body


def seal_header(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw)) + raw


# -- mutations ----------------------------------------------------------------------------

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    7,
    2**31,
    2**63,
    10**400,
    1e308,
    -0.0,
    5e-324,
    "",
    "x",
    "../../etc/passwd",
    "os.system",
    "\ud800",
    "\0",
    [],
    {},
    [[[[[[]]]]]],
    {"float": "nan"},
    {"float": "inf"},
    {"float": 1},
    {"scalar": ["float32", 0.1]},
    {"scalar": ["object", 1]},
    {"scalar": ["int8", 300]},
    {"scalar": ["V", "x"]},
    {"numbers": "float64"},
    {"numbers": "object"},
    {"text": "object"},
    {"text": "<U999999999"},
    {"csr": ["matrix", [1, 2**62]]},
    {"dict": [[1, 2], [1, 3]]},
    {"dict": [[{"list": []}, 1]]},
    {"tuple": [1, {"list": [{"float": "-inf"}]}]},
    {"random_state": [624, 2, 0.0]},
    {"random_state": [-1, 0, {"float": "nan"}]},
    {"__reduce__": "x"},
    {"float": "nan", "scalar": 1},
)
DTYPES = ("BOOL", "U8", "I8", "I32", "U32", "I64", "F16", "BF16", "F32", "F64", "F8_E4M3", "X9", "", None)


def raw_mutants(data: bytes, rng: Generator, count: int) -> Iterator[tuple[str, bytes]]:
    """Damage bytes as a bad disk or a broken transfer does."""
    for i in range(count):
        at = int(rng.integers(len(data)))
        damaged = bytearray(data)
        damaged[at] ^= 1 << int(rng.integers(8))
        yield f"flip{i}", bytes(damaged)
    for at in sorted({0, 1, 7, 8, 9, 64, len(data) - 1, *map(int, rng.integers(len(data), size=count // 4))}):
        yield f"cut{at}", data[:at]
    yield "longer", data + b"\0"
    yield "twice", data + data
    for size in (0, 1, 2**24, 2**24 + 1, 2**31, 2**63, 2**64 - 1):
        yield f"header{size}", struct.pack("<Q", size) + data[8:]


def sealed_mutants(data: bytes, rng: Generator, count: int) -> Iterator[tuple[str, bytes]]:
    """Damage what a file says while its checksum goes on fitting, as an attacker does."""
    parts = Parts.of(data)
    ways: tuple[Callable[[Parts, Generator], str], ...] = (_flip, _replace, _replace, _replace, _drop, _add, _retype)
    for i in range(count):
        mutant = parts.copy()
        way = ways[int(rng.integers(len(ways)))](mutant, rng)
        yield f"{way}{i}", mutant.seal()


def textual_mutants(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Write JSON that parsers disagree about."""
    parts = Parts.of(data)
    text = dump(parts.document)
    params = dump(parts.document["params"])

    def sealed(document: str) -> bytes:
        return seal_text(document, parts.table, parts.body)

    yield "duplicate key", sealed(text[:-1] + ',"format":1}')
    yield "duplicate parameter", sealed(text.replace(params, params[:-1] + ',"max_iter":1}'))
    yield "reordered", sealed(json.dumps(dict(reversed(parts.document.items())), separators=(",", ":")))
    yield "trailing space", sealed(text + " ")
    yield "white space", sealed(text.replace(":", ": "))
    yield "NaN", sealed(text.replace('"max_time":null', '"max_time":NaN'))
    yield "Infinity", sealed(text.replace('"format":1', '"format":Infinity'))
    yield "1e999", sealed(text.replace('"format":1', '"format":1e999'))
    yield "minus zero", sealed(text.replace('"format":1', '"format":-0'))
    yield "1.0", sealed(text.replace('"format":1', '"format":1.0'))
    yield "many digits", sealed(text.replace('"format":1', '"format":' + "9" * 100_000))
    yield "deep list", sealed("[" * 200_000 + "]" * 200_000)
    yield "deep object", sealed('{"a":' * 200_000 + "1" + "}" * 200_000)
    yield "deep value", sealed(text.replace('"params":{', '"params":' + '{"list":[' * 5_000 + "]}" * 5_000 + ',"x":{'))
    yield "escaped", sealed(text.replace('"format"', '"\\u0066ormat"'))
    yield "not JSON", sealed("{'format': 1}")
    yield "empty", sealed("")
    yield "a number", sealed("1")
    yield from _textual_headers(data)


def _textual_headers(data: bytes) -> Iterator[tuple[str, bytes]]:
    parts = Parts.of(data)
    size = struct.unpack_from("<Q", data)[0]
    header, body = data[8 : 8 + size].decode("ascii").rstrip(), parts.body
    name = min(parts.table)
    entry = json.dumps({name: parts.table[name]}, separators=(",", ":"))[1:-1]
    yield "duplicate array", seal_header(header[:-1] + f",{entry}}}") + body
    yield "duplicate metadata", seal_header(header[:-1] + ',"__metadata__":{}}') + body
    yield "no metadata", seal_header(json.dumps(parts.table)) + body
    yield "foreign metadata", seal_header('{"__metadata__":{"format":"pt"}}')
    yield "no arrays", seal_header("{}")
    yield "a list", seal_header("[]")
    yield "deep header", seal_header('{"a":' * 100_000 + "1" + "}" * 100_000)
    yield "not UTF-8", data.replace(b'"dtype"', b'"dt\xffpe"', 1)
    yield "surrogate", seal_header(header.replace(name, "\ud800")) + body


def _nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a JSON tree as its container and its key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _nodes(value[key])


def _any_node(parts: Parts, rng: Generator) -> tuple[Any, Any]:
    """Pick a place in the document: first one of its sections, then a place in that."""
    sections = [key for key in parts.document if isinstance(parts.document[key], dict)]
    section = parts.document[sections[int(rng.integers(len(sections)))]]
    nodes = [*_nodes(section)] or [(parts.document, "format")]
    top = [(parts.document, key) for key in parts.document]
    choice = top if rng.random() < 0.15 else nodes
    return choice[int(rng.integers(len(choice)))]


def _flip(parts: Parts, rng: Generator) -> str:
    body = bytearray(parts.body)
    for _ in range(int(rng.integers(1, 4))):
        body[int(rng.integers(len(body)))] ^= 1 << int(rng.integers(8))
    parts.body = bytes(body)
    return "flip array"


def _replace(parts: Parts, rng: Generator) -> str:
    container, key = _any_node(parts, rng)
    container[key] = copy.deepcopy(HOSTILE[int(rng.integers(len(HOSTILE)))])
    return f"replace {key} "


def _drop(parts: Parts, rng: Generator) -> str:
    container, key = _any_node(parts, rng)
    del container[key]
    return f"drop {key} "


def _add(parts: Parts, rng: Generator) -> str:
    container, _ = _any_node(parts, rng)
    value = copy.deepcopy(HOSTILE[int(rng.integers(len(HOSTILE)))])
    if isinstance(container, dict):
        container["__class__"] = value
    else:
        container.append(value)
    return "add"


def _retype(parts: Parts, rng: Generator) -> str:
    """Change one entry in the table of arrays."""
    names = sorted(parts.table)
    name = names[int(rng.integers(len(names)))]
    entry = parts.table[name]
    kind = int(rng.integers(6))
    if kind == 0:
        entry["dtype"] = DTYPES[int(rng.integers(len(DTYPES)))]
    elif kind == 1:
        shapes = ([], [0], [-1], [2**63], [2**32, 2**32], [0, 2**63], [1, *entry["shape"]], entry["shape"][::-1], [1.5])
        entry["shape"] = shapes[int(rng.integers(len(shapes)))]
    elif kind == 2:
        entry["data_offsets"] = [[0, 0], [0, 2**63], [8, 0], [-8, 0], [1], "x"][int(rng.integers(6))]
    elif kind == 3:
        other = names[int(rng.integers(len(names)))]
        parts.table[name], parts.table[other] = parts.table[other], parts.table[name]
    elif kind == 4:
        parts.table["extra"] = dict(entry)
    else:
        del parts.table[name]
    return f"retype {name} "
