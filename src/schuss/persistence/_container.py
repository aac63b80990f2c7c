# SPDX-License-Identifier: BSD-3-Clause
"""The byte layer: a safetensors file whose metadata holds one JSON document and a checksum.

The layout is ``u64 header length | JSON header | arrays``. The checksum covers every byte of the file, its own 64
digits taken as zeros. Files are written here, so that one model has one sequence of bytes whatever release of
safetensors is installed, and read through the safetensors package, whose parser is fuzzed and audited. A
header that differs in any byte from the one this module would write is refused: that leaves no room for
duplicate keys, gaps, or two readers seeing two different models in one file.
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import safetensors

from schuss.persistence._errors import ModelFileError
from schuss.persistence._json import parse

MAX_HEADER = 16 << 20
MAX_ARRAYS = 4096
_NO_DIGEST = "0" * 64
_NAME_OF_DTYPE = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}
_DTYPE_OF_NAME = {name: np.dtype(dtype).newbyteorder("<") for dtype, name in _NAME_OF_DTYPE.items()}


class Content(NamedTuple):
    """What a container holds."""

    document: str
    arrays: dict[str, np.ndarray]


def storable(dtype: np.dtype) -> bool:
    """Whether arrays of this dtype can be stored as they are."""
    return dtype.name in _NAME_OF_DTYPE


def pack(content: Content) -> list[bytes | memoryview]:
    """Return the pieces of the file, in order; arrays must be C-contiguous and of a storable dtype."""
    if len(content.arrays) > MAX_ARRAYS:
        raise ModelFileError(f"a model file holds at most {MAX_ARRAYS} arrays, this one needs {len(content.arrays)}")
    bodies = [_little_endian(array).reshape(-1).view(np.uint8).data for _, array in _ordered(content.arrays)]
    digest = _digest(_header(content, _NO_DIGEST), bodies)
    return [_header(content, digest), *bodies]


def unpack(data: bytes) -> Content:
    """Check every byte of a file and return its document and its arrays (owned, writable)."""
    header, table = _read_header(data)
    document, digest = _metadata(table)
    content = Content(document, _arrays(data))
    if _header(content, digest) != header:
        raise ModelFileError("the header of the file is not in the form schuss writes")
    if _digest(_header(content, _NO_DIGEST), [memoryview(data)[len(header) :]]) != digest:
        raise ModelFileError("the checksum of the file does not match its content: it was damaged or changed")
    return content


def _ordered(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Widest items first, so that every array starts aligned; then by name."""
    yield from sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0]))


def _little_endian(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _header(content: Content, digest: str) -> bytes:
    """The length and the JSON header, padded with spaces so that the arrays start at a multiple of 8."""
    table: dict[str, Any] = {"__metadata__": {"schuss": content.document, "sha256": digest}}
    start = 0
    for name, array in _ordered(content.arrays):
        stop = start + array.nbytes
        table[name] = {
            "dtype": _NAME_OF_DTYPE[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, stop],
        }
        start = stop
    text = json.dumps(table, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise ModelFileError(f"the header of a model file holds at most {MAX_HEADER} bytes, this one needs {len(text)}")
    return struct.pack("<Q", len(text)) + text


def _digest(header: bytes, bodies: list[memoryview]) -> str:
    total = hashlib.sha256(header)
    for body in bodies:
        total.update(body)
    return total.hexdigest()


def check_start(start: bytes, total: int) -> int:
    """Return the length of the header, after looking at the first bytes of a file.

    It spares reading the whole of a large file that is something else.
    """
    if not start:
        raise ModelFileError("the file is empty")
    if kind := _foreign(start):
        raise ModelFileError(f"this is {kind}, not a schuss model file")
    size: int = struct.unpack_from("<Q", start)[0] if len(start) > 8 else 0
    if not 2 <= size <= MAX_HEADER or start[8:9] != b"{":
        raise ModelFileError("this is not a schuss model file (it does not start like one)")
    if 8 + size > total:
        raise ModelFileError("the file ends within its header: it was cut short")
    return size


def _read_header(data: bytes) -> tuple[bytes, dict[str, Any]]:
    header = data[: 8 + check_start(data[:16], len(data))]
    table = parse(header[8:], what="header")
    if not isinstance(table, dict):
        raise ModelFileError("the header of the file is not a JSON object")
    if len(table) > MAX_ARRAYS + 1:
        raise ModelFileError(f"the file lists more than {MAX_ARRAYS} arrays")
    return header, table


def _foreign(data: bytes) -> str | None:
    """Name the kind of some well-known files, so that the message helps."""
    if data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and data[8:9] != b"{":
        return "a pickle (loading one can run any program, so schuss never does)"
    kinds = {
        b"\x89PNG": "a PNG picture",
        b"PK\x03\x04": "a zip archive",
        b"\x1f\x8b": "a gzip file",
        b"\x89HDF": "an HDF5 file",
        b"PAR1": "a Parquet file",
        b"ARROW1": "an Arrow file",
        b"\x93NUMPY": "a NumPy array file",
        b"<!DOCTYPE": "an HTML page",
        b"<html": "an HTML page",
    }
    return next((kind for magic, kind in kinds.items() if data.startswith(magic)), None)


def _metadata(table: dict[str, Any]) -> tuple[str, str]:
    metadata = table.get("__metadata__")
    if not isinstance(metadata, dict) or "schuss" not in metadata:
        raise ModelFileError("this is a safetensors file, but schuss did not write it")
    document, digest = metadata["schuss"], metadata.get("sha256")
    if len(metadata) != 2 or not isinstance(document, str) or not isinstance(digest, str):
        raise ModelFileError("the metadata of the file is not in the form schuss writes")
    return document, digest


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    try:
        parts: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise ModelFileError(f"the table of arrays in the file is broken or the file was cut short ({error})") from None
    return {name: _array(name, part) for name, part in parts}


def _array(name: str, part: dict[str, Any]) -> np.ndarray:
    dtype = _DTYPE_OF_NAME.get(part["dtype"])
    if dtype is None:
        raise ModelFileError(f"the array {name!r} has the unknown type {part['dtype']}")
    if dtype == np.bool_ and max(part["data"], default=0) > 1:
        raise ModelFileError(f"the array {name!r} holds bytes that are not booleans")
    try:
        return np.frombuffer(part["data"], dtype=dtype).reshape(part["shape"]).astype(dtype.newbyteorder("="))
    except ValueError as error:
        raise ModelFileError(f"the array {name!r} has an impossible shape ({error})") from None
