# SPDX-License-Identifier: BSD-3-Clause
"""Linear support vector machines."""

from schuss.svm._linear_svc import LinearSVC
from schuss.svm._linear_svr import LinearSVR

__all__ = ["LinearSVC", "LinearSVR"]
