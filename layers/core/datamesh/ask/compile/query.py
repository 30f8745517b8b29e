"""Queries: rows, groups and sets of one subject, ordered and cut."""

from __future__ import annotations

from itertools import count

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile.conditions import item, pred
from datamesh.ask.compile.cut import Cut, cut, ranked, tied
from datamesh.ask.compile.scope import Place, Scope, column
from datamesh.ask.compile.sets import compile_set, shown_by_label
from datamesh.ask.compile.values import keys, label_columns, may_be_none
from datamesh.ask.intent.checks import aggregates

__all__ = ["compile_query", "compile_ties"]

_SHORT = {"avg": "average", "sum": "total", "max": "maximum", "min": "minimum"}


def compile_query(query: intent.Query) -> exp.Select | exp.SetOperation:
    """The statement that computes `query`, its columns named as a reader would call them."""
    return _compile(query, set(), False)


def compile_ties(query: intent.Query) -> exp.Select | exp.SetOperation | None:
    """The statement that counts the rows of `query` and those that tie with one of them; None where none is left out.

    As many as `query` gives: no row was chosen among equals.
    """
    limit = query.limit
    if limit is None or limit.ties == "all" or not query.order:
        return None
    every = query.model_copy(update={"limit": limit.model_copy(update={"ties": "all"})})
    return _compile(every, set(), False, tied)


def _compile(query: intent.Query, aliases: set[str], by_key: bool, end: Cut = cut) -> exp.Select | exp.SetOperation:
    """`by_key`: things go by their key, whatever they are shown by, and what is missing is left out."""
    if isinstance(query, intent.SetOp) and query.by == "key" and not by_key:
        query = shown_by_label(query)
    if isinstance(query, intent.SetOp):
        return compile_set(query, aliases, _compile, end, by_key=by_key)
    return _select(query, aliases, end, by_key=by_key)


def _select(query: intent.Select, aliases: set[str], end: Cut, *, by_key: bool) -> exp.Select:
    place = Place(Scope(query.subject, aliases, _compile))
    shown = [column for output in query.outputs for column in _shown(output, place, by_key=by_key)]
    wanted = [pred(query.where, place)] if query.where else []
    for key in query.group:  # what is missing never wins, and no row of none is one of each
        if query.limit or (isinstance(key, intent.EntityKey) and may_be_none(key)):
            wanted += [_known(part) for part in _keys(key, place)]
    if by_key:  # nothing is one of a list that holds what is missing, nor not one of it
        there = [_known(part.copy()) for part, _ in shown if isinstance(part, exp.Column)]
        wanted += [condition for condition in there if condition not in wanted]
    group = _groups(query, place)
    having = pred(query.having, place) if query.having else None
    order = [_ordered(order, place) for order in query.order]
    per = [part for key in (query.limit.per if query.limit else ()) for part in _keys(key, place)]
    distinct = query.distinct
    apart = query.limit and ranked(query.limit)  # places are given before rows become one
    if distinct and not aggregates(query) and (apart or not all(o.this in [tree for tree, _ in shown] for o in order)):
        group, distinct = [tree.copy() for tree, _ in shown], False
        order = [_extreme(ordered) for ordered in order]
    if order and query.limit and query.limit.ties == "one":
        order += _apart(query, [tree for tree, _ in shown], [*(part.this for part in order), *per], place)
    select = place.scope.select(*_named(shown))
    if wanted:
        select.where(*wanted, copy=False)
    if group:
        select.group_by(*group, copy=False)
    if having is not None:
        select.having(having, copy=False)
    if distinct:
        select.distinct(copy=False)
    return end(select, order, query.limit, per)


def _shown(output: intent.Output, place: Place, *, by_key: bool) -> list[tuple[exp.Expr, str]]:
    """The columns of one output, each with the name it wants."""
    match output.item:
        case intent.AllColumns() as everything:
            alias = place.at(everything.path)
            return [(column(alias, name), name) for name in everything.columns]
        case intent.EntityKey() as thing if by_key:
            return [(key, key.name if isinstance(key, exp.Column) else thing.keys[0]) for key in keys(thing, place)]
        case intent.EntityKey() as thing:
            return _things(thing, place, output.name)
        case found:
            return [(item(found, place), output.name or _name(found))]


def _things(thing: intent.EntityKey, place: Place, name: str) -> list[tuple[exp.Expr, str]]:
    columns = label_columns(thing, place)
    own = [c.name if isinstance(c, exp.Column) else "" for c in columns]
    called = name or _word(thing.role) or thing.table.rpartition(".")[2]
    one = len(columns) == 1 and bool(thing.path or name)
    return [(c, called if one or not column_name else column_name) for c, column_name in zip(columns, own, strict=True)]


def _name(output: intent.Item) -> str:  # noqa: PLR0911 - one case a node
    """What a column is called: dep_delay, average_dep_delay, count, month."""
    match output:
        case intent.Attr():
            return output.column
        case intent.Measure(share_of=intent.Measure()):
            return "share"
        case intent.Measure(fn="count" | "count_distinct"):
            return _word(output.name) or "count"
        case intent.Measure(name=name) if name:
            return _word(name)
        case intent.Measure(fn=fn, of=intent.Attr(column=of)):
            return _word(f"{_SHORT.get(fn, fn)} {of}")
        case intent.Tally(measure=measure):
            return _name(measure)
        case intent.Change(how=name) | intent.Bucket(grain=name) | intent.Part(part=name):
            return name
        case intent.Elapsed(unit=name):
            return f"{name}s"
        case _:
            return "value"


def _word(text: str) -> str:
    return "_".join(text.lower().replace("-", " ").split())


def _named(columns: list[tuple[exp.Expr, str]]) -> list[exp.Expr]:
    """Every column under a name of its own; one that has the name already keeps it without saying so."""
    taken: set[str] = set()
    named: list[exp.Expr] = []
    for tree, wanted in columns:
        name = next(n for k in count(1) if (n := wanted if k == 1 else f"{wanted}_{k}").lower() not in taken)
        taken.add(name.lower())
        plain = isinstance(tree, exp.Column) and tree.name == name
        named.append(tree if plain else exp.Alias(this=tree, alias=exp.to_identifier(name)))
    return named


def _keys(key: intent.Key, place: Place) -> list[exp.Expr]:
    return keys(key, place) if isinstance(key, intent.EntityKey) else [item(key, place)]


def _known(part: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=part, expression=exp.Null()))


def _groups(query: intent.Select, place: Place) -> list[exp.Expr]:
    """The keys, and what is shown of a thing beside its key: it is the same for all rows of the group."""
    group: list[exp.Expr] = []
    for key in query.group:
        group += _keys(key, place)
        if isinstance(key, intent.EntityKey):
            group += _more(group, [c for shown in label_columns(key, place) for c in shown.find_all(exp.Column)])
    if query.group:
        beside = [o.item for o in query.outputs] + [o.by for o in query.order]
        for found in beside:
            if isinstance(found, intent.Attr | intent.EntityKey) and found not in query.group:
                shown = label_columns(found, place) if isinstance(found, intent.EntityKey) else [item(found, place)]
                group += _more(group, [c for tree in shown for c in tree.find_all(exp.Column)])
    return group


def _more(group: list[exp.Expr], columns: list[exp.Column]) -> list[exp.Expr]:
    return [column.copy() for column in dict.fromkeys(columns) if column not in group]


def _ordered(order: intent.Order, place: Place) -> exp.Ordered:
    by = label_columns(order.by, place)[0] if isinstance(order.by, intent.EntityKey) else item(order.by, place)
    return exp.Ordered(this=by, desc=order.direction == "desc", nulls_first=False)


def _apart(query: intent.Select, shown: list[exp.Expr], told: list[exp.Expr], place: Place) -> list[exp.Ordered]:
    """Rows that tie, by the keys of their groups, else by what is shown: a limit takes the same ones each time."""
    keys = [part for key in query.group for part in _keys(key, place)]
    trees = keys or [tree for tree in shown if isinstance(tree, exp.Column)]
    return [exp.Ordered(this=tree.copy(), nulls_first=False) for tree in dict.fromkeys(trees) if tree not in told]


def _extreme(order: exp.Ordered) -> exp.Ordered:
    """Different rows in the order of something that is not shown: of each by its first."""
    first = exp.Max if order.args.get("desc") else exp.Min
    return exp.Ordered(this=first(this=order.this), desc=order.args.get("desc"), nulls_first=False)
