"""What became of each question of a database, judged by its expected rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from datamesh.ask.measure.mesh import Asked, Mesh
from datamesh.ask.measure.questions import Database, Key, Question, Rows
from datamesh.ask.measure.rows import Row, alike, meets, plain
from datamesh.ask.measure.shape import shape_of

__all__ = ["Outcome", "Verdict", "outcomes"]

Verdict: TypeAlias = Literal["correct", "wrong", "refused", "false_answer", "rightly_refused"]


@dataclass(frozen=True)
class Outcome:
    """One question: what was right, what came of it.

    `reason` is why it was refused or what is wrong with its rows, and of a right one the rule whose alternative it met.
    `asked` is the answer's SQL over mesh names, `sql` the same over the database's tables; both empty when refused.
    `evidence` are the figures of the reading that a threshold can be set on: cost, margin, and those of the gate.
    """

    question: Question
    verdict: Verdict
    reason: str = ""
    shape: str = ""
    sql: str = ""
    asked: str = ""
    rows: Rows = ()
    tier: str = "none"
    unmatched: tuple[str, ...] = ()
    planning_ms: float = 0.0
    evidence: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.question.key

    @property
    def answered(self) -> bool:
        return bool(self.sql)


def outcomes(database: Database, mesh: Mesh, today: date) -> Iterator[Outcome]:
    """An outcome for each question of `database`, asked of `mesh`, which holds it. `today` where a question has no day.

    An error of ours in one question is its refusal (`fault: ...`), as it is for who asks.
    """
    for question in database.questions:
        try:
            asked = mesh.ask(question.question, question.as_of or today)
        except Exception as error:  # one question must not end a measurement of thousands
            yield Outcome(question, *_refusal(question, f"fault: {type(error).__name__}"), shape=_shape(question))
            continue
        yield _outcome(question, asked, mesh)


def _outcome(question: Question, asked: Asked, mesh: Mesh) -> Outcome:
    answer, plan = asked.answer, asked.plan
    shape = _shape(question)
    if answer is None or answer.status != "answered":
        verdict, reason = _refusal(question, _why(asked))
        unmatched = tuple(answer.unmatched) if answer else ()
        return Outcome(question, verdict, reason, shape, unmatched=unmatched, planning_ms=asked.planning_ms)
    rows = plain(answer.rows)
    verdict, reason = _judged(question, rows)
    return Outcome(
        question,
        verdict,
        reason,
        shape,
        sql=mesh.statement(answer.sql, question.db),
        asked=answer.sql,
        rows=rows,
        tier=answer.tier,
        planning_ms=asked.planning_ms,
        evidence=dict(plan.features) if plan else {},
    )


def _refusal(question: Question, why: str) -> tuple[Verdict, str]:
    return ("refused" if question.answerable else "rightly_refused"), why


def _why(asked: Asked) -> str:
    """The class of a refusal: what the planner said, without the words of this question."""
    plan, answer = asked.plan, asked.answer
    if answer is None:
        return "too slow"
    if plan is None or plan.status == "answered":  # the guard or the engine declined it
        return answer.explanation
    if plan.status == "ambiguous":
        return "ambiguous"
    if len(plan.unmatched) > 1:
        return "several words not understood"
    return "one word not understood" if plan.unmatched else plan.explanation


def _judged(question: Question, rows: list[Row]) -> tuple[Verdict, str]:
    if not question.answerable:
        return "false_answer", "answered"
    for answer in question.answers:
        if meets(answer, rows, extra_columns=question.extra_columns):
            return "correct", answer.rule
    return "wrong", _difference(plain(question.answers[0].expected), rows)


def _difference(wanted: list[Row], rows: list[Row]) -> str:
    """In what the rows differ from those that the published answer has."""
    if wanted and rows and len(wanted[0]) != len(rows[0]):
        return f"{len(rows[0])} columns for {len(wanted[0])}"
    if len(rows) != len(wanted):
        return "no rows" if not rows else "more rows" if len(rows) > len(wanted) else "fewer rows"
    return "another order" if alike(wanted, rows) else "other values"


def _shape(question: Question) -> str:
    return shape_of(question.sql, question.dialect) if question.sql else ""
