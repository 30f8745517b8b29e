"""From an intent to one SELECT over mesh names, as a sqlglot tree that DuckDB and Athena can both be written from.

To-one paths become joins, what lies across a to-many edge becomes a semi-join: no row is ever counted twice. Values are
literals of the tree; no SQL text is put together here.
"""

from __future__ import annotations

from itertools import count

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.scope import Place, Scope, column
from datamesh.ask.terms import item, key_attrs, label_columns, pred

__all__ = ["compile_query"]

_SHORT = {"avg": "average", "sum": "total", "max": "maximum", "min": "minimum"}
_SET_OPS = {"intersect": exp.Intersect, "except": exp.Except, "union": exp.Union}


def compile_query(query: intent.Query) -> exp.Select | exp.SetOperation:
    """The statement that computes `query`, its columns named as a reader would call them."""
    return _compile(query, set())


def _compile(query: intent.Query, aliases: set[str]) -> exp.Select | exp.SetOperation:
    if isinstance(query, intent.Select):
        return _select(query, aliases)
    left, right = _compile(query.left, aliases), _compile(query.right, aliases)
    return _SET_OPS[query.op](this=left, expression=right, distinct=True)


def _select(query: intent.Select, aliases: set[str]) -> exp.Select:
    place = Place(Scope(query.subject.table, aliases, _compile))
    outputs = _named([column for output in query.outputs for column in _shown(output.item, place)])
    wanted = [pred(query.where, place)] if query.where else []
    if query.limit:  # "which has the most" asks for something that there is: what is missing never wins
        wanted += [_known(part) for key in query.group for part in _keys(key, place)]
    group = [part for key in query.group for part in _group(key, place)]
    having = pred(query.having, place) if query.having else None
    order = [_ordered(order, place) for order in query.order]
    per = [part for key in (query.limit.per if query.limit else ()) for part in _group(key, place)]
    select = place.scope.select(*outputs)
    if wanted:
        select.where(*wanted, copy=False)
    if group:
        select.group_by(*group, copy=False)
    if having is not None:
        select.having(having, copy=False)
    if query.distinct:
        select.distinct(copy=False)
    return _cut(select, order, query.limit, per)


def _shown(output: intent.Item, place: Place) -> list[tuple[exp.Expr, str]]:
    """The columns of one output, each with the name it wants."""
    match output:
        case intent.AllColumns():
            alias = place.at(output.path)
            return [(column(alias, name), name) for name in output.columns]
        case intent.EntityKey():
            columns = label_columns(output, place)
            wanted = [c.name if isinstance(c, exp.Column) else "" for c in columns]
            thing = _word(output.role) or output.table.rpartition(".")[2]
            one = len(columns) == 1 and output.path
            return [(c, thing if one or not name else name) for c, name in zip(columns, wanted, strict=True)]
        case _:
            return [(item(output, place), _name(output))]


def _name(output: intent.Item) -> str:
    """What a column is called: dep_delay, average_dep_delay, count, month."""
    match output:
        case intent.Attr():
            return output.column
        case intent.Measure(fn="count" | "count_distinct"):
            return _word(output.name) or "count"
        case intent.Measure(name=name) if name:
            return _word(name)
        case intent.Measure(fn=fn, of=intent.Attr(column=of)):
            return _word(f"{_SHORT.get(fn, fn)} {of}")
        case intent.Bucket(grain=name) | intent.Part(part=name):
            return name
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
    return [item(attr, place) for attr in key_attrs(key)] if isinstance(key, intent.EntityKey) else [item(key, place)]


def _known(part: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=part, expression=exp.Null()))


def _group(key: intent.Key, place: Place) -> list[exp.Expr]:
    keys = _keys(key, place)
    if not isinstance(key, intent.EntityKey):
        return keys
    labels = [found for shown in label_columns(key, place) for found in shown.find_all(exp.Column)]
    return keys + [label.copy() for label in labels if label not in keys]


def _ordered(order: intent.Order, place: Place) -> exp.Ordered:
    by = label_columns(order.by, place)[0] if isinstance(order.by, intent.EntityKey) else item(order.by, place)
    return exp.Ordered(this=by, desc=order.direction == "desc", nulls_first=False)


def _cut(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit | None, per: list[exp.Expr]) -> exp.Select:
    if limit and (limit.ties == "all" or per):
        return _ranked(select, order, limit, per)
    if order:
        select.order_by(*order, copy=False)
    return select.limit(limit.n, copy=False) if limit else select


def _ranked(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit, per: list[exp.Expr]) -> exp.Select:
    """With ties, or so many of each group: ranked first, then cut."""
    names = [column.alias_or_name for column in select.expressions]
    place = exp.Window(
        this=exp.Rank() if limit.ties == "all" else exp.RowNumber(),
        partition_by=per,
        order=exp.Order(expressions=order),
    )
    select.select(exp.Alias(this=place, alias=exp.to_identifier("place")), copy=False)
    return (
        exp.Select()
        .select(*[exp.column(exp.to_identifier(name)) for name in names], copy=False)
        .from_(exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier("ranked"))), copy=False)
        .where(exp.LTE(this=exp.column("place"), expression=exp.Literal.number(limit.n)), copy=False)
        .order_by(exp.column("place"), copy=False)
    )
