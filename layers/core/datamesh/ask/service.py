"""What the API does: answers within a call if it can, goes on without the caller if it must, and gives back later."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import ValidationError

from datamesh.ask import intent
from datamesh.ask.answer import Desk, answer_question, answer_sql
from datamesh.ask.answered import Answer, QuestionAnswer
from datamesh.ask.intent.query import QUERY
from datamesh.ask.products import product_page, product_pages
from datamesh.ask.queries import INLINE_BYTES, Kind, Queries, Query, new_query_id
from datamesh.ask.stop import Stop
from datamesh.ask.view import View, view_of
from datamesh.errors import AccessDenied, DatameshError, InfrastructureError, StatementRejected, UserError
from datamesh.events import QuestionAnswered
from datamesh.govern.subscription import Subscription
from datamesh.problem import problem, trail
from datamesh.registry.knowledge import Knowledge

__all__ = ["Patience", "Reply", "Service"]

T = TypeVar("T")

_LONGEST: dict[Kind, int] = {"sql": 20_000, "question": 1_000}  # characters
_HANDOVER = timedelta(seconds=90)  # until the run that goes on has begun, and to write down what came of it


@dataclass(frozen=True)
class Patience:
    """Seconds that a caller is kept waiting, and that a run has which nobody waits for."""

    caller: float
    alone: float


@dataclass(frozen=True)
class Reply:
    """An HTTP status and a JSON text; `query_id` where the reply is about a query."""

    status: int
    body: str
    query_id: str = ""


@dataclass(frozen=True)
class Service:
    """The parts that calls are answered with.

    `held` are a principal's subscriptions as they stand at this moment: whose access is taken back has none at the next
    call. `go_on` starts `finish` for a query, elsewhere; `announce` tells the mesh that a query has ended.
    """

    knowledge: Callable[[], Knowledge]
    held: Callable[[str], Sequence[Subscription]]
    desk: Desk
    queries: Queries
    go_on: Callable[[str], None]
    announce: Callable[[QuestionAnswered], None]
    now: Callable[[], datetime]
    patience: Patience

    def submit(self, kind: Kind, body: str | None, principal: str) -> Reply:
        """The answer to what `body` asks, or (202) the promise of one.

        Raises UserError when it asks nothing, StatementRejected when it is too long.
        """
        asked_at = self.now()
        asked = _asked(kind, body)
        query = Query(new_query_id(asked_at), principal, kind, asked, asked_at, previous=_previous(kind, body))
        if done := _within(lambda stop: self._answer(query, stop), self.patience.caller):
            return self._given(self._done(done))
        until = self.now() + timedelta(seconds=self.patience.alone) + _HANDOVER
        self.queries.put(replace(query, running_until=until))
        self.go_on(query.id)
        return _running(query.id)

    def finish(self, query_id: str) -> None:
        """Runs a query that took longer than its caller waited; one that has ended already stays as it is.

        Raises InfrastructureError, when what failed was foreseen by nobody; the query has ended then, too.
        """
        query = self.queries.get(query_id)
        if query is None or query.status:
            return
        seconds = self.patience.alone
        late = StatementRejected(
            f"this takes longer than {seconds:.0f} s", rule="time", hint="Ask for less, or filter on partition columns."
        )
        try:
            done = _within(lambda stop: self._answer(query, stop), seconds)
        except Exception as error:
            failure = InfrastructureError(f"the run ended without an answer: {trail(error)}")
            self._done(self._failed(query, failure))
            raise failure from None
        self._done(done or self._failed(query, late))

    def poll(self, query_id: str, principal: str) -> Reply:
        """What became of a query, for who asked it; for anybody else there is no such query.

        Raises AccessDenied where what its caller may read of its products has changed since: the answer may tell what
        they may not read any more.
        """
        query = self.queries.get(query_id)
        if query is None or query.principal != principal:
            return Reply(404, json.dumps({"error": "no such query", "hint": "Answers are kept for seven days."}))
        if query.status:
            if query.products and self._view(principal).digest(query.products) != query.rights:
                raise AccessDenied(
                    "what you may read has changed since this was answered", rule="changed", hint="Ask it again."
                )
            return self._given(query)
        if query.running_until and self.now() > query.running_until:
            return Reply(*problem(InfrastructureError("the run ended without an answer")), query.id)
        return _running(query.id)

    def products(self, principal: str) -> dict[str, Any]:
        return {"products": product_pages(self._view(principal), self.now())}

    def product(self, name: str, principal: str) -> dict[str, Any]:
        """Raises UnknownProduct, for what is not granted as for what does not exist."""
        return product_page(self._view(principal), name, self.now())

    def _view(self, principal: str) -> View:
        return view_of(self.knowledge(), principal, self.held(principal), at=self.now())

    def _answer(self, query: Query, stop: Stop) -> _Done:
        try:
            view = self._view(query.principal)
            answer: Answer
            if query.kind == "sql":
                answer = answer_sql(query.text, view, self.desk, stop)
            else:
                said = answer_question(query.text, view, self.desk, stop, self._meant(query))
                answer = said.model_copy(update={"query_id": query.id})
        except DatameshError as error:
            return self._failed(query, error)
        read = tuple(product.name for product in answer.products)
        kept = replace(query, status=200, answer=answer.model_dump_json(), products=read, rights=view.digest(read))
        return _Done(kept, self._event(query, answer))

    def _meant(self, query: Query) -> intent.Query | None:
        """What the question before this one meant. Raises UserError where there was none that this caller asked.

        One that meant something which an intent could say then and cannot say now is none to go on from, either.
        """
        if not query.previous:
            return None
        before = self.queries.get(query.previous)
        if before is None or before.principal != query.principal or before.kind != "question":
            raise UserError("no such question to go on from", hint="Answers are kept for seven days.")
        meant = json.loads(before.answer or "{}").get("intent")
        try:
            return QUERY.validate_python(meant) if meant else None
        except ValidationError:
            raise UserError("that question can no longer be gone on from", hint="Ask the whole question.") from None

    def _failed(self, query: Query, error: DatameshError) -> _Done:
        status, body = problem(error)
        event = self._event(query, None, "failed" if status == 503 else "refused")
        return _Done(replace(query, status=status, answer=body), event)

    def _event(self, query: Query, answer: Answer | None, status: Any = "answered") -> QuestionAnswered:
        question = answer if isinstance(answer, QuestionAnswer) else None
        return QuestionAnswered(
            query_id=query.id,
            principal=query.principal,
            status=question.status if question else status,
            tier=question.tier if question else "sql" if query.kind == "sql" else "none",
            products=[product.name for product in answer.products] if answer else [],
            milliseconds=round((self.now() - query.asked_at).total_seconds() * 1000),
        )

    def _done(self, done: _Done) -> Query:
        written = self.queries.put(replace(done.query, running_until=None))
        self.announce(done.event)
        return written

    def _given(self, query: Query) -> Reply:
        if query.size <= INLINE_BYTES:
            return Reply(query.status, query.answer, query.id)
        link = {"query_id": query.id, "status": "done", **self.queries.link(query)}
        return Reply(200, json.dumps(link), query.id)


@dataclass(frozen=True)
class _Done:
    query: Query
    event: QuestionAnswered


def _asked(kind: Kind, body: str | None) -> str:
    try:
        text = json.loads(body or "")[kind]
    except (ValueError, LookupError, TypeError):
        text = None
    if not isinstance(text, str) or not text.strip():
        raise UserError(
            f"nothing was asked: the body is no JSON object with {kind!r}", hint=f'Send {{"{kind}": "..."}}.'
        )
    if len(text) > _LONGEST[kind]:
        raise StatementRejected(
            f"more than {_LONGEST[kind]:,} characters", rule="too-long", hint="Ask for less at once."
        )
    return text


def _previous(kind: Kind, body: str | None) -> str:
    """The id of the question that this one goes on from, where it says one."""
    found = json.loads(body or "").get("previous") if kind == "question" else None
    if found is not None and not isinstance(found, str):
        raise UserError("'previous' is no query id", hint="Send the query_id of the answer before.")
    return found or ""


def _running(query_id: str) -> Reply:
    promise = {"query_id": query_id, "status": "running", "poll": f"/queries/{query_id}"}
    return Reply(202, json.dumps(promise), query_id)


def _within(work: Callable[[Stop], T], seconds: float) -> T | None:
    """What `work` returns or raises, or None when it takes longer: then it is stopped, and its end is not awaited."""
    stop, pool = Stop(), ThreadPoolExecutor(1, thread_name_prefix="query")
    future = pool.submit(work, stop)
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():  # at the last moment, or the time-out is the work's own
            return future.result()
        stop.press()
        return None
    finally:
        pool.shutdown(wait=False)
