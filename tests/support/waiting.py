"""Looking until something is so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["until"]


def until(look: Callable[[], Any], otherwise: str = "it does not come to be", *, seconds: float = 60.0) -> Any:
    """What `look` gives once it is something; fails where it is nothing for so long."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)
    return found
