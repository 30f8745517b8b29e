"""What a table was: its snapshots, and which of them may go. Pure.

Never the current one, nor one that a branch or tag holds; never one whose batch has not told the mesh of it, for the
batch would not find what it has committed; never the newest batch's, for the next batch goes on from its profile; and
never one of the newest few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["KEPT", "Past", "expendable"]

KEPT = 10  # snapshots, however old they are


@dataclass(frozen=True)
class Past:
    """A snapshot. `batch_id` names the batch that made it, if one did; `is_held` says that a branch or tag names it."""

    snapshot_id: int
    at: datetime
    batch_id: str | None = None
    is_held: bool = False


def expendable(
    history: Sequence[Past], *, before: datetime, is_told: Callable[[str], bool], kept: int = KEPT
) -> tuple[int, ...]:
    """The snapshots of `history` (oldest first) from before `before` that may expire. `is_told` asks about a batch."""
    newest_batch = next((past for past in reversed(history) if past.batch_id), None)
    return tuple(
        past.snapshot_id
        for past in history[: max(len(history) - kept, 0)]
        if past.at < before
        and not past.is_held
        and past is not newest_batch
        and (past.batch_id is None or is_told(past.batch_id))
    )
