"""A commit that others came before is tried again at once, while there is time.

Writers who come first time and again are not waited for: a try that begins sooner has no worse a chance. The short
random wait is for those who try again as we do.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from datamesh.errors import CommitConflict

__all__ = ["try_until_first"]

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # seconds; doubled from one to the other, and anything below is waited
_KEPT_BACK = 15.0  # seconds, to write down what was committed


def try_until_first(
    attempt: Callable[[int], T],
    *,
    seconds_left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """What `attempt` returns, which is given the number of conflicts so far.

    Raises CommitConflict when another try would not end in time, if it took twice as long as the one before it.
    """
    conflicts = 0
    while True:
        began = clock()
        try:
            return attempt(conflicts)
        except CommitConflict:
            wait = random.uniform(0, min(_FIRST_WAIT * 2**conflicts, _LONGEST_WAIT))  # noqa: S311 (jitter, not a secret)
            if seconds_left() < wait + 2 * (clock() - began) + _KEPT_BACK:
                raise
        sleep(wait)
        conflicts += 1
