# SPDX-License-Identifier: BSD-3-Clause
"""Encoders as JSON values, and back from a file that may be broken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from schuss.data.encoders import DATE_PARTS, CategoryEncoder, NumberEncoder
from schuss.data.plain import CodeEncoder, PlainNumberEncoder

Encoder = NumberEncoder | CategoryEncoder | PlainNumberEncoder | CodeEncoder


def encoder_to_info(encoder: Encoder) -> dict[str, Any]:
    """Return an encoder as JSON values."""
    info: dict[str, Any] = {"type": encoder.type}
    for name in encoder.__dataclass_fields__:
        value = getattr(encoder, name)
        info[name] = list(value) if isinstance(value, tuple) else value
    return info


def encoder_from_info(info: Mapping[str, Any]) -> Encoder:
    """Rebuild an encoder from JSON values that came from a file.

    Raises
    ------
    ValueError, KeyError
        If they are not what `encoder_to_info` wrote.
    """
    if info["type"] == NumberEncoder.type:
        fill, mean, scale = (float(info[name]) for name in ("fill", "mean", "scale"))
        if not (math.isfinite(fill) and math.isfinite(mean) and math.isfinite(scale) and scale > 0):
            raise ValueError("a number's fill, mean or scale is not usable")
        return NumberEncoder(
            _text(info["column"]),
            _part(info["part"]),
            fill,
            mean,
            scale,
            _flag(info["marks_missing"]),
            _texts(info["markers"]),
        )
    if info["type"] == CategoryEncoder.type:
        return CategoryEncoder(
            _text(info["column"]), _texts(info["labels"]), _flag(info["has_other"]), _flag(info["has_missing"])
        )
    if info["type"] == PlainNumberEncoder.type:
        return PlainNumberEncoder(_text(info["column"]), _part(info["part"]), _texts(info["markers"]))
    if info["type"] == CodeEncoder.type:
        return CodeEncoder(_text(info["column"]), _texts(info["labels"]), _flag(info["has_other"]))
    raise ValueError("unknown type of encoder")


def _part(value: Any) -> str:
    if value not in ("value", *DATE_PARTS):
        raise ValueError("unknown part of a date")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("expected a list of texts")
    return tuple(_text(item) for item in value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value
