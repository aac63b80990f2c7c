# SPDX-License-Identifier: BSD-3-Clause
"""Classical models trained fast on CPUs: scikit-learn's names, compiled kernels, one visible training loop."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schuss import diagnosis, ensemble, linear_model, neural_network, svm
    from schuss.config import show_config, use_isa
    from schuss.display import (
        FeatureImportanceDisplay,
        RegularizationPathDisplay,
        TrainingCurveDisplay,
        TreeDisplay,
    )
    from schuss.persistence import ModelFileError, load, save

__version__ = _version("schuss")

__all__ = [
    "FeatureImportanceDisplay",
    "ModelFileError",
    "RegularizationPathDisplay",
    "TrainingCurveDisplay",
    "TreeDisplay",
    "__version__",
    "diagnosis",
    "ensemble",
    "linear_model",
    "load",
    "neural_network",
    "save",
    "show_config",
    "svm",
    "use_isa",
]

# Imported on first use, so that `import schuss` and the command line start quickly.
_SUBMODULES = {"diagnosis", "ensemble", "linear_model", "neural_network", "svm"}
_MEMBERS = {
    "ModelFileError": "schuss.persistence",
    "FeatureImportanceDisplay": "schuss.display",
    "RegularizationPathDisplay": "schuss.display",
    "TrainingCurveDisplay": "schuss.display",
    "TreeDisplay": "schuss.display",
    "load": "schuss.persistence",
    "save": "schuss.persistence",
    "show_config": "schuss.config",
    "use_isa": "schuss.config",
}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"schuss.{name}")
    if name in _MEMBERS:
        return getattr(import_module(_MEMBERS[name]), name)
    raise AttributeError(f"module 'schuss' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
