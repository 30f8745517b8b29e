"""Every question asked of one mesh of all databases, beside the database it belongs to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datamesh.ask.measure.outcome import Outcome
from datamesh.ask.measure.questions import Key
from datamesh.ask.measure.rows import alike

__all__ = ["Change", "Changes", "changes"]


@dataclass(frozen=True)
class Change:
    """A question that the whole mesh answered otherwise than its own database, or not at all (`reason` says why)."""

    key: Key
    alone: str
    together: str
    reason: str = ""


@dataclass(frozen=True)
class Changes:
    """What became of the `answered` questions: another answer, or a refusal; and of refused ones, `added` answers."""

    answered: int
    changed: tuple[Change, ...]
    refused: tuple[Change, ...]
    added: tuple[Change, ...]


def changes(alone: Sequence[Outcome], together: Sequence[Outcome]) -> Changes:
    """`alone` and `together` are of the same questions in the same order. Other SQL for the same rows is no change."""
    pairs = list(zip(alone, together, strict=True))
    moved = [pair for pair in pairs if pair[0].answered and pair[1].answered and not _same(*pair)]
    lost = [pair for pair in pairs if pair[0].answered and not pair[1].answered]
    found = [pair for pair in pairs if pair[1].answered and not pair[0].answered]
    return Changes(
        answered=sum(outcome.answered for outcome in alone),
        changed=tuple(_change(*pair) for pair in moved),
        refused=tuple(_change(*pair) for pair in lost),
        added=tuple(_change(*pair) for pair in found),
    )


def _same(one: Outcome, other: Outcome) -> bool:
    return one.sql == other.sql or alike(one.rows, other.rows)


def _change(alone: Outcome, together: Outcome) -> Change:
    return Change(alone.key, alone.asked, together.asked, "" if together.answered else together.reason)
