"""Values: which column holds them, and what that says of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datamesh.ask import intent
from datamesh.ask.lattice import Literal, Name
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.spelling import VERB_STEMS
from datamesh.ask.names.values import Hit
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.words import stems
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Valued
from datamesh.ask.read.places import NAMED, Schema, Spot
from datamesh.ask.read.together import in_order

__all__ = ["either", "equal", "holders", "persons", "yes_or_no"]

_APPOSED = 0.3
_NOT_CALLED = 0.4  # a value that is also what the thing is called
_ITSELF = 0.6  # whoever manages Globex is not called so
_NOT_ITS = 0.2  # the price of the Gadget is one of the gadget's own, rather than of its order lines
_TO_MANY = 0.25
_NOT_OWN = 0.3  # artists from Finland, rather than those whose label is from there
_FAR = 2  # steps
_UNSEEN = 0.4  # a quoted value that no profile knows
Held = tuple[Walk, ColumnView, tuple[intent.Value, ...]]


def holders(schema: Schema, pred: Valued, spot: Spot) -> Iterator[Choice[Held]]:
    """The columns that may be meant, each with the way to it and the values as it holds them."""
    held: list[tuple[Choice[Held], int]] = []
    for choice in _columns(schema, pred, spot):
        walk, column = choice.value
        found = [_value_in(column, literal) for literal in pred.values]
        values = tuple(value for value in found if value is not None)
        if len(values) == len(found):
            unseen = sum(not _seen(column, literal) for literal in pred.values)
            if unseen and walk.many and len(walk.path) > _FAR:
                continue  # what nobody has seen is not looked for that far
            held.append((Choice((walk, column, values), choice.cost + unseen * _UNSEEN), unseen))
    known = any(not unseen for _, unseen in held)  # what one column is known to hold is of no other
    yield from (choice for choice, unseen in held if not (unseen and known))


def persons(schema: Schema, pred: Valued, spot: Spot) -> Iterator[Choice[tuple[Walk, intent.Pred]]]:
    """People by first and last name, places by their own and that of what they are in: the way there, and which."""
    tables = [{one.table for one, _ in literal.people} for literal in pred.values]
    for table in sorted(set.intersection(*tables)):
        if not pred.attr or _names_pair(pred.attr, table, pred.values):
            among = schema.roles.among_themselves(table, pred.hint) if table == spot.table else []
            ways = among or schema.walks(spot, table)
            for walk in ways:
                there = Spot(table, () if walk.many else spot.path + walk.path)
                found = [_person(schema, there, literal) for literal in pred.values]
                who = found[0] if len(found) == 1 else intent.Or(preds=tuple(found))
                fit = schema.roles.of_walk(walk, pred.hint) + schema.roles.of_doer(walk, ways, pred.hint)
                fit += schema.roles.of_way(walk, ways, pred.hint)
                if not _of_itself(schema, walk, table, pred):
                    yield Choice((walk, who), walk.cost + fit)


def _of_itself(schema: Schema, walk: Walk, table: str, pred: Valued) -> bool:
    """Who reports to Ann, where some belong to others of their kind, is not Ann; nor are those whom she leads."""
    if any(edge.to == walk.start for edge in walk.path):
        return False
    doing = bool(pred.hint) and pred.hint[0] in VERB_STEMS
    own = doing and not walk.path and bool(schema.vocabulary.graph.own.get(walk.start))
    return own or _is_one_of(schema, pred.done_to, table)


def _names_pair(said: Name, table: str, values: Iterable[Literal]) -> bool:
    """The name of a person; the city of Springfield, Ohio."""
    if stems(said.text)[-1:] == ("name",):
        return table in {target.table for target in said.targets}
    near = {(one.table, one.column) for literal in values for one, _ in literal.people if one.table == table}
    return near <= {(target.table, target.name) for target in said.targets}


def _person(schema: Schema, spot: Spot, literal: Literal) -> intent.Pred:
    names = next(pair for pair in literal.people if pair[0].table == spot.table)
    parts = [
        equal(
            schema.text_attr(spot, schema.column(spot.table, hit.column)),
            [_value_of(hit, literal)],
        )
        for hit in names
    ]
    return intent.And(preds=tuple(sorted(parts, key=repr)))


def equal(attr: intent.Attr, values: Iterable[intent.Value], *, negated: bool = False) -> intent.Pred:
    """The attribute is one of the values; in one order, whatever the question's."""
    different = tuple(sorted(dict.fromkeys(values), key=repr))
    if len(different) == 1:
        return intent.Cmp(left=attr, op="<>" if negated else "=", right=different[0])
    found = intent.In(left=attr, values=different)
    return intent.Not(pred=found) if negated else found


def either(preds: Iterable[intent.Pred]) -> intent.Pred:
    """One of several values of one column is one condition; so is that one row is this or that, of the same rows."""
    ordered = in_order(_same_rows(preds))
    pairs = [pair for pred in ordered if (pair := _one_of(pred)) is not None]
    if len(pairs) == len(ordered) and len({left for left, _ in pairs}) == 1:
        return equal(pairs[0][0], [value for _, values in pairs for value in values])
    return intent.Or(preds=ordered) if len(ordered) > 1 else ordered[0]


def _one_of(pred: intent.Pred) -> tuple[intent.Attr, tuple[intent.Value, ...]] | None:
    """The attribute that is to be one of some values."""
    match pred:
        case intent.Cmp(left=intent.Attr() as left, op="=", right=intent.Value() as right):
            return left, (right,)
        case intent.In(left=intent.Attr() as left, values=values, query=None):
            return left, values
        case _:
            return None


def _same_rows(preds: Iterable[intent.Pred]) -> Iterator[intent.Pred]:
    """Who teach the course X or teach the course Y: who teach the course X or Y."""
    kept: dict[intent.Path, list[intent.Pred]] = {}
    for pred in preds:
        if isinstance(pred, intent.Exists) and pred.count is None and pred.where is not None:
            kept.setdefault(pred.path, []).append(pred.where)
        else:
            yield pred
    for path, wheres in kept.items():
        yield intent.Exists(path=path, where=either(wheres))


def yes_or_no(*, yes: bool) -> intent.Value:
    return intent.Value(value=yes, kind="boolean", label="yes" if yes else "no")


def _value_in(column: ColumnView, literal: Literal) -> intent.Value | None:
    """The literal as a value of this column; None where the column is not known to hold it and it is not quoted."""
    for hit in literal.hits:
        if (hit.table, hit.column) == (column.table, column.name):
            return _value_of(hit, literal)
    unseen = literal.quoted and column.kind == "text"
    return intent.Value(value=literal.text, source=_source(literal)) if unseen else None


def _value_of(hit: Hit, literal: Literal) -> intent.Value:
    kind: intent.AttrKind = "text" if isinstance(hit.value, str) else "number"
    label = hit.label if hit.label != str(hit.value) else ""
    return intent.Value(value=hit.value, kind=kind, label=label, source=_source(literal))


def _source(literal: Literal) -> intent.Source:
    return intent.Source(start=literal.span[0], end=literal.span[1], evidence=literal.text, cost=literal.cost)


def _seen(column: ColumnView, literal: Literal) -> bool:
    return any((hit.table, hit.column) == (column.table, column.name) for hit in literal.hits)


def _columns(schema: Schema, pred: Valued, spot: Spot) -> list[Choice[tuple[Walk, ColumnView]]]:
    if pred.attr:
        return sorted([*schema.columns(pred.attr, spot), *_apposed(schema, pred, spot)], key=lambda choice: choice.cost)
    if "named" in pred.hint:
        return schema.called(spot)
    if "itself" in pred.hint:  # by its name or by its key
        return _own(schema, spot, (*schema.known_by(spot.table), *schema.table(spot.table).key))
    return _by_value(schema, pred, spot)


def _apposed(schema: Schema, pred: Valued, spot: Spot) -> Iterator[Choice[tuple[Walk, ColumnView]]]:
    """From the institution 'Oxford': the institution that is called so; the product 'Atlas' itself."""
    for target in schema.tables(pred.attr):
        for walk in schema.walks(spot, target.table):
            fit = schema.roles.of_walk(walk, pred.hint) + _TO_MANY * walk.many
            for called in schema.called(spot.onward(walk)):
                yield Choice((walk, called.value[1]), _APPOSED + walk.cost * NAMED + target.cost + fit)


def _calls_otherwise(schema: Schema, table: str, name: str, beside: Iterable[str]) -> bool:
    """Whether things are called by a value that this column only holds, too: the course Spanish, not its text."""
    called = schema.known_by(table)
    return name not in called and any(other in called for other in beside)


def _is_one_of(schema: Schema, things: Name | None, table: str) -> bool:
    """Whether a table's rows are those things, by its noun or that of a key."""
    return any(
        (target.table if target.kind == "table" else schema.table(target.table).foreign.get(target.name)) == table
        for target in (things.targets if things else ())
    )


def _held_here(
    schema: Schema, spot: Spot, column: ColumnView, shared: set[tuple[str, str]], hint: tuple[str, ...]
) -> bool:
    """Whether a thing holds a value itself that what it belongs to holds, too: artists from Finland, whose label has a
    country as they have."""
    own = schema.table(spot.table).columns
    beside = (own[name] for table, name in shared if table == spot.table)
    return not set(hint) & VERB_STEMS and any(other.words[-1:] == column.words[-1:] for other in beside)


def _own(schema: Schema, spot: Spot, columns: Iterable[str]) -> list[Choice[tuple[Walk, ColumnView]]]:
    here = Walk(spot.table, (), 0.0)
    return [Choice((here, schema.column(spot.table, name)), 0.0) for name in dict.fromkeys(columns)]


def _by_key(schema: Schema, shared: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """A kind whose code and description are one word is meant by its code."""
    keys = {table for table, name in shared if schema.table(table).key == (name,)}
    return {(table, name) for table, name in shared if table not in keys or schema.table(table).key == (name,)}


def _by_value(schema: Schema, pred: Valued, spot: Spot) -> list[Choice[tuple[Walk, ColumnView]]]:
    """Every column in reach that holds all of the values; what stands around them may tell which is meant."""
    columns = [{(hit.table, hit.column): hit.cost for hit in literal.hits} for literal in pred.values]
    shared = _by_key(schema, set(columns[0]).intersection(*columns[1:]))
    found = []
    for table, name in sorted(shared):
        cost = sum(hits[table, name] for hits in columns)
        beside = [column for other, column in shared if other == table]
        among = schema.roles.among_themselves(table, pred.hint) if table == spot.table else []
        ways = among or schema.walks(spot, table)
        for walk in ways:
            known = name in schema.known_by(table)
            if not walk.repeats(name, shared) and not (known and _of_itself(schema, walk, table, pred)):
                fit = schema.roles.of_walk(walk, pred.hint) + schema.roles.of_doer(walk, ways, pred.hint)
                fit += schema.roles.of_way(walk, ways, pred.hint)
                fit += 0.0 if walk.path else schema.roles.of_column(table, name, pred.hint, beside)
                column = schema.column(table, name)
                fit += _ITSELF * bool(known and not walk.path and set(pred.hint[:1]) & VERB_STEMS)
                fit += _NOT_OWN * bool(walk.path and _held_here(schema, spot, column, shared, pred.hint))
                fit += _NOT_CALLED * _calls_otherwise(schema, table, name, beside)
                fit += _NOT_ITS * bool(walk.path and pred.hint[:1] == ("of",) and known)
                found.append(Choice((walk, column), cost + walk.cost + fit))
    return sorted(found, key=lambda choice: choice.cost)
