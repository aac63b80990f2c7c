# SPDX-License-Identifier: BSD-3-Clause
"""Arrays of strings as bytes: UTF-8, each string ended by a zero byte."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from schuss.persistence._errors import ModelFileError

# A fixed-width array takes 4 bytes for each character of its longest string, so a small
# file could ask for a huge one; object arrays have no such leverage.
_MAX_FIXED_WIDTH_BYTES = 256 << 20


def encode_text(name: str, array: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the bytes of an array of strings, and its dtype as text."""
    strings: list[Any] = array.tolist() if array.ndim == 1 else [None]
    if not all(isinstance(string, str) for string in strings):
        raise ModelFileError(
            f"{name} is an array of objects; a model file holds arrays of numbers, "
            "booleans or strings (one-dimensional)"
        )
    if any("\0" in string for string in strings):
        raise ModelFileError(f"{name} holds a string with a zero byte")
    dtype = "object" if array.dtype == object else f"<U{array.dtype.itemsize // 4}"
    _check_width(name, len(strings), dtype)
    try:
        data = "".join(f"{string}\0" for string in strings).encode("utf-8")
    except UnicodeEncodeError:
        raise ModelFileError(f"{name} holds a string that is not Unicode text") from None
    return np.frombuffer(data, dtype=np.uint8), dtype


def decode_text(name: str, data: np.ndarray, dtype: Any) -> np.ndarray:
    """Return the array that `encode_text` stored."""
    if data.ndim != 1 or (data.size and data[-1] != 0):
        raise ModelFileError(f"the text array {name!r} does not end properly")
    try:
        strings = data.tobytes().decode("utf-8").split("\0")[:-1]
    except UnicodeDecodeError:
        raise ModelFileError(f"the text array {name!r} is not UTF-8") from None
    if dtype == "object":
        result = np.empty(len(strings), dtype=object)
        result[:] = strings
        return result
    width = _check_width(name, len(strings), dtype)
    if max(map(len, strings), default=0) > width:
        raise ModelFileError(f"the text array {name!r} is wider than its type {dtype}")
    return np.array(strings, dtype=dtype)


def _check_width(name: str, count: int, dtype: Any) -> int:
    """Return the width in characters; zero for object arrays, which have none."""
    if dtype == "object":
        return 0
    if not isinstance(dtype, str) or not re.fullmatch(r"<U[1-9][0-9]{0,8}", dtype):
        raise ModelFileError(f"the text array {name!r} has an unknown type")
    width = int(dtype[2:])
    if count * width * 4 > _MAX_FIXED_WIDTH_BYTES:
        raise ModelFileError(f"the text array {name!r} would take too much memory")
    return width
