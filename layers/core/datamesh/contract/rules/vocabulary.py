"""The `datamesh.*` custom properties: known, in their place, with values of the right form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from datamesh.contract.custom import read
from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject
from datamesh.contract.vocabulary import PLACES, PREFIX, names

__all__ = ["check"]

_PLACE_OF_PATH = (
    (re.compile(""), "contract"),
    (re.compile(r"team(\.members)?\[\d+\]"), "member"),
    (re.compile(r"schema\[\d+\]"), "schemaObject"),
    (re.compile(r"schema\[\d+\]\.properties\[\d+\](\.(properties\[\d+\]|items|map\.(key|value)))*"), "property"),
    (re.compile(r"schema\[\d+\](\.properties\[\d+\])?\.relationships\[\d+\]"), "relationship"),
    (re.compile(r"roles\[\d+\]"), "role"),
    (re.compile(r"servers\[\d+\]"), "server"),
    (re.compile(r"(schema\[\d+\]\.)?context\.verifiedStatements\[\d+\]"), "verifiedStatement"),
)


def check(subject: Subject) -> Iterator[Finding]:
    for path, entries in _lists(subject.source.data, ""):
        place = next((name for form, name in _PLACE_OF_PATH if form.fullmatch(path)), None)
        at = f"{path}.customProperties" if path else "customProperties"
        if place is None:
            yield from _misplaced(subject, at, entries)
        else:
            yield from _problems(subject, at, entries, place)


def _lists(value: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """Every customProperties list of the document, with the path of the thing it belongs to."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _lists(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "customProperties" and isinstance(item, list):
                yield path, item
            else:
                yield from _lists(item, f"{path}.{key}" if path else key)


def _problems(subject: Subject, at: str, entries: list[Any], place: str) -> Iterator[Finding]:
    for problem in read(PLACES[place], entries)[1]:
        rule = "datamesh.unknown" if problem.unknown else "datamesh.value"
        fix = _where(problem.name, place) if problem.unknown else "see docs/contract.md"
        yield subject.error(rule, f"{at}[{problem.index}]", f"`{problem.name}`: {problem.message}", fix)


def _misplaced(subject: Subject, at: str, entries: list[Any]) -> Iterator[Finding]:
    for index, entry in enumerate(entries):
        name = entry.get("property") if isinstance(entry, dict) else None
        if isinstance(name, str) and name.startswith(PREFIX):
            yield subject.error("datamesh.unknown", f"{at}[{index}]", f"`{name}` means nothing here", _where(name, ""))


def _where(name: str, place: str) -> str:
    homes = [other for other in PLACES if name in names(other)]
    if homes:
        return f"it belongs to a {' or a '.join(homes)}"
    close = get_close_matches(name, names(place) if place else [n for p in PLACES for n in names(p)], n=1)
    return f"did you mean `{close[0]}`?" if close else "see docs/contract.md"
