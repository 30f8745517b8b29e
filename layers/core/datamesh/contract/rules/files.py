"""How files are written: said in one way, and in a way that can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datamesh.contract.custom import read
from datamesh.contract.fields import mappings, text
from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject, TableAt
from datamesh.contract.servers import FORMATS, by_server, said
from datamesh.contract.vocabulary import ServerProperties, TableProperties

__all__ = ["check"]

# What only some formats have; the words that decide how a CSV is cut.
_ONLY = {
    **dict.fromkeys(
        ("delimiter", "quote", "escape", "comment", "decimalSeparator", "thousandsSeparator"), ("csv", "tsv")
    ),
    **dict.fromkeys(("header", "skipLines"), ("csv", "tsv", "xlsx")),
    "sheet": ("xlsx",),
    "encoding": ("csv", "tsv", "json", "jsonl"),
}
_APART = ("delimiter", "quote", "comment")


def check(subject: Subject) -> Iterator[Finding]:
    servers = mappings(subject.source.data, "servers")
    told = [(f"servers[{index}]", found) for index, raw in enumerate(servers) if (found := by_server(raw))]
    for index, raw in enumerate(servers):
        yield from _format(subject, f"servers[{index}]", raw)
    for path, found in told[1:]:
        if found != told[0][1]:
            message = f"files are written otherwise here than at {told[0][0]}, which counts"
            yield subject.warning("input.servers", path, message, "say it once, at the server that files come from")
    for table in subject.tables():
        ours, _ = read(TableProperties, mappings(table.raw, "customProperties"))
        path, here = _path(table), said(ours.input)
        for name, value in here.items() if told else ():
            if told[0][1].get(name, value) != value:
                message = f"`{name}` is {value} here and {told[0][1][name]} at {told[0][0]}: what stands here counts"
                yield subject.warning("input.contradiction", path, message, "say it in one place")
        yield from _problems(subject, path, {**(told[0][1] if told else {}), **here})


def _format(subject: Subject, path: str, raw: Mapping[str, Any]) -> Iterator[Finding]:
    form = text(raw, "format").lower()
    ours, _ = read(ServerProperties, mappings(raw, "customProperties"))
    if form and form not in FORMATS:
        fix = f"write one of {', '.join(FORMATS)}, or leave it out where data is served and not read"
        yield subject.warning("input.format", f"{path}.format", f"files of format `{form}` are not read", fix)
    elif form and ours.input.format and ours.input.format != form:
        message = f"the format is {form} and, by datamesh.input, {ours.input.format}, which counts"
        yield subject.warning("input.contradiction", f"{path}.format", message, "say it in one place")


def _path(table: TableAt) -> str:
    for index, entry in enumerate(mappings(table.raw, "customProperties")):
        if entry.get("property") == "datamesh.input":
            return f"{table.path}.customProperties[{index}]"
    return table.path


def _problems(subject: Subject, path: str, found: Mapping[str, Any]) -> Iterator[Finding]:
    form = found.get("format")
    for name, formats in _ONLY.items():
        if form and name in found and form not in formats:
            message = f"`{name}` means nothing of files of format {form}"
            yield subject.warning("input.unused", path, message, "remove it")
    if found.get("decimalSeparator", ".") == found.get("thousandsSeparator"):
        message = "decimalSeparator and thousandsSeparator are the same: no number could be read"
        yield subject.error("input.separators", path, message, "decimalSeparator is . when left out")
    signs = [found[name] for name in _APART if found.get(name) is not None]
    if len(set(signs)) < len(signs) or found.get("escape") == found.get("delimiter", ""):
        message = "delimiter, quote, escape and comment are told apart by their characters: two are the same"
        yield subject.error("input.characters", path, message, "only quote and escape may be the same")
