"""What a column lacks: the type that its texts have, labels of its codes, a name that people know, a unit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from datamesh.ask.names.views import label_of
from datamesh.ask.names.words import in_words, value_key
from datamesh.ask.proposals.kin import BARE, ends_in
from datamesh.ask.proposals.looking import Looked, proposal
from datamesh.ask.proposals.words import AMOUNTS, NO_NUMBERS, TYPES, says_nothing, says_unit
from datamesh.contract.finding import Finding
from datamesh.contract.infer import Facts, Guess, guess
from datamesh.contract.model import Column
from datamesh.contract.profile import ColumnProfile

__all__ = ["columns"]

_FEW, _OFTEN = 20, 5  # codes, and rows for each of them
_CODE = 4  # characters of a code at most
_SAID = {
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "yes or no",
    "date": "dates",
    "timestamp": "moments",
    "time": "times of day",
}


def columns(looked: Looked) -> Iterator[Finding]:
    for column in looked.table.columns:
        if column.type.nested or column.deprecated or _is_key(looked, column):
            continue
        profile = looked.columns.get(column.name)
        yield from _type(looked, column)
        yield from _labels(looked, column, profile)
        yield from _name(looked, column)
        yield from _unit(looked, column)


def _is_key(looked: Looked, column: Column) -> bool:
    return column.primary_key_position is not None or column.name in looked.refers


def _type(looked: Looked, column: Column) -> Iterator[Finding]:
    """Texts that publishing could read as something else, every one of them."""
    if column.type.kind != "string" or column.options or column.enum or ends_in(column, NO_NUMBERS):
        return
    facts = looked.evidence.facts(looked.name, column.name) if looked.evidence else None
    if facts is None or facts.values < _OFTEN:
        return
    found = guess(facts)
    if found.logical == "string":
        return
    words = sorted(set(facts.words))
    but = f", but for {sum(facts.words.values()):,} that say that there is none ({', '.join(words)})" if words else ""
    message = f"`{column.name}` is text, and all of its {facts.values:,} values are {_SAID[found.logical]}{but}"
    doubts = "".join(f"; {doubt}" for doubt in found.doubts)
    yield proposal(looked, "type", looked.path(column.name), message + doubts, _as_type(found, facts))


def _as_type(found: Guess, facts: Facts) -> str:
    lines = [f"logicalType: {found.logical}  # once rows are published: in a new major version"]
    if found.physical:
        lines.append(f"physicalType: {found.physical}")
    if found.options:
        lines.append(f"logicalTypeOptions: {_flow(found.options)}")
    if facts.words:
        lines.append(f"# and at the schema object, in datamesh.input: nullWords: {json.dumps(sorted(facts.words))}")
    return "\n".join(lines)


def _flow(options: object) -> str:
    return json.dumps(options).replace('"format": ', "format: ").replace('"timezone": ', "timezone: ")


def _labels(looked: Looked, column: Column, profile: ColumnProfile | None) -> Iterator[Finding]:
    """Codes that stand for something, and nothing says what."""
    if any(entry.label for entry in column.enum) or column.type.kind not in ("string", "integer"):
        return
    if column.enum:
        codes: Sequence[object] = [entry.value for entry in column.enum]
        if column.type.kind == "string" and not _are_codes([str(code) for code in codes]):
            return
        if column.type.kind == "integer" and not ends_in(column, TYPES):
            return
        fix = "\n".join(["enum:", *(f"  - {{value: {json.dumps(c)}, label: ...}}" for c in codes)])
        message = f"`{column.name}` has {len(codes)} values, and no labels: people ask for what they stand for"
        yield proposal(looked, "enum-labels", looked.path(column.name), message, fix)
        return
    if profile is None or not _repeats(profile, looked.rows) or not _seem_codes(column, profile):
        return
    message = (
        f"`{column.name}` holds {profile.distinct} different codes in {looked.rows:,} rows: what do they stand for?"
    )
    fix = f"enum:  # one for each of the {profile.distinct}\n  - {{value: ..., label: ...}}"
    yield proposal(looked, "enum-labels", looked.path(column.name), message, fix)


def _repeats(profile: ColumnProfile, rows: int) -> bool:
    return 2 <= (profile.distinct or 0) <= _FEW and rows >= _OFTEN * (profile.distinct or 0)


def _seem_codes(column: Column, profile: ColumnProfile) -> bool:
    if column.type.kind == "integer":
        return ends_in(column, TYPES)
    return profile.values is not None and _are_codes(profile.values)


def _are_codes(values: Sequence[str]) -> bool:
    """Short, in capitals, and not plainly yes and no."""
    said = {value.strip() for value in values}
    short = all(1 <= len(v) <= _CODE and v.upper() == v and v[0].isalpha() for v in said)
    return short and not said <= {"Y", "N", "YES", "NO", "T", "F"}


def _name(looked: Looked, column: Column) -> Iterator[Finding]:
    """A name that is a riddle to who did not make it. What is made of the name by a machine is no other name."""
    own = column.business_name and _plain(column.business_name) != _plain(in_words(column.name))
    if own or column.synonyms or not says_nothing(column.name, BARE):
        return
    message = f"`{column.name}` says little to who asks, and there is no businessName of its own"
    fix = "businessName: ...  # what people call it"
    yield proposal(looked, "name", looked.path(column.name), message, fix)


def _plain(said: str) -> str:
    return value_key(said).replace(" ", "")


def _unit(looked: Looked, column: Column) -> Iterator[Finding]:
    if column.type.kind not in ("integer", "number", "decimal") or not ends_in(column, AMOUNTS):
        return
    said = (in_words(column.name), column.business_name, column.description, *column.synonyms)
    if says_unit(*said):
        return
    message = f"`{column.name}` is an amount, and nothing says in what"
    fix = f"businessName: {label_of(column)} in ...  # as people say it: metres, euros"
    yield proposal(looked, "unit", looked.path(column.name), message, fix)
