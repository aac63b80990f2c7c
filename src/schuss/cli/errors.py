# SPDX-License-Identifier: BSD-3-Clause
"""What ends a command early."""

from __future__ import annotations


class CommandError(Exception):
    """A mistake of the person at the keyboard: one clear sentence, status 2, nothing written."""


class Stopped(BaseException):
    """Ctrl-C was answered in an orderly way; the message says what was kept.

    Not an `Exception`, as little as ``KeyboardInterrupt`` is: nothing on the way out may take it for an error.
    """
