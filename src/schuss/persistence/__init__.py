# SPDX-License-Identifier: BSD-3-Clause
"""Model files: ``save`` and ``load`` fitted estimators without pickle.

A model file is a safetensors file: a small JSON header, then raw little-endian arrays. It holds what is
needed to predict and to go on training, the training history, why training stopped, the verdict on the run
and the versions of the libraries that trained it. Loading executes nothing that the file says: every
name, number, shape and array is checked first, and whatever is wrong becomes one
:class:`ModelFileError`.

Signatures
----------
``save(estimator, path, *, extras=None)``
    Write atomically; a reader sees the old file or the new one, never a part.
``load(path) -> estimator``
    The fitted estimator; ready to predict, or to continue with ``partial_fit`` or ``warm_start``.
``load_with_extras(path) -> (estimator, Extras | None)``
    The same, with what was stored beside the model.
``describe(path) -> dict``
    What the file says about itself (class, parameters, history, verdict, versions, extras' kind), checked.
``Extras(kind, info, arrays)``
    What a program stores beside a model, for example how a table is turned into features. ``kind`` names
    its layout (``"table/1"``), ``info`` is JSON (dict with str keys; None, bool, int, float, str, list, dict),
    ``arrays`` maps names to bool, integer, float or string arrays (``<U``, or object arrays of str).
    The same ``kind``, ``info`` and ``arrays`` come back; what they mean is for their owner to check, with
    ``ModelFileError`` for what does not fit.
"""

from schuss.persistence._errors import ModelFileError
from schuss.persistence._extras import Extras
from schuss.persistence._files import describe, from_bytes, load, load_with_extras, save, to_bytes

__all__ = [
    "Extras",
    "ModelFileError",
    "describe",
    "from_bytes",
    "load",
    "load_with_extras",
    "save",
    "to_bytes",
]
