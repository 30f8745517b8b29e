"""A drafted contract as ODCS text, with a comment on each doubt beside what it is about. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datamesh.contract.infer import Guess
from datamesh.contract.rules.names import name_problem, suggestion

__all__ = ["ColumnDraft", "Reference", "TableDraft", "column_names", "product_name", "render"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9_]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_SUFFIXES = re.compile(
    r"(\.(csv|tsv|tab|txt|json|jsonl|ndjson|parquet|avro|orc|xlsx|gz|gzip|zst|zstd|bz2|xz|zip|sz|snappy))+$"
)
_PERIOD = re.compile(r"([_\-. ]*\d{2,}([_\-.t]?\d+)*z?)+$")  # flights_2013-01 is a file of flights
_VERSION = re.compile(r"_v[0-9]+$")


@dataclass(frozen=True)
class Reference:
    """A column of another product that this one's values seem to refer to."""

    product: str
    column: str
    doubt: str


@dataclass(frozen=True)
class ColumnDraft:
    name: str
    source: str
    guess: Guess
    required: bool = False
    unique: bool = False
    key: int | None = None
    enum: Sequence[str] = ()
    reference: Reference | None = None
    doubts: Sequence[str] = ()


@dataclass(frozen=True)
class TableDraft:
    product: str
    columns: Sequence[ColumnDraft]
    input: Mapping[str, Any] = field(default_factory=dict)
    doubts: Sequence[str] = ()


def product_name(file: str) -> str:
    """The product that a file's name tells of, dates and numbers at its end left out."""
    stem = _SUFFIXES.sub("", file.lower())
    return _free(_VERSION.sub("", suggestion(_PERIOD.sub("", stem) or stem)))


def column_names(sources: Sequence[str]) -> list[str]:
    """A name for each column of a file: like its own, allowed everywhere, and each once."""
    names: list[str] = []
    for position, source in enumerate(sources, start=1):
        name = _free(suggestion(source)) if source.strip() else f"column_{position}"
        number = 2
        while (tried := name if number == 2 and name not in names else f"{name}_{number}") in names:
            number += 1
        names.append(tried)
    return names


def _free(name: str) -> str:
    return f"{name}_" if (problem := name_problem(name)) and problem.kind == "reserved" else name


def render(table: TableDraft, *, domain: str) -> str:
    """The contract as YAML."""
    return "\n".join(_lines(table, domain)) + "\n"


def _lines(table: TableDraft, domain: str) -> Iterator[str]:
    yield "# Drafted from files. What a file cannot show stands below as a doubt: mend it, and take the comment away."
    yield from ("apiVersion: v3.2.0", "kind: DataContract", f"id: {domain}-{table.product.replace('_', '-')}")
    yield from ("version: 1.0.0", "status: draft  # doubt: nobody may read it until it is active")
    yield from (f"domain: {domain}", f"dataProduct: {table.product}", "schema:")
    yield from (f"  - name: {table.product}", "    physicalType: table")
    yield from (f"    # doubt: {doubt}" for doubt in table.doubts)
    if table.input:
        yield "    customProperties:"
        yield "      - property: datamesh.input"
        yield f"        value: {_value(table.input)}"
    yield "    properties:"
    for column in table.columns:
        yield from _column(column)


def _column(column: ColumnDraft) -> Iterator[str]:
    guess = column.guess
    yield f"      - name: {column.name}"
    yield from (f"        # doubt: {doubt}" for doubt in (*guess.doubts, *column.doubts))
    if column.source != column.name:
        yield f"        transformSourceObjects: [{_value(column.source)}]"
    yield f"        logicalType: {guess.logical}"
    if guess.physical:
        yield f"        physicalType: {guess.physical}"
    if guess.options:
        yield f"        logicalTypeOptions: {_value(guess.options)}"
    if column.required:
        yield "        required: true"
    if column.key is not None:
        yield from ("        primaryKey: true", f"        primaryKeyPosition: {column.key}")
    elif column.unique:
        yield "        unique: true"
    if column.enum:
        yield "        enum:"
        yield from (f"          - {_value({'value': value})}" for value in column.enum)
    if column.reference:
        target = f"{column.reference.product}.odcs.yaml#/schema/{column.reference.product}"
        yield "        relationships:"
        yield f"          # doubt: {column.reference.doubt}"
        yield f"          - to: {target}/properties/{column.reference.column}"


def _value(value: Any) -> str:
    """A value in YAML's flow style; text is quoted wherever it could be read as something else."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if plain else json.dumps(value, ensure_ascii=True)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
