# SPDX-License-Identifier: BSD-3-Clause
"""Run a command and turn whatever ends it into one sentence and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from schuss.cli.errors import CommandError, Stopped

SUCCESS, INTERNAL_ERROR, MISTAKE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    from schuss.cli.app import app

    try:
        status = app(args=arguments, prog_name="schuss", standalone_mode=False)
        sys.stdout.flush()
        if status == INTERRUPTED:  # the parser's own answer to Ctrl-C
            raise KeyboardInterrupt
        return status if isinstance(status, int) else SUCCESS
    except Stopped as stop:
        return _say(str(stop), INTERRUPTED)
    except KeyboardInterrupt:
        return _say("stopped; nothing was kept", INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> int:
    if debugging():
        traceback.print_exception(error)
    if hasattr(error, "format_message"):  # the parser's, which is a library's or typer's own
        said = _plain(error.format_message())  # nothing where it has printed the help instead
        return _say(f"{said} ({_help_for(error)})", MISTAKE) if said else MISTAKE
    if _is_mistake(error):
        return _say(str(error), MISTAKE)
    if isinstance(error, MemoryError):
        return _say("not enough memory for this table", INTERNAL_ERROR)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}", INTERNAL_ERROR)
    hint = "" if debugging() else "; set SCHUSS_DEBUG=1 to see where"
    return _say(f"internal error: {type(error).__name__}: {error}{hint}", INTERNAL_ERROR)


def _is_mistake(error: Exception) -> bool:
    if isinstance(error, CommandError) or (isinstance(error, ImportError) and error.name == "SCHUSS_ISA"):
        return True
    # Looked up only if loaded: an error of theirs cannot come from elsewhere, and importing them is slow.
    kinds = (
        ("schuss.data.errors", "DataError"),
        ("schuss.persistence", "ModelFileError"),
        ("schuss._threads", "EnvironmentMistake"),
    )
    loaded = ((sys.modules.get(module), name) for module, name in kinds)
    return any(isinstance(error, getattr(module, name)) for module, name in loaded if module)


def debugging() -> bool:
    """Whether the person wants tracebacks."""
    return os.environ.get("SCHUSS_DEBUG", "") not in ("", "0")


def _say(message: str, status: int) -> int:
    text = " ".join(_plain(message).split())
    print(f"schuss: {text}", file=sys.stderr, flush=True)
    return status


def _plain(text: str) -> str:
    """Leave out control characters; `schuss.data.errors.printable` without its imports."""
    return "".join(c if c.isprintable() else " " for c in text).rstrip(".")


def _help_for(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"see {context.command_path if context else 'schuss'} --help"
