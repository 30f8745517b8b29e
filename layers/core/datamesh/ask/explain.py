"""An intent in one sentence: what was computed, of which rows, for each of what, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from datamesh.ask import intent
from datamesh.ask.names.words import plural, singular, soft

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
_TEXTS = {"contains": "contains", "starts": "starts with", "ends": "ends with", "word": "has the word"}
_CHANGES = {"difference": "difference in", "ratio": "ratio of", "growth": "growth of"}


def explain(query: intent.Query, label: Callable[[str], str]) -> str:
    """One sentence in the contract's words; `label` says what the rows of a table are called (in the plural)."""
    text = _Words(label).query(query)
    return f"{text[0].upper()}{text[1:]}."


class _Words:
    def __init__(self, label: Callable[[str], str]) -> None:
        self.label = label

    def query(self, query: intent.Query) -> str:
        if isinstance(query, intent.SetOp):
            both = f"{self.query(query.left)} {_SET_OPS[query.op]} {self.query(query.right)}"
            return both + self.ordered(query.order, query.limit)
        parts = [self.grouped(query) if query.group else self.listed(query)]
        if query.having:
            parts.append(f"with {self.having(query.having, query.subject.table)}")
        parts.append(self.order(query))
        return "".join(
            part if part.startswith((",", ";")) or n == 0 else f" {part}" for n, part in enumerate(parts) if part
        )

    def of(self, subject: intent.Entity) -> str:
        """What the subject's rows are: orders, or what a query gives."""
        rows = self.rows(subject.table)
        return f"({self.query(subject.rows)})" if subject.rows else rows

    def rows(self, table: str) -> str:
        return plural(soft(self.label(table)))

    def one(self, table: str) -> str:
        return singular(self.rows(table))

    def where(self, query: intent.Select) -> str:
        return f", where {self.pred(query.where)}" if query.where else ""

    def grouped(self, query: intent.Select) -> str:
        keys = _and([self.key(key) for key in query.group])
        items = [o.item for o in query.outputs]
        numbers = [item for item in items if _number(item)]
        beside = [item for item in items if item not in query.group and not _number(item)]
        shown = f", with {_and([self.item(item) for item in beside])}" if beside else ""
        if numbers:
            return f"{self.numbers(numbers, query.subject)} for each {keys}{shown}{self.where(query)}"
        return f"{keys} of {self.of(query.subject)}{shown}{self.where(query)}"

    def numbers(self, items: Sequence[intent.Item], subject: intent.Entity) -> str:
        """Numbers over the subject's rows; where a query gives the rows, it is told once, behind."""
        if subject.rows:
            return f"{_and([self.item(item) for item in items])} of {self.of(subject)}"
        return _and([self.item(item, subject.table) for item in items])

    def listed(self, query: intent.Select) -> str:
        items = [o.item for o in query.outputs]
        if any(_number(item) for item in items):
            return self.numbers(items, query.subject) + self.where(query)
        different = "the different " if query.distinct else ""
        shown = _and([self.item(item, query.subject.table) for item in items])
        return f"{different}{shown} of {self.of(query.subject)}{self.where(query)}"

    def order(self, query: intent.Select) -> str:
        return self.ordered(query.order, query.limit, query.subject.table)

    def ordered(self, order: tuple[intent.Order, ...], limit: intent.Limit | None, table: str = "") -> str:
        if not order:
            return f"; the first {limit.n} that come" if limit else ""
        keys = _and([self.item(part.by, table) for part in order])
        end = "highest" if order[0].direction == "desc" else "lowest"
        if limit is None:
            return f", ordered by {keys}, {end} first"
        many = f"the {limit.n}" if limit.n > 1 else "all" if limit.ties == "all" else "one"
        each = f" of each {_and([self.key(key) for key in limit.per])}" if limit.per else ""
        after = f", after the first {limit.skip if limit.skip > 1 else 'one'}" if limit.skip else ""
        return f"; {many} with the {end} {keys}{each}{after}"

    def key(self, key: intent.Key) -> str:
        if isinstance(key, intent.EntityKey):
            return soft(key.role) or self.one(key.table)
        return self.item(key)

    def item(self, item: intent.Item | intent.Operand, table: str = "") -> str:  # noqa: C901, PLR0911, PLR0912 - one case a node
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
            case intent.Tally():
                near = next((edge for edge in item.path[:1] if not edge.many), None)
                of = f" of the {self.one(near.to)}" if near else ""
                return f"{self.measure(item.measure, item.path[-1].to)}{of}"
            case intent.Change():
                return self.change(item, table)
            case intent.Elapsed(end=intent.Value() as day):
                return f"{item.unit}s from {self.item(item.start)} to {day.value}"
            case intent.Elapsed():
                return f"{item.unit}s from {self.item(item.start)} to {self.item(item.end)}"
            case intent.Calc(
                op="*", left=intent.Measure(share_of=intent.Measure()) as share, right=intent.Value(value=100)
            ):
                return f"{self.measure(share, table)} in percent"
            case intent.Calc():
                return f"{self.operand(item.left, table)} {item.op} {self.operand(item.right, table)}"
            case intent.Value():
                return _value(item)
            case intent.Every():
                return f"every one of ({self.query(item.query)})"
            case intent.Any_():
                return f"some of ({self.query(item.query)})"
            case intent.Scalar():
                return f"({self.query(item.query)})"

    def operand(self, item: intent.Item, table: str) -> str:
        text = self.item(item, table)
        return f"({text})" if isinstance(item, intent.Calc | intent.Change) else text

    def change(self, item: intent.Change, table: str) -> str:
        what = f"{_CHANGES[item.how]} {self.measure(item.measure, table)}"
        if item.along:
            along = item.along
            key = along.grain if isinstance(along, intent.Bucket) else self.key(along)
            return f"{what} to the {key} before"
        now, before = (self.pred(side) if side else "" for side in (item.now, item.before))
        return f"{what} where {now} against where {before}"

    def attr(self, attr: intent.Attr) -> str:
        """Whose it is only where its own name does not say so."""
        label = soft(attr.label or attr.column.replace("_", " "))
        if not attr.path:
            return label
        owner = soft(attr.path[-1].role) or self.one(attr.path[-1].to)
        return label if label.startswith(owner.split()[0]) else f"{label} of the {owner}"

    def measure(self, item: intent.Measure, table: str) -> str:
        text = self.number(item, table)
        if item.where:
            text += f" where {self.pred(item.where)}"
        if item.over == "all":
            text += " of all groups"
        return f"{text} as a share of the {self.measure(item.share_of, table)}" if item.share_of else text

    def number(self, item: intent.Measure, table: str) -> str:
        rows = self.rows(table) if table else "rows"
        if item.fn == "contract":
            name = soft(item.name)
            return name if name.endswith(rows) else f"{name} of {rows}"
        if item.of is None:
            return f"number of {rows}"
        of = self.item(item.of)
        if item.fn == "count_distinct" and not isinstance(item.of, intent.Attr):
            return f"number of different {plural(of)}"
        if item.fn in ("count", "count_distinct"):
            return f"number of different {of} values" if item.fn == "count_distinct" else f"number of {of} values"
        return f"{_FUNCTIONS[item.fn]} {f'({of})' if isinstance(item.of, intent.Calc) else of} of {rows}"

    def having(self, pred: intent.Pred, table: str) -> str:
        if isinstance(pred, intent.Cmp) and isinstance(pred.left, intent.Measure) and pred.left.of is None:
            return f"{_COUNTED[pred.op]} {self.item(pred.right)} {self.rows(table)}"
        if isinstance(pred, intent.Cmp):
            return f"{self.item(pred.left, table)} that {_OPS[pred.op]} {self.item(pred.right, table)}"
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
                return f"there are {'not' if there.count else 'no'} {self.there(there)}"
            case intent.Not(pred=inner):
                return f"not ({self.pred(inner)})"
            case intent.Cmp():
                return f"{self.item(pred.left)} {_OPS[pred.op]} {self.item(pred.right)}"
            case intent.In():
                return f"{self.item(pred.left)} is {self.among(pred)}"
            case intent.Between():
                return f"{self.item(pred.left)} is between {_value(pred.low)} and {_value(pred.high)}"
            case intent.Within():
                return f"{self.attr(pred.of)} is {pred.label or _period(pred)}"
            case intent.Text():
                return f"{self.attr(pred.of)} {_TEXTS[pred.how]} '{pred.value}'"
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
        keys = keys.removeprefix(f"{end} ")  # the highest of each, and of these the highest
        return f"{'one of those' if query.limit.ties == 'all' else one} with the {end} {keys}{where}"

    def there(self, pred: intent.Exists) -> str:
        many = f"{_COUNTED[pred.count.op]} {pred.count.n} " if pred.count else ""
        if pred.count and pred.count.of:
            many += f"different {plural(self.item(pred.count.of))} among the "
        role = next((edge.role for edge in pred.path if edge.role), "")
        by = f" (by {soft(role)})" if role else ""
        where = f" whose {self.pred(pred.where)}" if pred.where else ""
        return f"{many}{self.rows(pred.path[-1].to)}{by}{where}"


def _number(item: intent.Item) -> bool:
    """Whether it is a number over rows, or made of one."""
    if isinstance(item, intent.Calc):
        return _number(item.left) or _number(item.right)
    return isinstance(item, intent.Measure | intent.Change)


def _and(parts: list[str]) -> str:
    parts = list(dict.fromkeys(parts))
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _period(within: intent.Within) -> str:
    """A period that nobody named."""
    ends = (f"on or after {within.start}" if within.start else "", f"before {within.end}" if within.end else "")
    return " and ".join(end for end in ends if end)


def _value(value: intent.Value) -> str:
    if value.label:
        return value.label
    return f"{value.value:g}" if isinstance(value.value, float) else str(value.value)
