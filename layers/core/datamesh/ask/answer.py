"""From a statement or a question, and what its asker may see, to rows with their SQL and sources; or to a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Literal, Protocol

from sqlglot import exp

from datamesh.ask import verified
from datamesh.ask.answered import Answer, ProductUsed, QuestionAnswer
from datamesh.ask.guard import Guarded, guard
from datamesh.ask.intent import Query
from datamesh.ask.run import Ran, Run, Snapshot
from datamesh.ask.stop import Stop
from datamesh.ask.view import View
from datamesh.errors import Refusal, StatementRejected
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["Desk", "Plan", "answer_question", "answer_sql"]

_SUGGESTIONS = 6
_TRIED = 24  # verified questions that are looked at for suggestions
_NOT_CONSIDERED = "Products that are not granted to you are not considered."


class Plan(Protocol):
    """What a planner makes of a question; `sql` is there when it is answered, `ties` where that takes the first rows.

    `ties` counts the rows of `sql` and those that tie with one of them.
    """

    @property
    def status(self) -> Literal["answered", "refused", "ambiguous"]: ...
    @property
    def sql(self) -> exp.Expr | None: ...
    @property
    def intent(self) -> Query | None: ...
    @property
    def ties(self) -> exp.Expr | None: ...
    @property
    def explanation(self) -> str: ...
    @property
    def unmatched(self) -> Sequence[str]: ...
    @property
    def suggestions(self) -> Sequence[str]: ...
    @property
    def candidates(self) -> Sequence[str]: ...


class Planner(Protocol):
    def __call__(
        self,
        question: str,
        knowledge: Knowledge,
        readable: Mapping[str, tuple[str, ...]],
        *,
        today: date,
        previous: Query | None = None,
    ) -> Plan: ...


@dataclass(frozen=True)
class Desk:
    """What answers are made with. `today` is asked once for each question."""

    run: Run
    plan: Planner
    today: Callable[[], date]
    max_rows: int


def answer_sql(statement: str, view: View, desk: Desk, stop: Stop) -> Answer:
    """The rows of `statement`. Raises AccessDenied, StatementRejected, Stopped, and what reading tables raises."""
    clock = _Clock()
    guarded = guard(statement, view.scopes, max_rows=desk.max_rows)
    clock.lap("guard")
    ran = desk.run(guarded, view.products, stop)
    return Answer(**_result(guarded, ran, view), timings_ms=clock.total(ran))


def answer_question(question: str, view: View, desk: Desk, stop: Stop, previous: Query | None = None) -> QuestionAnswer:
    """The answer to `question`: its owners' own, else the planner's, else a refusal with what could be asked instead.

    `previous` is what the question before it meant. What the caller may no longer read, the guard declines.
    Raises Stopped, and what reading tables raises. A statement that the guard or the engine declines is a refusal.
    """
    clock = _Clock()
    try:
        if owned := _owned(question, view, desk):
            clock.lap("guard")
            return _answered(question, owned, desk.run(owned.guarded, view.products, stop), view, clock)
        plan = desk.plan(question, view.knowledge, view.columns, today=desk.today(), previous=previous)
        clock.lap("plan")
        if plan.status != "answered" or plan.sql is None:
            return _refused(question, plan, view, desk, clock)
        planned = _Statement("planner", plan.explanation, guard(plan.sql, view.scopes, max_rows=desk.max_rows))
        _check_shown(planned.guarded)
        ties = guard(plan.ties, view.scopes, max_rows=1) if plan.ties else None
        clock.lap("guard")
        answer = _answered(question, planned, desk.run(planned.guarded, view.products, stop, ties), view, clock)
        meant = plan.intent.model_dump(mode="json") if plan.intent else None
        return answer.model_copy(update={"intent": meant})
    except Refusal as refusal:
        return _declined(question, refusal, view, desk, clock)


@dataclass(frozen=True)
class _Statement:
    """A statement that may run, who wrote it, and in words what it computes."""

    tier: Literal["verified", "planner"]
    explanation: str
    guarded: Guarded


def _owned(question: str, view: View, desk: Desk) -> _Statement | None:
    """The owners' statement for just this question, if the caller may read all that it reads."""
    known = verified.verified_questions(product.contract for product in view.knowledge.products.values())
    for found in verified.matching(question, known):
        if guarded := _permitted(found, view, desk):
            return _Statement("verified", f"Verified by the owners of {found.product}. {found.note}".strip(), guarded)
    return None


def _permitted(found: verified.VerifiedQuestion, view: View, desk: Desk) -> Guarded | None:
    try:
        guarded = guard(found.sql, view.scopes, max_rows=desk.max_rows)
        _check_shown(guarded)
    except Refusal:
        return None
    return guarded


def _check_shown(guarded: Guarded) -> None:
    """Raises StatementRejected (masked): what is computed with values that the caller is not shown is no answer."""
    if guarded.hidden:
        raise StatementRejected(
            f"masked for you, so it can be shown but not computed with: {', '.join(guarded.hidden)}",
            rule="masked",
            hint="Ask for it to be listed, or its owners for access to its values.",
        )


def _suggestions(question: str, view: View, desk: Desk, planned: Iterable[str] = ()) -> list[str]:
    """Questions that this caller would get an answer to: verified ones that are alike, the planner's, other verified.

    Not more than `_TRIED` verified ones are looked at: each is guarded, for it may read what the caller may not.
    """
    if any(scope.masked for scope in view.scopes.values()):
        planned = (question for question in planned if _shows(question, view, desk))
    known = verified.verified_questions(product.contract for product in view.knowledge.products.values())
    alike = verified.nearest(question, known)[:_SUGGESTIONS]
    others = [found for found in known if found not in alike][: _TRIED - len(alike)]
    valid = ((found.question for found in part if _permitted(found, view, desk)) for part in (alike, others))
    wanted: dict[str, None] = {}
    for suggestion in chain(next(valid), planned, *valid):
        wanted[suggestion] = None
        if len(wanted) == _SUGGESTIONS:
            break
    return list(wanted)


def _shows(question: str, view: View, desk: Desk) -> bool:
    """Whether the planner's answer to `question` computes with nothing that is masked."""
    plan = desk.plan(question, view.knowledge, view.columns, today=desk.today())
    try:
        return plan.sql is not None and not guard(plan.sql, view.scopes, max_rows=desk.max_rows).hidden
    except Refusal:
        return False


def _answered(question: str, statement: _Statement, ran: Ran, view: View, clock: _Clock) -> QuestionAnswer:
    explanation = statement.explanation
    cut = statement.guarded.limited and len(ran.rows) >= statement.guarded.limit
    if cut:
        explanation += f" Only the first {statement.guarded.limit:,} rows are shown."
    if partly := [name for name, scope in statement.guarded.scopes.items() if scope.rows is not None]:
        explanation += f" Only over the rows of {', '.join(partly)} that you may read."
    ties = ran.beside[0][0] - len(ran.rows) if ran.beside and not cut else None
    if ties:
        explanation += (
            f" {ties:,} more {'ties' if ties == 1 else 'tie'} with {'it' if len(ran.rows) == 1 else 'those shown'}."
        )
    return QuestionAnswer(
        **_result(statement.guarded, ran, view),
        timings_ms=clock.total(ran),
        question=question,
        status="answered",
        tier=statement.tier,
        explanation=explanation,
        ties=ties,
    )


def _refused(question: str, plan: Plan, view: View, desk: Desk, clock: _Clock) -> QuestionAnswer:
    """`plan` knew only what the caller may read: a word for anything else is a word that was not understood."""
    ambiguous = plan.status == "ambiguous"
    return QuestionAnswer(
        question=question,
        status="ambiguous" if ambiguous else "refused",
        tier="none",
        explanation=plan.explanation if ambiguous else f"{plan.explanation} {_NOT_CONSIDERED}".strip(),
        unmatched=plan.unmatched,
        suggestions=_suggestions(question, view, desk, plan.suggestions),
        candidates=plan.candidates,
        timings_ms=clock.total(),
    )


def _declined(question: str, refusal: Refusal, view: View, desk: Desk, clock: _Clock) -> QuestionAnswer:
    return QuestionAnswer(
        question=question,
        status="refused",
        tier="none",
        explanation=f"{refusal.message} ({refusal.rule}). {refusal.hint}".strip(),
        suggestions=_suggestions(question, view, desk),
        timings_ms=clock.total(),
    )


def _result(guarded: Guarded, ran: Ran, view: View) -> dict[str, Any]:
    return {
        "columns": guarded.columns,
        "rows": ran.rows,
        "sql": guarded.sql(rows=len(ran.rows)),
        "engine": "duckdb",
        "products": [_used(view.products[name], ran.snapshots[name], guarded) for name in guarded.products],
    }


def _used(product: ProductKnowledge, snapshot: Snapshot, guarded: Guarded) -> ProductUsed:
    """Announced snapshots have the time of their announcement; one just committed has that of its commit."""
    scope = guarded.scopes[product.name]
    announced = product.published_at if snapshot.id == product.snapshot_id else None
    return ProductUsed(
        name=product.name,
        version=product.version,
        snapshot_id=snapshot.id,
        published_at=announced or snapshot.committed_at,
        rows="all" if scope.rows is None else "some",
        masked=[name for name in guarded.reads[product.name] if name in scope.masked],
    )


class _Clock:
    """Milliseconds of each step since the clock was made."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, int] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000)
        self._last = now

    def total(self, ran: Ran | None = None) -> dict[str, int]:
        steps = dict(ran.timings_ms) if ran else {}
        return {**self._laps, **steps, "total": round((time.perf_counter() - self._started) * 1000)}
