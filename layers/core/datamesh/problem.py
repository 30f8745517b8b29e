"""What an error looks like to a caller of the API: one line, what to do next, and the rule that declined it."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

from datamesh.errors import AccessDenied, DatameshError, Refusal, UnknownProduct, UserError

__all__ = ["problem", "trail"]

_STATUSES: tuple[tuple[type[DatameshError], int], ...] = (
    (AccessDenied, 403),
    (Refusal, 422),
    (UnknownProduct, 404),
    (UserError, 400),
    (DatameshError, 503),
)


def problem(error: DatameshError) -> tuple[int, str]:
    """The HTTP status and JSON body of `error`. Of a failure of ours no details are given."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    if status == 503:
        return status, json.dumps({"error": "the mesh could not answer", "hint": "Try again in a moment."})
    body = {"error": error.message, "hint": error.hint}
    if isinstance(error, Refusal):
        body["rule"] = error.rule
    return status, json.dumps(body)


def trail(error: BaseException) -> str:
    """What `error` is and where it came from, without its message: that may hold values, and this is for the log."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join([type(error).__name__, *(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))])
