"""Everything that a measurement tells, as plain data: what `mesh eval --json` prints and its tables show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from datamesh.ask.measure.curve import curve
from datamesh.ask.measure.figures import by_kind, classes, figures, latency, paraphrases, unmatched, without
from datamesh.ask.measure.merged import Changes
from datamesh.ask.measure.outcome import Outcome
from datamesh.ask.measure.questions import Key

__all__ = ["predictions", "report"]

# What an answer can be sure by, more of it surer.
_SURENESS: Mapping[str, Callable[[Outcome], float]] = {
    "sureness": lambda outcome: outcome.evidence.get("sureness", 1.0),
    "cost": lambda outcome: -outcome.evidence.get("cost", 0.0),
    "margin": lambda outcome: outcome.evidence.get("margin", 1.0),
}


def report(
    outcomes: Sequence[Outcome], *, flagged: Collection[Key] | None = None, changes: Changes | None = None
) -> dict[str, Any]:
    """Ids are `database/id`. `changes` is there when all databases were asked as one mesh."""
    wrong = [o for o in outcomes if o.verdict in ("wrong", "false_answer")]
    refused = [o for o in outcomes if o.verdict == "refused"]
    pairs = paraphrases(outcomes)
    return {
        "figures": figures(outcomes).as_dict(),
        "without_flagged": figures(without(outcomes, flagged)).as_dict() if flagged is not None else None,
        "by": {
            kind: {name: part.as_dict() for name, part in parts.items()} for kind, parts in by_kind(outcomes).items()
        },
        "curve": {name: [asdict(p) for p in curve(outcomes, sureness)] for name, sureness in _SURENESS.items()},
        "planning_ms": {name: round(took, 2) for name, took in latency(outcomes).items()},
        "paraphrases": {
            "pairs": pairs.pairs,
            "agree": pairs.agree,
            "share": pairs.share,
            "differ": [[_named(one), _named(other)] for one, other in pairs.differ],
        },
        "wrong": _told(classes(wrong, _wrong_class), "kind"),
        "refusals": _told(classes(refused, lambda o: o.reason), "reason"),
        "unmatched": _told(unmatched(refused), "word"),
        "faults": [_named(o.key) for o in outcomes if o.reason.startswith("fault: ")],
        "merged": _merged(changes) if changes else None,
    }


def predictions(outcomes: Sequence[Outcome]) -> list[dict[str, str | None]]:
    """What was answered, in the form that another scorer can run: one statement over the database's tables, or null."""
    return [{"db": o.key[0], "id": o.key[1], "sql": o.sql or None} for o in outcomes]


def _wrong_class(outcome: Outcome) -> str:
    if outcome.verdict == "false_answer":
        return "answered what has no answer"
    return f"{outcome.shape}: {outcome.reason}" if outcome.shape else outcome.reason


def _told(found: Mapping[str, Sequence[Key]], label: str) -> list[dict[str, Any]]:
    return [{label: name, "count": len(keys), "ids": [_named(key) for key in keys]} for name, keys in found.items()]


def _merged(changes: Changes) -> dict[str, Any]:
    told: dict[str, Any] = {"answered": changes.answered}
    for kind in ("changed", "refused", "added"):
        told[kind] = [
            {"id": _named(change.key), "alone": change.alone, "together": change.together, "reason": change.reason}
            for change in getattr(changes, kind)
        ]
    return told


def _named(key: Key) -> str:
    return "/".join(key)
