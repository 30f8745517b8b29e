"""What parts of a question may mean, and what it costs to believe it: kept few, put together the cheapest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["KEPT", "Choice", "cheapest", "every"]

KEPT = 4  # meanings of one part that go on
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Choice(Generic[T_co]):
    """One meaning of a part of the question, and its cost."""

    value: T_co
    cost: float


def cheapest(choices: Iterable[Choice[T]]) -> list[Choice[T]]:
    """The cheapest, each meaning once."""
    best: dict[T, float] = {}
    for choice in choices:
        best[choice.value] = min(choice.cost, best.get(choice.value, choice.cost))
    ordered = sorted(best.items(), key=lambda found: found[1])
    return [Choice(value, cost) for value, cost in ordered[:KEPT]]


def every(parts: Sequence[Sequence[Choice[T]]]) -> list[Choice[tuple[T, ...]]]:
    """One choice for each part: the cheapest of all, and those that differ from it in one part."""
    if not all(parts):
        return []
    first = tuple(choices[0].value for choices in parts)
    cost = sum(choices[0].cost for choices in parts)
    found = [Choice(first, cost)]
    for at, choices in enumerate(parts):
        found += [
            Choice((*first[:at], other.value, *first[at + 1 :]), cost - choices[0].cost + other.cost)
            for other in choices[1:]
        ]
    return cheapest(found)
