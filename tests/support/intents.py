"""Intents of any shape over the shop's orders and customers, for tests that hold for all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from datamesh.ask.intent import (
    And,
    Any_,
    Attr,
    Between,
    Bucket,
    Calc,
    Change,
    Cmp,
    CountOf,
    Edge,
    Elapsed,
    Entity,
    EntityKey,
    Every,
    Exists,
    In,
    Item,
    Key,
    Limit,
    Measure,
    Missing,
    Not,
    Or,
    Order,
    Output,
    Part,
    Path,
    Pred,
    Query,
    Scalar,
    Select,
    SetOp,
    Tally,
    Text,
    Value,
    Within,
)

__all__ = ["queries"]

_CUSTOMER = Edge(to="crm.customers", columns=("customer_id",), to_columns=("customer_id",))
_PRODUCT = Edge(to="catalog.products", columns=("product_id",), to_columns=("product_id",))
_ORDERS = Edge(to="sales.orders", columns=("customer_id",), to_columns=("customer_id",), cardinality="to_many")
_SHIPMENTS = Edge(to="logistics.shipments", columns=("order_id",), to_columns=("order_id",), cardinality="to_many")

# Of each subject: the ways to one and to many, and the columns at the end of each.
_TO_ONE: dict[str, list[Path]] = {"sales.orders": [(), (_CUSTOMER,), (_PRODUCT,)], "crm.customers": [()]}
_TO_MANY: dict[str, list[Path]] = {
    "sales.orders": [(_SHIPMENTS,), (_CUSTOMER, _ORDERS)],
    "crm.customers": [(_ORDERS,), (_ORDERS, _SHIPMENTS)],
}
_TEXTS = {
    "sales.orders": ["order_status"],
    "crm.customers": ["customer_name", "country"],
    "catalog.products": ["brand"],
}
_NUMBERS = {
    "sales.orders": ["amount", "quantity"],
    "catalog.products": ["list_price", "weight"],
    "logistics.shipments": ["distance", "hours_late"],
}
_DATES = {"sales.orders": ["ordered_on"], "crm.customers": ["birth_date"]}
_KEYS = {"sales.orders": ("order_id", "order_id"), "crm.customers": ("customer_id", "customer_name")}
_OPS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_DAYS = st.dates().map(str)


def _of(table: str, kind: str, columns: dict[str, list[str]], paths: list[Path]) -> list[Attr]:
    found: list[Any] = []
    for path in paths:
        end = path[-1].to if path else table
        found += [Attr(column=name, kind=kind, path=path) for name in columns.get(end, [])]
    return found


def _attrs(table: str, kind: str) -> st.SearchStrategy[Attr]:
    columns = {"text": _TEXTS, "number": _NUMBERS, "date": _DATES}[kind]
    return st.sampled_from(_of(table, kind, columns, _TO_ONE.get(table, [()])))


def _values() -> st.SearchStrategy[Value]:
    number = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6).map(lambda value: round(value, 3)))
    return number.map(lambda value: Value(value=value, kind="number"))


def _words() -> st.SearchStrategy[str]:
    """What somebody may type: quotes, signs of LIKE and letters of any script, but nothing that has no shape."""
    return st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P")) | st.just(" "), min_size=1, max_size=8
    ).filter(str.isprintable)


def _number(table: str) -> st.SearchStrategy[Item]:
    """A number of each row."""
    plain: st.SearchStrategy[Any] = _attrs(table, "number") if table == "sales.orders" else _tallies(table)
    calc = st.builds(Calc, op=st.sampled_from(["+", "-", "*", "/"]), left=plain, right=st.one_of(plain, _values()))
    day = st.builds(Value, value=_DAYS, kind=st.just("date"))
    elapsed = st.builds(Elapsed, start=_attrs(table, "date"), end=day, unit=st.sampled_from(["day", "year"]))
    part = st.builds(Part, of=_attrs(table, "date"), part=st.sampled_from(["year", "month", "weekday", "week"]))
    return st.one_of(plain, calc, elapsed, part)


@st.composite
def _tallies(draw: st.DrawFn, table: str) -> Tally:
    path = draw(st.sampled_from(_TO_MANY[table]))
    fn = draw(st.sampled_from(["sum", "avg", "min", "max", "median"]))
    of = Attr(column=draw(st.sampled_from(_NUMBERS[path[-1].to])), kind="number")
    return Tally(path=path, measure=draw(st.sampled_from([Measure(fn="count"), Measure(fn=fn, of=of)])))


def _measures(table: str) -> st.SearchStrategy[Item]:
    where = st.one_of(st.none(), _preds(table, 0))
    count = st.builds(Measure, fn=st.just("count"), where=where)
    over = st.builds(
        Measure, fn=st.sampled_from(["sum", "avg", "min", "max", "median"]), of=_number(table), where=where
    )
    different = st.builds(Measure, fn=st.just("count_distinct"), of=_attrs(table, "text"))
    share = st.builds(Measure, fn=st.just("count"), where=where, share_of=st.just(Measure(fn="count", over="all")))
    how = st.sampled_from(["difference", "ratio", "growth"])
    change = st.builds(
        Change, measure=st.just(Measure(fn="count")), how=how, now=_preds(table, 0), before=_preds(table, 0)
    )
    return st.one_of(count, over, different, share, change)


def _preds(table: str, depth: int) -> st.SearchStrategy[Pred]:
    text, date = _attrs(table, "text"), _attrs(table, "date")
    leaves: list[st.SearchStrategy[Any]] = [
        st.builds(Cmp, left=_number(table), op=_OPS, right=st.one_of(_values(), _number(table))),
        st.builds(Cmp, left=text, op=_OPS, right=st.builds(Value, value=_words())),
        st.builds(Between, left=_number(table), low=_values(), high=_values()),
        st.builds(In, left=text, values=st.lists(st.builds(Value, value=_words()), min_size=1, max_size=3).map(tuple)),
        st.builds(Text, of=text, how=st.sampled_from(["contains", "starts", "ends", "word"]), value=_words()),
        st.builds(Within, of=date, start=_DAYS, end=st.one_of(st.none(), _DAYS)),
        st.builds(Missing, of=st.one_of(text, date)),
    ]
    if not depth:
        return st.one_of(leaves)
    inner = _preds(table, depth - 1)
    many = st.lists(inner, min_size=1, max_size=2).map(tuple)
    mean = st.builds(_select, st.just(table), st.tuples(st.builds(Measure, fn=st.just("avg"), of=_number(table))))
    column = st.builds(_select, st.just(table), st.tuples(_number(table)))
    nested = st.one_of(st.builds(Scalar, query=mean), st.builds(Every, query=column), st.builds(Any_, query=column))
    same = st.builds(_select, st.just(table), st.tuples(text))
    branches: list[st.SearchStrategy[Any]] = [
        st.builds(And, preds=many),
        st.builds(Or, preds=many),
        st.builds(Not, pred=inner),
        st.builds(Cmp, left=_number(table), op=_OPS, right=nested),
        st.builds(In, left=text, query=same),
        _exists(table, depth),
    ]
    return st.one_of(*leaves, *branches)


@st.composite
def _exists(draw: st.DrawFn, table: str, depth: int) -> Exists:
    path = draw(st.sampled_from(_TO_MANY[table]))
    end = path[-1].to
    where = draw(st.one_of(st.none(), _preds(end, depth - 1))) if end in _TO_MANY else None
    count = st.builds(CountOf, op=_OPS, n=st.integers(0, 5), of=st.none())
    return Exists(path=path, where=where, count=draw(st.one_of(st.none(), count)))


def _select(table: str, items: tuple[Item, ...]) -> Select:
    return Select(subject=Entity(table=table), outputs=tuple(Output(item=item) for item in items))


def _things(table: str) -> st.SearchStrategy[Key]:
    things = []
    for path in _TO_ONE[table]:
        end = path[-1].to if path else table
        if end in _KEYS:
            key, label = _KEYS[end]
            kinds = {"table": end, "path": path, "keys": (key,), "labels": (label,), "key_kind": "number"}
            things += [EntityKey.model_validate({**kinds, "optional": optional}) for optional in (False, bool(path))]
    bucket = st.builds(Bucket, of=_attrs(table, "date"), grain=st.sampled_from(["year", "month", "day"]))
    return st.one_of(st.sampled_from(things), _attrs(table, "text"), bucket)


@st.composite
def selects(draw: st.DrawFn) -> Select:
    """Rows, groups or numbers of one table, restricted, ordered and cut."""
    table = draw(st.sampled_from(sorted(_TO_ONE)))
    grouped = draw(st.booleans())
    keys = draw(st.lists(_things(table), min_size=1, max_size=2, unique=True)) if grouped else []
    measures = draw(st.lists(_measures(table), min_size=0 if keys else 1, max_size=2))
    rows = st.one_of(_things(table), _number(table))
    items: list[Item] = (
        [*keys, *measures] if grouped else draw(st.one_of(st.just(measures), st.lists(rows, min_size=1, max_size=3)))
    )
    by = draw(st.lists(st.sampled_from(items), max_size=2, unique=True))
    order = tuple(Order(by=item, direction=draw(st.sampled_from(["asc", "desc"]))) for item in by)
    of_each: bool = draw(st.booleans())
    per = tuple(keys[:1]) if order and of_each else ()
    limit = Limit(n=draw(st.integers(1, 4)), ties=draw(st.sampled_from(["one", "all"] if order else ["one"])), per=per)
    try:
        return Select(
            subject=Entity(table=table),
            outputs=tuple(Output(item=item) for item in items),
            where=draw(st.one_of(st.none(), _preds(table, 1))),
            group=tuple(keys),
            having=draw(
                st.one_of(
                    st.none(), st.just(Cmp(left=Measure(fn="count"), op=">", right=Value(value=1, kind="number")))
                )
            )
            if grouped
            else None,
            order=order,
            limit=draw(st.one_of(st.none(), st.just(limit))),
            distinct=draw(st.booleans()) and not grouped and not measures,
        )
    except ValidationError:
        assume(False)
        raise


@st.composite
def _sets(draw: st.DrawFn) -> SetOp:
    table = draw(st.sampled_from(sorted(_TO_ONE)))
    by = draw(st.sampled_from(["row", "key"]))
    key, label = _KEYS[table]
    thing = EntityKey(table=table, keys=(key,), labels=(label,), key_kind="number")
    item: Item = thing if by == "key" else draw(_attrs(table, "text"))
    left, right = (
        _select(table, (item,)).model_copy(update={"where": draw(_preds(table, 1))}) for _ in ("left", "right")
    )
    op = draw(st.sampled_from(["intersect", "except", "union"]))
    ordered: bool = draw(st.booleans())
    order = (Order(by=item),) if ordered else ()
    return SetOp.model_validate({"op": op, "left": left, "right": right, "by": by, "order": order})


def queries() -> st.SearchStrategy[Query]:
    """Selects and sets of them."""
    return st.one_of(selects(), _sets())
