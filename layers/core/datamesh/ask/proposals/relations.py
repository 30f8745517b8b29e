"""Relationships that rows and names both speak for, and that no contract declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datamesh.ask.proposals.kin import ALIKE, NAMED, PART, STRANGE, is_key_name, likeness, names_own
from datamesh.ask.proposals.looking import Looked, Seen, proposal
from datamesh.contract.evidence import Contained, Evidence, Place
from datamesh.contract.finding import Finding
from datamesh.contract.model import Column

__all__ = ["Candidate", "candidates", "relations"]

_NUMBERS, _TEXTS = ("integer", "decimal", "number"), ("string",)
_ENOUGH = {NAMED: 2, ALIKE: 2, PART: 3, STRANGE: 10}  # different values that say something
_SHARE = {NAMED: 0.75, ALIKE: 0.75, PART: 0.95, STRANGE: 0.98}  # of them that stand in the key
_SHARE_OF_NUMBERS = 0.9
_SAID = {NAMED: "it is named after it", ALIKE: "it has the same name", PART: "the names agree"}


@dataclass(frozen=True)
class Candidate:
    """A reference that may be meant: how alike the names are, and what the rows say."""

    columns: tuple[str, ...]
    far: Seen
    keys: tuple[str, ...]
    alike: int
    near: int
    contained: Contained

    @property
    def rank(self) -> tuple[int, int, bool]:
        """How likely it is: two of one rank are told apart by nothing that could be relied on."""
        return self.alike, self.near, self.far.table.primary_key == self.keys


def relations(looked: Looked, seen: Sequence[Seen]) -> Iterator[Finding]:
    """One for each column, to the likeliest of the tables `seen`, and one for each key of several columns."""
    for found in candidates(looked, seen):
        yield _finding(looked, found)


def candidates(looked: Looked, seen: Sequence[Seen]) -> Iterator[Candidate]:
    """Where two are as likely, neither is proposed."""
    if looked.evidence is None:
        return
    for column in looked.table.columns:
        if column.name in looked.refers or _kind(column) is None:
            continue
        found = sorted(_of(looked, looked.evidence, column, seen), key=lambda c: c.rank, reverse=True)
        if found and (len(found) == 1 or found[0].rank > found[1].rank):
            yield found[0]
    several = [found for far in seen for found in _of_several(looked, looked.evidence, far)]
    yield from (found for found in several if sum(set(o.columns) == set(found.columns) for o in several) == 1)


def _finding(looked: Looked, found: Candidate) -> Finding:
    counted, several = found.contained, len(found.columns) > 1
    near, key = ", ".join(found.columns), ", ".join(found.keys)
    named = f", and {_SAID[found.alike]}" if found.alike in _SAID and not several else ""
    message = (
        f"`{near}` seem{'' if several else 's'} to refer to `{key}` of {found.far.name}: {counted.found:,} of"
        f" {counted.different:,} different {'combinations' if several else 'values'} stand there{named}"
    )
    to = [reference(looked, found.far, name) for name in found.keys]
    if several:
        start = ", ".join(f"{looked.table.name}.{name}" for name in found.columns)
        lines = [f"  - from: [{start}]", "    to:", *(f"      - {name}" for name in to)]
        return proposal(looked, "relationship", looked.at.path, message, "\n".join(["relationships:", *lines]))
    fix = f"relationships:\n  - to: {to[0]}"
    return proposal(looked, "relationship", looked.path(found.columns[0]), message, fix)


def reference(looked: Looked, far: Seen, key: str) -> str:
    """The column as the contract would write it."""
    here, there = looked.contract, far.contract
    if _nearness(looked, far) == _SAME_PRODUCT:
        return f"{far.table.name}.{key}"
    folder = "" if here.domain == there.domain else f"../{there.domain}/"
    return f"{folder}{there.product}.odcs.yaml#/schema/{far.table.name}/properties/{key}"


_SAME_PRODUCT, _SAME_DOMAIN, _ELSEWHERE = 2, 1, 0


def _nearness(looked: Looked, far: Seen) -> int:
    if looked.contract.domain != far.contract.domain:
        return _ELSEWHERE
    return _SAME_PRODUCT if looked.contract.product == far.contract.product else _SAME_DOMAIN


def _kind(column: Column) -> tuple[str, ...] | None:
    return next((kinds for kinds in (_NUMBERS, _TEXTS) if column.type.kind in kinds), None)


def _of(looked: Looked, evidence: Evidence, column: Column, seen: Sequence[Seen]) -> Iterator[Candidate]:
    own = looked.table.primary_key == (column.name,)
    for far in seen if not (own and names_own(column, looked)) else ():
        for key in _keys(far):
            if _kind(key) != _kind(column) or (key.name == column.name and far.name == looked.name):
                continue
            alike = likeness(column, far, key)
            if (own and alike < NAMED) or not _may_lead(looked, column, far, key, alike):
                continue  # own: one key beside another, of which neither refers
            found = _contained(evidence, Place(looked.name, (column.name,)), Place(far.name, (key.name,)))
            if found and _says_something(found, alike, numbers=_kind(column) == _NUMBERS):
                yield Candidate((column.name,), far, (key.name,), alike, _nearness(looked, far), found)


def _keys(far: Seen) -> list[Column]:
    """The columns that others may refer to: those that are said to tell rows apart, or else that are called keys."""
    columns = [column for column in far.table.columns if column.name not in far.refers]
    if far.table.primary_key:
        return [column for column in columns if column.unique or far.table.primary_key == (column.name,)]
    return [column for column in columns if column.unique or is_key_name(column)]


def _may_lead(looked: Looked, column: Column, far: Seen, key: Column, alike: int) -> bool:
    """Whether names let this column refer to that key."""
    if far.name == looked.name:
        return alike == PART
    if alike == STRANGE:
        return _kind(column) == _TEXTS and _is_said(far, key)
    return alike >= ALIKE or _is_said(far, key)


def _is_said(far: Seen, key: Column) -> bool:
    return key.unique or far.table.primary_key == (key.name,)


def _says_something(found: Contained, alike: int, *, numbers: bool) -> bool:
    wanted = max(_SHARE[alike], _SHARE_OF_NUMBERS) if numbers else _SHARE[alike]
    return found.different >= _ENOUGH[alike] and found.share >= wanted


def _contained(evidence: Evidence, near: Place, far: Place) -> Contained | None:
    """How many of the values stand in a key, if it is one."""
    found = evidence.contained(near, far)
    return found if found and found.found and evidence.unique(far) else None


def _of_several(looked: Looked, evidence: Evidence, far: Seen) -> Iterator[Candidate]:
    """A key of several columns that this table has under the same names."""
    key = far.table.primary_key
    mine = {column.name: column for column in looked.table.columns}
    theirs = {column.name: column for column in far.table.columns}
    declared = any(set(r.to_columns) == set(key) and r.to.table == far.table.name for r in looked.table.relationships)
    if far.name == looked.name or len(key) < 2 or declared or set(looked.table.primary_key) == set(key):
        return
    if any(name not in mine or mine[name].type.kind != theirs[name].type.kind for name in key):
        return
    found = _contained(evidence, Place(looked.name, key), Place(far.name, key))
    if found and _says_something(found, ALIKE, numbers=True):
        yield Candidate(key, far, key, ALIKE, _nearness(looked, far), found)
