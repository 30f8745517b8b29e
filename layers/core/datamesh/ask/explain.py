"""An intent in one sentence: what was computed, of what, for which rows, in which order."""

from __future__ import annotations

from collections.abc import Mapping

from datamesh.ask import intent

__all__ = ["explain"]

_FUNCTIONS = {"sum": "total", "avg": "average", "min": "lowest", "max": "highest", "median": "median"}
_OPS = {
    "=": "is",
    "<>": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
Labels = Mapping[str, str]  # table to what its rows are called


def explain(query: intent.Query, labels: Labels) -> str:
    """One sentence without technical names; `labels` says what a table's rows are called."""
    if isinstance(query, intent.SetOp):
        word = {"intersect": "that are also in", "except": "without", "union": "together with"}[query.op]
        return f"{explain(query.left, labels).rstrip('.')} {word}: {explain(query.right, labels)}"
    text = _shown(query, labels)
    if query.group:
        text += f" for each {_and([_key(key, labels) for key in query.group])}"
    if query.where:
        text += f", where {_pred(query.where, labels)}"
    if query.having:
        text += f", if {_pred(query.having, labels)}"
    text += _ordered(query, labels)
    return f"{text[0].upper()}{text[1:]}."


def _shown(query: intent.Select, labels: Labels) -> str:
    keys = set(query.group)
    items = [o.item for o in query.outputs if o.item not in keys] or [o.item for o in query.outputs]
    if query.group and all(item in keys for item in items):
        items = []
    rows = _rows(query.subject.table, labels)
    shown = [_item(item, labels, rows) for item in items]
    text = _and(shown) if shown else _and([_key(key, labels) for key in query.group])
    if not any(isinstance(item, intent.Measure) for item in items):
        text = f"{'the different ' if query.distinct else ''}{text} of {rows}"
    return text if shown or not query.group else f"{_and([_key(k, labels) for k in query.group])} of {rows}"


def _rows(table: str, labels: Labels) -> str:
    return labels.get(table, table).lower()


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _item(item: intent.Item | intent.Operand, labels: Labels, rows: str = "") -> str:
    match item:
        case intent.Attr():
            name = (item.label or item.column).lower()
            return f"{_rows(item.path[-1].to, labels)}' {name}" if item.path else name
        case intent.Part():
            return f"{item.part} of {_item(item.of, labels)}"
        case intent.Bucket():
            return f"{item.grain} of {_item(item.of, labels)}"
        case intent.EntityKey():
            return _key(item, labels)
        case intent.AllColumns():
            return "all that is known"
        case intent.Measure():
            return _measure(item, labels, rows)
        case intent.Calc():
            return f"{_item(item.left, labels)} {item.op} {_item(item.right, labels)}"
        case intent.Value():
            return _value(item)
        case _:
            return f"({explain(item.query, labels).rstrip('.')})"


def _measure(item: intent.Measure, labels: Labels, rows: str) -> str:
    if item.fn == "contract":
        return f"{item.name.lower()} of {rows}"
    if item.of is None:
        return f"number of {rows}"
    of = _item(item.of, labels)
    if item.fn in ("count", "count_distinct"):
        return f"number of different {of}"
    return f"{_FUNCTIONS[item.fn]} {of} of {rows}"


def _key(key: intent.Key | intent.Item, labels: Labels) -> str:
    if isinstance(key, intent.EntityKey):
        return key.role.lower().replace("_", " ") or _rows(key.table, labels)
    return _item(key, labels)


def _value(value: intent.Value) -> str:
    if value.label:
        return value.label
    if isinstance(value.value, float) and value.value.is_integer():
        return f"{value.value:g}"
    return str(value.value)


def _pred(pred: intent.Pred, labels: Labels) -> str:
    match pred:
        case intent.And():
            return " and ".join(_pred(part, labels) for part in pred.preds)
        case intent.Or():
            return "(" + " or ".join(_pred(part, labels) for part in pred.preds) + ")"
        case intent.Not(pred=intent.Missing(of=of)):
            return f"{_item(of, labels)} has a value"
        case intent.Not(pred=intent.Exists() as there):
            return f"there are no {_there(there, labels)}"
        case intent.Not(pred=inner):
            return f"not {_pred(inner, labels)}"
        case intent.Cmp():
            return f"{_item(pred.left, labels, 'rows')} {_OPS[pred.op]} {_item(pred.right, labels)}"
        case intent.In(query=None):
            return f"{_item(pred.left, labels)} is {' or '.join(_value(value) for value in pred.values)}"
        case intent.In():
            return f"{_item(pred.left, labels)} is one of {explain(pred.query, labels) if pred.query else ''}".rstrip(
                "."
            )
        case intent.Between():
            return f"{_item(pred.left, labels)} is between {_value(pred.low)} and {_value(pred.high)}"
        case intent.Within():
            return f"{_item(pred.of, labels)} is {pred.label}"
        case intent.Text():
            how = {"contains": "contains", "starts": "starts with", "ends": "ends with"}[pred.how]
            return f"{_item(pred.of, labels)} {how} '{pred.value}'"
        case intent.Missing():
            return f"{_item(pred.of, labels)} is missing"
        case intent.Exists():
            return f"there are {_there(pred, labels)}"


def _there(pred: intent.Exists, labels: Labels) -> str:
    rows = _rows(pred.path[-1].to, labels)
    many = f"{_OPS[pred.count.op].removeprefix('is ')} {pred.count.n} " if pred.count else ""
    return f"{many}{rows}" + (f" whose {_pred(pred.where, labels)}" if pred.where else "")


def _ordered(query: intent.Select, labels: Labels) -> str:
    if not query.order:
        return ""
    rows = _rows(query.subject.table, labels)
    keys = _and([_item(o.by, labels, rows) for o in query.order])
    first = "highest" if query.order[0].direction == "desc" else "lowest"
    if query.limit is None:
        return f", by {keys}, {first} first"
    if query.limit.n == 1:
        return f"; the one with the {first} {keys}" if query.limit.ties == "one" else f"; those with the {first} {keys}"
    return f"; the {query.limit.n} with the {first} {keys}"
