"""What is wrong with the outcome of a case: the answer, its time, and every place where a key could be shown."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from porlake import errors
from porlake.errors import (
    TransportError,
)
from porlake.transport import Recording
from transport.faults import Case
from transport.stub import (
    BOUND,
    FORBIDDEN,
    PATIENT,
    RIGHT,
)


class Heard(logging.Handler):
    """Every log record of every logger, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage() + (str(record.exc_info) if record.exc_info else ""))


def judged(name: str, case: Case, ask: Callable[[Recording], Any], folder: Path) -> str:
    """What is wrong with the outcome of a case; nothing, as a rule."""
    began, shown, found = time.monotonic(), "", None
    try:
        found = ask(Recording.record(folder))
    except TransportError as error:
        shown = (
            "".join(traceback.format_exception(error))
            + repr(error)
            + json.dumps(getattr(error, "data", None), default=str)
        )
        if getattr(errors, type(error).__name__, None) is not type(error):
            return f"{name}: a private class {type(error)}"
        if case.outcome == "right" or (case.outcome is not None and not isinstance(error, case.outcome)):
            return f"{name}: {type(error).__name__}: {error}, not {case.outcome}"
        if any(char < " " for char in str(error)) or len(str(error)) > 600:
            return f"{name}: no line of text: {str(error)[:200]!r}"
    except Exception as error:  # noqa: BLE001 - whatever comes out is what the case is about
        return f"{name}: {type(error).__name__} comes out: {error}"
    else:
        if isinstance(case.outcome, type):
            return f"{name}: {str(found)[:80]} is taken, not {case.outcome.__name__}"
        if case.outcome == "right" and found != RIGHT:
            return f"{name}: {str(found)[:80]} is wrong"
        shown = json.dumps(found, default=str)
    took = time.monotonic() - began
    kept = shown + "".join(path.read_text() + path.name for path in folder.rglob("*") if path.is_file())
    leaks = sorted(form for form in FORBIDDEN if form in kept.lower())
    return (
        f"{name}: {leaks} in {kept[:400]}"
        if leaks
        else f"{name}: took {took:.1f} s"
        if took > (BOUND if case.stalls else BOUND + PATIENT)
        else ""
    )
