# SPDX-License-Identifier: BSD-3-Clause
"""Model files: ``save`` and ``load`` fitted estimators without pickle.

A model file is a safetensors file: a small JSON header, then raw little-endian arrays. It holds what is
needed to predict and to go on training, the training history, why training stopped, the verdict on the run
and the versions of the libraries that trained it. Loading executes nothing that the file says: every
name, number, shape and array is checked first, and whatever is wrong becomes one
:class:`ModelFileError`.

What a program stores beside a model, for example how a table is turned into features, goes in as :class:`Extras`; what
that means is for its owner to check, with :class:`ModelFileError` for what does not fit.
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
