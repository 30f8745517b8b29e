"""What a statement or a question is answered with, as the API gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Answer", "ProductUsed", "QuestionAnswer"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProductUsed(_Model):
    """A product that an answer was read from, as of one snapshot (None: nothing published yet).

    `rows` says whether the caller may read all of its rows; of the columns that were read, `masked` are not shown as
    they are.
    """

    name: str
    version: str
    snapshot_id: int | None
    published_at: datetime | None
    rows: Literal["all", "some"] = "all"
    masked: Sequence[str] = ()


class Answer(_Model):
    """`rows` are lists of JSON values in the order of `columns`; `sql` names products, and can be run again."""

    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    sql: str = ""
    engine: Literal["duckdb"] | None = None
    products: Sequence[ProductUsed] = ()
    timings_ms: Mapping[str, int] = {}


class QuestionAnswer(Answer):
    """`tier` is who wrote the statement. Refused: `unmatched` words, and what else could be meant or asked.

    `intent` is what the planner took the question for: a next question may name `query_id` and go on from there.
    `ties`: where the question asks for the first so many, how many rows more tie with one of them (None: not known).
    """

    question: str
    status: Literal["answered", "refused", "ambiguous"]
    tier: Literal["verified", "planner", "bedrock", "none"]
    explanation: str
    unmatched: Sequence[str] = ()
    suggestions: Sequence[str] = ()
    candidates: Sequence[str] = ()
    query_id: str = ""
    intent: Mapping[str, Any] | None = None
    ties: int | None = None
