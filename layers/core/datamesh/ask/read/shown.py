"""What an output may be: which table it stands in, and what it shows of a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import LABEL_WORDS
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.words import stem, stems
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Everything, Linked, Plain, SetForm, Thing
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.standing import called_after

__all__ = ["Anchor", "anchors", "items", "named_apart", "stands_for", "through_key"]

_NEIGHBOUR = 0.5
_LEADS_TO = 0.15  # a neighbour that each row has one of
_FARTHER = 1.5  # what is so much dearer only has that noun in its own name
_WHOLE_NAME = (stems("name"), stems("full name"))
_CALLED = tuple(stems(word) for word in LABEL_WORDS)
_BESIDE = 0.3
_NO_OWNER = 0.1
_IDS = frozenset(stem(word) for word in ("id", "code", "key", "number"))
_ANOTHERS = 1.0  # the id of reviewers is theirs
_BORROWED = 0.3  # a key of something else, where the thing itself has it


@dataclass(frozen=True)
class Anchor:
    """An output in a table: its columns, all columns, or the thing as a person calls it.

    `owner` is the table of the set it was asked of. `through`: a key column that stands for the thing it leads to;
    `columns` are that thing's, or none where its label is shown.
    """

    table: str
    columns: tuple[str, ...] = ()
    everything: bool = False
    implied: bool = False
    owner: str = ""
    through: str = ""
    of: SetForm | None = None
    said: Name | None = field(default=None, compare=False)
    doubt: float = field(default=0.0, compare=False)  # of the owner, in the cost of each of its outputs


def anchors(schema: Schema, out: Plain | Thing | Everything) -> list[Choice[Anchor]]:
    match out:
        case Plain():
            found = _plain(schema, out)
        case Thing():
            found = _thing(schema, out.of)
        case Everything():
            found = (
                Choice(Anchor(t.table, everything=True, owner=t.table, of=out.of), t.cost)
                for t in schema.tables(out.of.head)
                if schema.table(t.table).columns.keys() - set(schema.table(t.table).key)  # a key tells nothing
            )
    best: dict[Anchor, float] = {}
    for choice in found:
        best[choice.value] = min(choice.cost, best.get(choice.value, choice.cost))
    return [Choice(a, c) for a, c in sorted(best.items(), key=lambda f: f[1])[:6]]


def named_apart(shown: Sequence[Anchor]) -> bool:
    """Whether a name is that of nothing that was named beside it: name and height of towers, the name of their city."""
    lone = [a for a in shown if not a.owner and a.said and stems(a.said.text) in _CALLED]
    beside = {anchor.owner or anchor.table for anchor in shown if anchor not in lone}
    return bool(beside) and any(anchor.table not in beside for anchor in lone)


def _plain(schema: Schema, out: Plain) -> Iterator[Choice[Anchor]]:
    """An attribute of X is a column of X, or of a neighbour that the words name; else it is none."""
    owners = list(schema.tables(out.of.head)) if out.of else []
    columns = [t for t in out.attr.targets if t.kind == "column" and (not out.label or _labelled(schema, t))]
    if out.label and schema.names_thing(out.attr):
        return
    yield from _of_role(schema, out)
    likely = min((owner.cost for owner in owners), default=0.0) + _FARTHER
    own = {owner.table for owner in owners if owner.cost <= likely} & {target.table for target in columns}
    if out.of and out.of.head and not own:
        yield from _beside(schema, out, out.of, columns)
    if out.of and out.of.head and not owners:
        return
    if not owners:
        things = {t.table for t in columns if (t.name,) in (schema.table(t.table).key, schema.table(t.table).shown_by)}
        for target in columns:
            borrowed = _BORROWED if schema.table(target.table).foreign.get(target.name) in things else 0.0
            anothers = _ANOTHERS * _of_another(schema, out.attr.text, target.table)
            shown = _doing(schema, out, target)
            yield Choice(_column(schema, target, "", shown), target.cost + _NO_OWNER + borrowed + anothers)
    called = stems(out.attr.text) in _CALLED  # a name is nobody else's
    if called and out.of and out.of.head and schema.names_thing(out.of.head):
        owners = [owner for owner in owners if not owner.cost]
    for owner in owners:
        if schema.table(owner.table).kin and any(t.name in schema.table(owner.table).foreign for t in columns):
            continue  # what is called so there is no friend's, but whose friend it is
        near = [t for t in columns if t.qualified or t.table == owner.table or not (own or called)]
        yield from _of_owner(schema, out, near, owner)
        known = schema.known_by(owner.table)
        if not out.label and stems(out.attr.text) in _WHOLE_NAME and len(known) > 1:  # a person's two names
            named = Anchor(owner.table, known, owner=owner.table, of=out.of, doubt=owner.cost)
            yield Choice(named, owner.cost + 0.2)


def _doing(schema: Schema, out: Plain, target: Target) -> Plain:
    """Pilots who piloted a flight, where a flight's row holds its pilot: what is said of it is of these rows."""
    deeds = {word for pred in (out.of.preds if out.of else ()) if isinstance(pred, Linked) for word in pred.hint}
    if out.of is None or not deeds & schema.column(target.table, target.name).all_words:
        return out
    mine = schema.narrowed(out.of, target.table)
    return replace(out, of=mine) if mine is not None else out


def _beside(schema: Schema, out: Plain, of: SetForm, columns: Sequence[Target]) -> Iterator[Choice[Anchor]]:
    """The positions of players, where a season's row holds both: a player is no more than a name there."""
    for role in of.head.targets if of.head else ():
        if role.kind != "column" or role.cost >= PARTLY or schema.table(role.table).columns[role.name].kind != "text":
            continue
        mine = schema.narrowed(of, role.table)
        for target in columns:
            if mine is not None and target.table == role.table and target.name != role.name and target.cost < PARTLY:
                anchor = Anchor(role.table, (target.name,), of=mine, said=out.attr)
                yield Choice(anchor, target.cost + role.cost + _BESIDE)


def _of_owner(schema: Schema, out: Plain, columns: Sequence[Target], owner: Target) -> Iterator[Choice[Anchor]]:
    """Its own column of that name; where it has none, that of a neighbour."""
    surely = out.of is not None and out.of.head is not None and schema.names_thing(out.of.head)
    for target in columns:
        if target.table == owner.table:
            yield Choice(_column(schema, target, owner.table, out, owner.cost), target.cost + owner.cost)
        elif (far := _neighbour(schema, target, owner, surely=surely)) is not None:
            cost = target.cost + owner.cost + far
            yield Choice(_column(schema, target, owner.table, out, owner.cost), cost)


def _neighbour(schema: Schema, target: Target, owner: Target, *, surely: bool) -> float | None:
    """What it costs that an attribute is of a neighbour: where the words say so, or each row has just one. `surely`:
    the owner's words name a thing, which another thing is not then."""
    walks = schema.vocabulary.graph.walks(owner.table, target.table)
    if not walks:
        return None
    view = schema.table(owner.table)
    bridge = set(view.columns) <= {*view.key, *view.foreign}  # it has no attributes, those of its ends are not its own
    doubt = max(target.cost, owner.cost if surely else 0.0)
    if not target.qualified and (bridge or doubt >= PARTLY or len(walks[0].path) > 1):
        return None
    if not walks[0].many:
        return _LEADS_TO
    return walks[0].cost + _NEIGHBOUR if target.qualified else None


def _of_another(schema: Schema, text: str, table: str) -> bool:
    """Whether the words name whose attribute this is, and that is another thing: ids of reviewers, in their ratings."""
    whose = stems(text.rpartition(" of ")[2]) if " of " in text else ()
    things = {t.table for t in schema.vocabulary.names.targets.get(whose, ()) if t.kind == "table" and not t.cost}
    return bool(things) and table not in things


def _of_role(schema: Schema, out: Plain) -> Iterator[Choice[Anchor]]:
    """The area of the destination depot: of what that key leads to."""
    head = out.of.head if out.of and not out.label else None
    if head is None:
        return
    for relation in schema.tables(head):
        if kin := schema.table(relation.table).kin:
            to = schema.table(relation.table).foreign[kin[1]]
            for target in (t for t in out.attr.targets if t.kind == "column" and t.table == to):
                anchor = Anchor(relation.table, (target.name,), through=kin[1], of=out.of, said=out.attr)
                yield Choice(anchor, target.cost + relation.cost)
    if schema.names_thing(head):
        return
    for role in head.targets:
        if out.of and role.kind == "column" and stands_for(schema, role, head.text):
            to, mine = schema.table(role.table).foreign[role.name], schema.narrowed(out.of, role.table)
            for target in (t for t in out.attr.targets if t.kind == "column" and t.table == to):
                anchor = Anchor(role.table, (target.name,), through=role.name, of=mine, said=out.attr)
                if mine is not None:
                    yield Choice(anchor, target.cost + role.cost + _NO_OWNER)


def _column(schema: Schema, target: Target, owner: str, out: Plain, doubt: float = 0.0) -> Anchor:
    through = target.name if out.label or stands_for(schema, target, out.attr.text) else ""
    columns = () if through else (target.name,)
    return Anchor(target.table, columns, owner=owner, through=through, of=out.of, said=out.attr, doubt=doubt)


def stands_for(schema: Schema, target: Target, text: str) -> bool:
    """Whether a key column was called by the noun of what it leads to: the destination airport, not its code or id; or
    by what that is here: the manager, of a manager id."""
    thing = any(t.kind == "table" and not t.cost for t in schema.vocabulary.names.targets.get(stems(text), ()))
    *role_of, last = schema.column(target.table, target.name).words or ("",)
    role = not thing and last in _IDS and tuple(role_of) == stems(text)
    return _labelled(schema, target) and (role or called_after(schema.vocabulary, target, text))


def _labelled(schema: Schema, target: Target) -> bool:
    """Whether a column is the key of something that has a name."""
    to = schema.table(target.table).foreign.get(target.name)
    return to is not None and schema.table(to).shown_by not in ((), schema.table(to).key)


def _thing(schema: Schema, form: SetForm) -> Iterator[Choice[Anchor]]:
    for target in form.head.targets if form.head else ():
        if target.kind == "table" and (kin := schema.table(target.table).kin):
            yield Choice(Anchor(target.table, through=kin[1], of=form, said=form.head), target.cost)
        elif target.kind == "table":
            shown = schema.table(target.table).shown_by or schema.table(target.table).code
            if shown and not (len(shown) > 1 and shown == schema.table(target.table).key and target.cost >= PARTLY):
                yield Choice(Anchor(target.table, shown, implied=True, owner=target.table, of=form), target.cost)
        elif target.kind == "column" and form.head:
            through = target.name if stands_for(schema, target, form.head.text) else ""
            view = schema.table(target.table)
            mine = schema.narrowed(form, target.table, rows=(target.name,) in (view.key, view.shown_by))
            if mine is not None:
                columns = () if through else (target.name,)
                anchor = Anchor(target.table, columns, through=through, of=mine, said=form.head)
                yield Choice(anchor, target.cost + 0.1)


def items(schema: Schema, anchor: Anchor, spot: Spot) -> list[intent.Item]:
    """What is shown of the anchor's table where it stands."""
    view = schema.table(anchor.table)
    if anchor.everything:
        return [intent.AllColumns(path=spot.path, columns=tuple(view.columns))]
    if anchor.through:
        return _through(schema, anchor, spot)
    return [schema.text_attr(spot, view.columns[name], anchor.said) for name in anchor.columns]


def _through(schema: Schema, anchor: Anchor, spot: Spot) -> list[intent.Item]:
    """What is shown of the thing that a key column leads to."""
    edge = schema.key_edge(anchor.table, anchor.through)
    there = Spot(edge.to, (*spot.path, edge))
    view = schema.table(edge.to)
    if anchor.columns:
        return [schema.text_attr(there, view.columns[name], anchor.said) for name in anchor.columns]
    return [through_key(schema, anchor.table, anchor.through, spot)]


def through_key(schema: Schema, table: str, column: str, spot: Spot) -> intent.Attr | intent.EntityKey:
    """The thing that a key column leads to, by its label."""
    edge = schema.key_edge(table, column)
    key = schema.entity_key(Spot(edge.to, (*spot.path, edge)))
    return key or schema.text_attr(spot, schema.column(table, column))
