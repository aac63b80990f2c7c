# SPDX-License-Identifier: BSD-3-Clause
"""The command line: ``schuss train``, ``predict``, ``evaluate``, ``show`` and ``info``.

This module stays light, so that ``schuss --help`` answers at once; commands import what they need.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from schuss.cli.interrupts import interrupts_kept


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its status.

    0 for success, 1 for an internal error, 2 for a mistake in the arguments or the files, 130 for Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str or None, default=None
        None takes those of the process.
    """
    with interrupts_kept():
        try:
            from schuss.cli.running import run
        except ModuleNotFoundError as error:
            if error.name not in ("rich", "typer"):
                raise
            print("schuss: the command line needs more: pip install 'schuss[cli]'", file=sys.stderr)
            sys.exit(2)
        except KeyboardInterrupt:
            sys.exit(130)
        status = run(arguments)
    # Python looks through every object for cycles before it leaves, half a second after scientific imports;
    # the system frees them all at once.
    gc.freeze()
    sys.exit(status)


__all__ = ["main"]
