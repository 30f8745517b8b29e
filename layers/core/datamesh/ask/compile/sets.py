"""Set operations: of rows as they are shown, or of things by their key."""

from __future__ import annotations

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile.cut import Cut
from datamesh.ask.compile.scope import Nested, column
from datamesh.ask.intent.checks import first_side

__all__ = ["compile_set", "shown_by_label"]

_SET_OPS = {"intersect": exp.Intersect, "except": exp.Except, "union": exp.Union}


def compile_set(
    query: intent.SetOp, aliases: set[str], compile_: Nested, cut: Cut, *, by_key: bool
) -> exp.Select | exp.SetOperation:
    left, right = (_side(side, aliases, compile_, by_key=by_key) for side in (query.left, query.right))
    found = _SET_OPS[query.op](this=left, expression=right, distinct=not query.bag)
    if not query.order and query.limit is None:
        return found
    alias = exp.TableAlias(this=exp.to_identifier("combined"))
    names = found.named_selects
    outer = exp.Select().select(*[column("combined", name) for name in names], copy=False)
    outer = outer.from_(exp.Subquery(this=found, alias=alias), copy=False)
    return cut(outer, [_ordered(order, query, names) for order in query.order], query.limit, [])


def _side(query: intent.Query, aliases: set[str], compile_: Nested, *, by_key: bool) -> exp.Expr:
    """In brackets where it would not stand as one without."""
    tree = compile_(query, aliases, by_key)
    plain = isinstance(tree, exp.Select) and not (tree.args.get("order") or tree.args.get("limit"))
    return tree if plain else exp.Subquery(this=tree)


def _ordered(order: intent.Order, query: intent.SetOp, names: list[str]) -> exp.Ordered:
    at = [output.item for output in first_side(query).outputs].index(order.by)
    return exp.Ordered(this=column("combined", names[at]), desc=order.direction == "desc", nulls_first=False)


def shown_by_label(query: intent.SetOp) -> intent.Select:
    """The things whose key is in the set, each once, shown by what the left side shows them by."""
    shown = first_side(query).outputs[0].item
    if not isinstance(shown, intent.EntityKey):
        raise TypeError("a set by key is one of things")
    thing = shown.model_copy(update={"path": ()})
    order = tuple(o.model_copy(update={"by": thing}) for o in query.order)
    return intent.Select(
        subject=intent.Entity(table=thing.table),
        outputs=(intent.Output(item=thing),),
        where=intent.In(left=thing, query=query.model_copy(update={"order": (), "limit": None})),
        order=order,
        limit=query.limit,
    )
