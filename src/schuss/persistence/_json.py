# SPDX-License-Identifier: BSD-3-Clause
"""JSON in one strict form: no duplicate key, no NaN, no number out of range, one way to write each value."""

import json
import math
from typing import Any

from schuss.persistence._errors import ModelFileError


def dump(value: Any) -> str:
    """Write a value in the one form that :func:`parse_canonical` accepts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def parse(text: str | bytes, *, what: str) -> Any:
    """Parse strictly; ``what`` names the text in messages."""
    try:
        return json.loads(
            text.decode("utf-8") if isinstance(text, bytes) else text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
        )
    except ModelFileError as error:
        raise ModelFileError(f"the {what} of the file {error}") from None
    except RecursionError:
        raise ModelFileError(f"the {what} of the file is nested too deeply") from None
    except ValueError as error:
        raise ModelFileError(f"the {what} of the file is not valid JSON ({error})") from None


def parse_canonical(text: str, *, what: str) -> Any:
    """Parse strictly, and insist on the form that :func:`dump` writes."""
    value = parse(text, what=what)
    try:
        same = dump(value) == text
    except RecursionError:
        raise ModelFileError(f"the {what} of the file is nested too deeply") from None
    if not same:
        raise ModelFileError(f"the {what} of the file is not in the form schuss writes")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise ModelFileError(f"names {name!r} twice")
        result[name] = value
    return result


def _constant(name: str) -> float:
    raise ModelFileError(f"holds {name}, which is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ModelFileError(f"holds the number {text}, which is out of range")
    return value
