"""What every node of an intent has, and the words that several of them use."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "DATED",
    "AttrKind",
    "Grain",
    "MeasureFn",
    "Node",
    "Op",
    "Source",
]

AttrKind = Literal["text", "number", "boolean", "date", "timestamp", "timestamptz", "time"]
DATED: frozenset[AttrKind] = frozenset({"date", "timestamp", "timestamptz"})  # what has a day
Op = Literal["=", "<>", "<", "<=", ">", ">="]
Grain = Literal["year", "quarter", "month", "week", "day"]
MeasureFn = Literal["count", "count_distinct", "sum", "avg", "min", "max", "median", "contract"]


class Source(BaseModel):
    """Where a node comes from: the question's characters, what made us think so, and what it cost.

    Evidence never tells two readings apart, so all sources are equal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int = 0
    end: int = 0
    evidence: str = ""
    cost: float = 0.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source)

    def __hash__(self) -> int:
        return 0


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = Field(default=Source(), repr=False)
