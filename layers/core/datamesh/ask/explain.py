"""An intent in one sentence: what was computed, of which rows, for each of what, in which order."""

from __future__ import annotations

from collections.abc import Mapping

from datamesh.ask import intent
from datamesh.ask.words import plural, singular, soft

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
_COUNTED = {"=": "exactly", "<>": "not", "<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
_SET_OPS = {"intersect": "that are also among", "except": "but not", "union": "together with"}


def explain(query: intent.Query, labels: Mapping[str, str]) -> str:
    """One sentence in the contract's words; `labels` says what the rows of a table are called (in the plural)."""
    text = _Words(labels).query(query)
    return f"{text[0].upper()}{text[1:]}."


class _Words:
    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels

    def query(self, query: intent.Query) -> str:
        if isinstance(query, intent.SetOp):
            return f"{self.query(query.left)} {_SET_OPS[query.op]} {self.query(query.right)}"
        parts = [self.grouped(query) if query.group else self.listed(query)]
        if query.having:
            parts.append(f"with {self.having(query.having, query.subject.table)}")
        parts.append(self.order(query))
        return "".join(
            part if part.startswith((",", ";")) or n == 0 else f" {part}" for n, part in enumerate(parts) if part
        )

    def rows(self, table: str) -> str:
        return plural(soft(self.labels.get(table, table.rpartition(".")[2])))

    def one(self, table: str) -> str:
        return singular(self.rows(table))

    def where(self, query: intent.Select) -> str:
        return f", where {self.pred(query.where)}" if query.where else ""

    def grouped(self, query: intent.Select) -> str:
        keys = _and([self.key(key) for key in query.group])
        numbers = [o.item for o in query.outputs if isinstance(o.item, intent.Measure | intent.Calc)]
        if numbers:
            shown = _and([self.item(number, query.subject.table) for number in numbers])
            return f"{shown} for each {keys}{self.where(query)}"
        return f"{keys} of {self.rows(query.subject.table)}{self.where(query)}"

    def listed(self, query: intent.Select) -> str:
        table = query.subject.table
        items = [o.item for o in query.outputs]
        if any(isinstance(item, intent.Measure | intent.Calc) for item in items):
            return _and([self.item(item, table) for item in items]) + self.where(query)
        different = "the different " if query.distinct else ""
        return f"{different}{_and([self.item(item, table) for item in items])} of {self.rows(table)}{self.where(query)}"

    def order(self, query: intent.Select) -> str:
        if not query.order:
            return ""
        keys = _and([self.item(order.by, query.subject.table) for order in query.order])
        end = "highest" if query.order[0].direction == "desc" else "lowest"
        if query.limit is None:
            return f", ordered by {keys}, {end} first"
        if query.limit.n > 1:
            return f"; the {query.limit.n} with the {end} {keys}"
        return f"; {'all' if query.limit.ties == 'all' else 'one'} with the {end} {keys}"

    def key(self, key: intent.Key) -> str:
        if isinstance(key, intent.EntityKey):
            return soft(key.role) or self.one(key.table)
        return self.item(key)

    def item(self, item: intent.Item | intent.Operand, table: str = "") -> str:  # noqa: PLR0911 - one case a node
        match item:
            case intent.Attr():
                return self.attr(item)
            case intent.Part():
                return f"{item.part} of the {self.attr(item.of)}"
            case intent.Bucket():
                return f"{item.grain} of the {self.attr(item.of)}"
            case intent.EntityKey():
                return self.key(item)
            case intent.AllColumns():
                return "all that is known"
            case intent.Measure():
                return self.measure(item, table)
            case intent.Calc():
                return f"{self.item(item.left, table)} {item.op} {self.item(item.right, table)}"
            case intent.Value():
                return _value(item)
            case _:
                return f"({self.query(item.query)})"

    def attr(self, attr: intent.Attr) -> str:
        """Whose it is only where its own name does not say so."""
        label = soft(attr.label or attr.column.replace("_", " "))
        if not attr.path:
            return label
        owner = soft(attr.path[-1].role) or self.one(attr.path[-1].to)
        return label if label.startswith(owner.split()[0]) else f"{label} of the {owner}"

    def measure(self, item: intent.Measure, table: str) -> str:
        rows = self.rows(table) if table else "rows"
        if item.fn == "contract":
            name = soft(item.name)
            return name if name.endswith(rows) else f"{name} of {rows}"
        if item.of is None:
            return f"number of {rows}"
        of = self.item(item.of)
        if item.fn in ("count", "count_distinct"):
            return (
                f"number of different {of} values" if isinstance(item.of, intent.Attr) else f"number of different {of}s"
            )
        return f"{_FUNCTIONS[item.fn]} {of} of {rows}"

    def having(self, pred: intent.Pred, table: str) -> str:
        if isinstance(pred, intent.Cmp) and isinstance(pred.left, intent.Measure) and pred.left.of is None:
            return f"{_COUNTED[pred.op]} {self.item(pred.right)} {self.rows(table)}"
        return self.pred(pred)

    def pred(self, pred: intent.Pred) -> str:  # noqa: C901, PLR0911 - one case a node
        match pred:
            case intent.And():
                return " and ".join(self.pred(part) for part in pred.preds)
            case intent.Or():
                return "(" + " or ".join(self.pred(part) for part in pred.preds) + ")"
            case intent.Not(pred=intent.Missing(of=of)):
                return f"{self.attr(of)} has a value"
            case intent.Not(pred=intent.Exists() as there):
                return f"there are no {self.there(there)}"
            case intent.Not(pred=inner):
                return f"not ({self.pred(inner)})"
            case intent.Cmp():
                return f"{self.item(pred.left)} {_OPS[pred.op]} {self.item(pred.right)}"
            case intent.In():
                return f"{self.item(pred.left)} is {self.among(pred)}"
            case intent.Between():
                return f"{self.item(pred.left)} is between {_value(pred.low)} and {_value(pred.high)}"
            case intent.Within():
                return f"{self.attr(pred.of)} is {pred.label}"
            case intent.Text():
                how = {"contains": "contains", "starts": "starts with", "ends": "ends with"}[pred.how]
                return f"{self.attr(pred.of)} {how} '{pred.value}'"
            case intent.Missing():
                return f"{self.attr(pred.of)} is missing"
            case intent.Exists():
                return f"there are {self.there(pred)}"

    def among(self, pred: intent.In) -> str:
        query = pred.query
        if query is None:
            return " or ".join(map(_value, pred.values))
        if not (isinstance(query, intent.Select) and query.order and query.limit):
            return f"among ({self.query(query)})"
        keys = _and([self.item(order.by, query.subject.table) for order in query.order])
        end = "highest" if query.order[0].direction == "desc" else "lowest"
        one = "the one" if query.limit.n == 1 else f"one of the {query.limit.n}"
        where = f" (where {self.pred(query.where)})" if query.where else ""
        return f"{'one of those' if query.limit.ties == 'all' else one} with the {end} {keys}{where}"

    def there(self, pred: intent.Exists) -> str:
        many = f"{_COUNTED[pred.count.op]} {pred.count.n} " if pred.count else ""
        role = next((edge.role for edge in pred.path if edge.role), "")
        by = f" (by {soft(role)})" if role else ""
        where = f" whose {self.pred(pred.where)}" if pred.where else ""
        return f"{many}{self.rows(pred.path[-1].to)}{by}{where}"


def _and(parts: list[str]) -> str:
    parts = list(dict.fromkeys(parts))
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _value(value: intent.Value) -> str:
    if value.label:
        return value.label
    return f"{value.value:g}" if isinstance(value.value, float) else str(value.value)
