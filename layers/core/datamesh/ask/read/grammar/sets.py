"""Sets: [the] [5] [different] [longest] [Boeing] planes [with more than 300 seats] [that fly to Boston]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.annotate import Name
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import AnyOf, Compared, Contains, Linked, PredForm, Ranked, SetForm, Valued
from datamesh.ask.read.grammar import predicates
from datamesh.ask.read.grammar.common import amount, values

__all__ = ["ROWS", "noun_set", "plain_set", "with_posts"]

_AMONG = ("among", "across", "in", "of", "for", "at", "on")
_KEPT = 10  # ways to go on that are followed, after each post
_ATTRIBUTE_AS_HEAD = 0.3
_FARTHER = 0.5  # what could be said of the nearer thing is said of the farther one
_LOOSE = 0.5  # a value after `or` that nothing says what it is of


@rule
def noun_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """A set with everything that may stand before and behind its noun."""
    for front in _fronts(r, i):
        for head in _heads(r, front):
            yield from with_posts(r, head)


@rule
def plain_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """A set inside a predicate: no ranking, no each."""
    for hit in noun_set(r, i):
        form = hit.value
        if form.rank is None and not form.each and form.number is None and _is_table(form.head):
            yield hit


def _is_table(head: Name | None) -> bool:
    return head is not None and head.targets[0].kind == "table"


def _fronts(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """Articles, each, numbers, distinct, superlatives; in any order that makes sense."""
    states = [Hit(r.the(i), SetForm(None))]
    for _ in range(4):
        yield from states
        states = [Hit(r.the(hit.end), hit.value, hit.cost) for state in states for hit in _front(r, state)]


def _front(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    i, form = state.end, state.value
    if not form.each:
        for op in r.op(i, "each"):
            yield Hit(op.end, replace(form, each=True), state.cost)
    if not form.distinct:
        for op in r.op(i, "distinct"):
            yield Hit(op.end, replace(form, distinct=True), state.cost)
    found = r.number(i)
    if form.number is None and isinstance(found, int) and found > 0:
        yield Hit(i + 1, replace(form, number=found), state.cost)
    if form.rank is None:
        for op in r.op(i, "superlative"):
            yield Hit(op.end, replace(form, rank=Ranked("desc", adjective=op.payload)), state.cost)
        for op in r.op(i, "common"):
            yield Hit(op.end, replace(form, rank=Ranked(op.payload, of=ROWS)), state.cost)  # type: ignore[arg-type]
        for op in r.op(i, "top", "top_low"):
            direction = "desc" if op.category == "top" else "asc"
            if r.number(op.end) is not None:
                yield Hit(op.end, replace(form, rank=Ranked(direction)), state.cost)  # type: ignore[arg-type]


ROWS = SetForm(None)  # the ranked thing's own rows


def _heads(r: Reader, front: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    yield from _nouns(r, front)
    for hit in values(r, front.end):
        if len(hit.value) == 1:
            form = front.value.plus(Valued(None, hit.value))
            yield from _nouns(r, Hit(hit.end, form, front.cost + hit.cost + 0.1))


def _nouns(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    for kind, cost in (("table", 0.0), ("column", _ATTRIBUTE_AS_HEAD)):
        for name in r.names(state.end, kind):
            last = r.tokens[name.end - 1].fold
            plural = last.endswith("s") and not last.endswith("ss")
            yield Hit(name.end, replace(state.value, head=name, plural=plural), state.cost + cost)


def with_posts(r: Reader, base: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """The set, and the set with one, two, three, four things behind it."""
    states = [base]
    for _ in range(4):
        yield from states
        found = [hit for state in states for hit in _one_more(r, state)]
        states = sorted(found, key=lambda hit: (hit.cost, -hit.end))[:_KEPT]


def _one_more(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    form = state.value
    nested = _FARTHER if form.preds and isinstance(form.preds[-1], Linked) else 0.0
    for at, joint in _joints(r, state):
        found = list(predicates.post(r, at))
        if joint:
            found += predicates.predicate(r, at)
        if joint and form.preds:
            found += predicates.clause(r, at)
        if joint == "or":
            found += _same_again(r, at, form.preds[-1])
        for hit in found:
            cost = state.cost + hit.cost + (0.0 if joint else nested)
            if joint and _bare(hit.value):
                cost += _LOOSE
            if isinstance(hit.value, Ranked):
                if form.rank is None and joint != "or":
                    yield Hit(hit.end, replace(form, rank=hit.value), cost)
            else:
                pred = _of_head(form.head, hit.value)
                yield Hit(hit.end, replace(form, preds=_joined(form.preds, pred, joint)), cost)
    if form.rank and form.rank == Ranked(form.rank.direction):
        yield from _ranked_by(r, state)
    if form.rank and form.rank.of == ROWS and not form.preds and r.word(state.end, *_AMONG):
        for hit in plain_set(r, r.the(state.end + 1)):
            yield Hit(hit.end, replace(form, rank=replace(form.rank, of=hit.value)), state.cost + hit.cost)


def _of_head(head: Name | None, pred: PredForm) -> PredForm:
    """Publishers whose name contains X, where publisher is an attribute: the name is the publisher itself."""
    if head is None or head.targets[0].kind != "column" or not isinstance(pred, Contains | Valued) or pred.attr is None:
        return pred
    return replace(pred, attr=head) if pred.attr.text.lower() in ("name", "names") else pred


def _bare(pred: object) -> bool:
    return isinstance(pred, Valued) and pred.attr is None and not pred.hint


def _same_again(r: Reader, i: int, last: PredForm) -> Iterator[Hit[PredForm]]:
    """Higher than 1000 or lower than 500: of the same attribute."""
    if isinstance(last, AnyOf):
        last = last.preds[-1]
    if isinstance(last, Compared) and last.attr:
        for hit in amount(r, i):
            if hit.value.compared:
                again = Compared(last.attr, hit.value.op, hit.value.number, hit.value.high)
                yield Hit(hit.end, again, hit.cost)


def _joints(r: Reader, state: Hit[SetForm]) -> Iterator[tuple[int, str]]:
    yield state.end, ""
    if not state.value.preds:
        return
    after = r.comma(state.end)
    if r.word(after, "and", "but"):
        yield after + 1, "and"
    elif r.word(after, "or"):
        yield after + 1, "or"
    elif after > state.end:
        yield after, "and"


def _joined(preds: tuple[PredForm, ...], new: PredForm, joint: str) -> tuple[PredForm, ...]:
    if joint != "or":
        return (*preds, new)
    last = preds[-1]
    either = last.preds if isinstance(last, AnyOf) else (last,)
    return (*preds[:-1], AnyOf((*either, new)))


def _ranked_by(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """Top 5 airports by elevation; by number of flights."""
    rank = state.value.rank
    if rank is None or not r.word(state.end, "by", "in"):
        return
    at = r.the(state.end + 1)
    for name in r.names(at, "column"):
        yield Hit(name.end, replace(state.value, rank=replace(rank, attr=name)), state.cost)
    for op in r.op(at, "count"):
        for hit in plain_set(r, op.end):
            yield Hit(hit.end, replace(state.value, rank=replace(rank, of=hit.value)), state.cost + hit.cost)
    for op in r.op(at, "agg"):
        for name in r.names(r.the(op.end), "column"):
            ranked = replace(rank, attr=name, fn=op.payload)  # type: ignore[arg-type]
            yield Hit(name.end, replace(state.value, rank=ranked), state.cost)
    for name in r.names(at, "measure"):
        yield Hit(name.end, replace(state.value, rank=replace(rank, attr=name, fn="contract")), state.cost)
