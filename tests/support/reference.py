"""What publishing ought to do with files, by the book and one row at a time: slow, and nothing of the product in it.

It reads the contract as the ODCS document that it is, and files with Python alone: a reader of CSV of its own, `json`,
`decimal`, `datetime`, `fractions`. What `docs/contract.md` says is what it does; where the two differ, one is wrong.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["Bad", "Judged", "judge"]

Document = Mapping[str, Any]
Broken = tuple[str, str | None]  # a rule and its column
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?))?(Z|[+-]\d\d:\d\d)?")
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value < bound,
    "exclusiveMinimum": lambda value, bound: value <= bound,
    "maximum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value >= bound,
}


@dataclass(frozen=True)
class Bad:
    """A row in quarantine. `row` counts from one; `value` is the text that broke the first of its rules."""

    file: str
    row: int
    rule: str
    column: str | None
    value: str | None


@dataclass
class Judged:
    """Where the rows went. `hits` counts the rows that broke each rule, warnings too; `superseded` those replaced."""

    good: list[tuple[Any, ...]] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    hits: Counter[Broken] = field(default_factory=Counter)
    superseded: int = 0
    refused: bool = False

    @property
    def rows_in(self) -> int:
        return len(self.good) + len(self.bad) + self.superseded


@dataclass
class _Row:
    """A row under judgement; `texts` is None for what is no row at all."""

    file: str
    number: int
    texts: dict[str, Any] | None
    values: dict[str, Any] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


def judge(document: Document, files: Sequence[tuple[str, bytes]]) -> Judged:
    """What becomes of `files` (name and content, oldest first) as one batch into an empty table."""
    table = document["schema"][0]
    ours = _ours(table)
    wanted = files[-1:] if ours.get("datamesh.writeMode") == "overwrite" else files
    judged = Judged()
    rows: list[_Row] = []
    for name, body in files:
        found = _rows(table, name, body)
        if (name, body) not in wanted:
            judged.superseded += len(found or ())
        elif found is None:
            judged.refused = True
        else:
            rows += found
    if judged.refused:
        return Judged(refused=True)
    for row in rows:
        _judge_alone(table, row)
    _judge_keys(table, rows, judged.hits)
    for row in rows:
        _place(table, row, judged)
    return judged


def _place(table: Document, row: _Row, judged: Judged) -> None:
    judged.hits.update(row.broken)
    errors = [(rule, column) for rule, column in row.broken if _severity(table, rule, column) == "error"]
    if not errors:
        judged.good.append(tuple(row.values[p["name"]] for p in table["properties"]))
        return
    rule, column = errors[0]
    value = (row.texts or {}).get(f"={column}") or None if column else None
    judged.bad.append(Bad(row.file, row.number, rule, column, value))


# ---------------------------------------------------------------------- rules


def _judge_alone(table: Document, row: _Row) -> None:
    if row.texts is None:
        row.broken.append(("malformed", None))
        return
    keys = [p["name"] for p in table["properties"] if p.get("primaryKey")]
    for p in table["properties"]:
        name, text = p["name"], row.texts[p["name"]]
        value = None if text is None else _read(p, text)
        row.values[name] = value
        broken = {
            "type": text is not None and value is None,
            "required": bool(p.get("required")) and text is None,
            "enum": "enum" in p and value is not None and value not in [_typed(p, v["value"]) for v in p["enum"]],
            "range": value is not None and any(_out_of(p, value)),
            "length": value is not None and not _long_enough(p, value),
            "pattern": text is not None and not _like(p, text),
            "multipleOf": value is not None and not _multiple(p, value),
            "primaryKey": name in keys and not p.get("required") and text is None,
        }
        row.broken += [(rule, name) for rule, is_broken in broken.items() if is_broken]
        failed = [check for check in p.get("quality", []) if _fails(p, check, text, value, _nulls(table))]
        row.broken += [(check["metric"], name) for check in failed]


def _judge_keys(table: Document, rows: Sequence[_Row], hits: Counter[Broken]) -> None:
    """Repeats are looked for among rows that no other error keeps away. A warning counts those that are published."""
    properties = table["properties"]
    keys = [p["name"] for p in sorted(properties, key=lambda p: p.get("primaryKeyPosition", 0)) if p.get("primaryKey")]
    rules = [(("primaryKey", keys[0] if len(keys) == 1 else None), keys)] if keys else []
    rules += [(("unique", p["name"]), [p["name"]]) for p in properties if p.get("unique")]
    sound = [row for row in rows if not _is_bad(table, row)]
    for rule, names in rules:
        if _severity(table, *rule, repeated=True) == "error":
            for row in _repeats(sound, names):
                row.broken.append(rule)
    published = [row for row in sound if not _is_bad(table, row)]
    for rule, names in rules:
        if _severity(table, *rule, repeated=True) == "warning":
            hits[rule] += len(_repeats(published, names))


def _repeats(rows: Sequence[_Row], names: Sequence[str]) -> list[_Row]:
    seen: set[tuple[Any, ...]] = set()
    found = []
    for row in rows:
        key = tuple(row.values[name] for name in names)
        if None in key:
            continue
        if key in seen:
            found.append(row)
        seen.add(key)
    return found


def _is_bad(table: Document, row: _Row) -> bool:
    return any(_severity(table, rule, column) == "error" for rule, column in row.broken)


def _severity(table: Document, rule: str, column: str | None, *, repeated: bool = False) -> str:
    if rule == "malformed":
        return "error"
    if rule == "primaryKey":
        return str(_ours(table).get("datamesh.severity", {}).get(rule, "error"))
    p = next(p for p in table["properties"] if p["name"] == column)
    for check in p.get("quality", []):
        if check["metric"] == rule and not repeated:
            return str(check.get("severity", "error"))
    return str(_ours(p).get("datamesh.severity", {}).get(rule, "error"))


def _out_of(p: Document, value: Any) -> Iterator[bool]:
    for name, breaks in _BOUNDS.items():
        if name in p.get("logicalTypeOptions", {}):
            bound = p["logicalTypeOptions"][name]
            yield breaks(_exact(value), _exact(_typed(p, bound)))


def _long_enough(p: Document, value: Any) -> bool:
    options = p.get("logicalTypeOptions", {})
    return bool(options.get("minLength", 0) <= len(str(value)) <= options.get("maxLength", 10**9))


def _like(p: Document, text: str) -> bool:
    pattern = p.get("logicalTypeOptions", {}).get("pattern")
    return pattern is None or re.search(pattern.replace("$", r"\Z"), text) is not None


def _multiple(p: Document, value: Any) -> bool:
    step = p.get("logicalTypeOptions", {}).get("multipleOf")
    return step is None or Fraction(str(value)) % Fraction(str(step)) == 0


def _fails(p: Document, check: Document, text: str | None, value: Any, nulls: set[str]) -> bool:
    arguments = check.get("arguments", {})
    if check["metric"] == "nullValues":
        return text is None
    if check["metric"] == "missingValues":
        named = arguments.get("missingValues") or [None]
        return text in named if text is not None else None in named or bool(nulls & set(named))
    valid = [_typed(p, v) for v in arguments["validValues"]]
    return text is not None and (value is None or value not in valid)


# ---------------------------------------------------------------------- values


def _typed(p: Document, value: Any) -> Any:
    """A value that the contract names, in the column's type."""
    return value if isinstance(value, bool) else _read(p, str(value))


def _exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, int | float | Decimal) else value


def _read(p: Document, text: Any) -> Any:
    """The text as the column's type, or None where it is no such value. What a file holds typed is taken as it is."""
    kind = _kind(p)
    if not isinstance(text, str):
        return _direct(kind, text)
    try:
        return _READERS[kind](p, text)
    except (ValueError, InvalidOperation, OverflowError):
        return None


def _direct(kind: str, value: Any) -> Any:
    return float(value) if kind == "number" else value


def _kind(p: Document) -> str:
    if p.get("physicalType", "").startswith("decimal"):
        return "decimal"
    zoned = p["logicalType"] == "timestamp" and p.get("logicalTypeOptions", {}).get("timezone")
    return "timestamptz" if zoned else str(p["logicalType"])


def _integer(_: Document, text: str) -> int | None:
    value = int(Decimal(text)) if re.fullmatch(r"[+-]?[0-9]+(\.0*)?", text.strip()) else None
    return value if value is not None and -(2**63) <= value < 2**63 else None


def _number(_: Document, text: str) -> float | None:
    value = float(text) if _is_number(text) else None
    return value if value is not None and abs(value) != float("inf") else None


def _decimal(p: Document, text: str) -> Decimal | None:
    precision, scale = (int(n) for n in re.findall(r"\d+", p["physicalType"]))
    if not _is_number(text):
        return None
    value = Fraction(text.strip())
    unscaled = value * 10**scale
    return Decimal(text.strip()) if unscaled.denominator == 1 and abs(unscaled) < 10**precision else None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text.strip()) is not None


def _boolean(_: Document, text: str) -> bool | None:
    word = text.strip().lower()
    return True if word in ("true", "t", "1", "yes", "y", "on") else _FALSE.get(word)


_FALSE = dict.fromkeys(("false", "f", "0", "no", "n", "off"), False)


def _date(_: Document, text: str) -> date | None:
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def _timestamptz(_: Document, text: str) -> datetime | None:
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    day, clock, zone = match.groups()
    said = f"{day}T{clock or '00:00:00'}{(zone or 'Z').replace('Z', '+00:00')}"
    return datetime.fromisoformat(said).astimezone(UTC)


def _timestamp(p: Document, text: str) -> datetime | None:
    value = _timestamptz(p, text)
    return value.replace(tzinfo=None) if value else None


def _time(_: Document, text: str) -> time | None:
    return time.fromisoformat(text) if re.fullmatch(r"\d\d:\d\d:\d\d(\.\d{1,6})?", text) else None


_READERS: dict[str, Callable[[Document, str], Any]] = {
    "string": lambda _, text: text,
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "time": _time,
}


# ---------------------------------------------------------------------- files


def _rows(table: Document, name: str, body: bytes) -> list[_Row] | None:
    """The rows of a file, or None where it is refused."""
    form = _ours(table).get("datamesh.input", {})
    if name.endswith(".parquet"):
        found = _parquet(body)
    elif name.endswith(".jsonl"):
        found = _json_lines(_decoded(form, body))
    else:
        found = _csv(form, _decoded(form, body), [_source(p) for p in table["properties"]])
    names, records = found
    if (not names and not records) or not _has_what_it_must(table, names):
        return None
    return [_Row(name, n, _texts(table, record, _nulls(table))) for n, record in enumerate(records, 1)]


def _nulls(table: Document) -> set[str]:
    return {"", *_ours(table).get("datamesh.input", {}).get("nullWords", [])}


def _has_what_it_must(table: Document, names: Sequence[str] | None) -> bool:
    """A JSON object may leave out what is NULL, so there `names` is None."""
    if names is None:
        return True
    if len(set(names)) < len(names):
        return False
    must = [p for p in table["properties"] if p.get("primaryKey") or _must(table, p)]
    return any(_source(p) in names for p in table["properties"]) and all(_source(p) in names for p in must)


def _must(table: Document, p: Document) -> bool:
    return bool(p.get("required")) and _severity(table, "required", p["name"]) == "error"


def _texts(table: Document, record: Mapping[str, Any] | None, nulls: set[str]) -> dict[str, Any] | None:
    """The texts of the contract's columns, NULL words taken out; under `=name` as they stood."""
    if record is None:
        return None
    texts = {}
    for p in table["properties"]:
        text = record.get(_source(p))
        texts[p["name"]] = None if text in nulls else text
        texts[f"={p['name']}"] = text if text is None or isinstance(text, str) else str(text)
    return texts


def _source(p: Document) -> str:
    return str(p.get("transformSourceObjects", [p["name"]])[0])


Found = tuple[Sequence[str] | None, list[Mapping[str, Any] | None]]


def _parquet(body: bytes) -> Found:
    table = pq.read_table(pa.BufferReader(body))
    return table.column_names, list(table.to_pylist())


def _decoded(form: Document, body: bytes) -> str:
    """The text; what is no character is a lone surrogate in it."""
    encoding = form.get("encoding", "utf-8")
    return body.decode("utf-8-sig" if encoding == "utf-8" else encoding, "surrogateescape")


def _is_broken(text: str) -> bool:
    return any("\udc80" <= c <= "\udcff" for c in text)


def _json_lines(text: str) -> Found:
    records: list[Mapping[str, Any] | None] = []
    for line in text.split("\n"):
        if not line:
            continue
        try:
            value = None if _is_broken(line) else json.loads(line, parse_int=str, parse_float=str)
        except ValueError:
            value = None
        records.append(_plain(value) if isinstance(value, dict) else None)
    return None, records


def _plain(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: str(v).lower() if isinstance(v, bool) else v for name, v in value.items()}


def _csv(form: Document, text: str, wanted: Sequence[str]) -> Found:
    quote = form.get("quote", '"')
    cut = (form.get("delimiter") or _sniffed(text, wanted), quote, form.get("escape") or quote)
    first, *rows = [*_records(text, *cut)] or [[]]
    names = [name.strip() for name in first or ()]
    if not form.get("header", True):
        names, rows = list(wanted), [first, *rows]
    return names, [_by_name(names, row) for row in rows]


def _sniffed(text: str, wanted: Sequence[str]) -> str:
    """The delimiter that finds most of the contract's columns in the first line."""
    line = text.lstrip("\r\n").split("\n")[0].replace('"', "")
    return max(",;\t|", key=lambda delimiter: len({part.strip() for part in line.split(delimiter)} & set(wanted)))


def _by_name(names: Sequence[str], row: Sequence[str] | None) -> Mapping[str, str] | None:
    if row is not None and len(row) == len(names) + 1 and row[-1] == "":
        row = row[:-1]  # a delimiter after the last field
    if row is None or len(row) != len(names) or any(map(_is_broken, row)):
        return None
    return dict(zip(names, row, strict=True))


def _records(text: str, delimiter: str, quote: str, escape: str) -> Iterator[list[str] | None]:
    """The records of a CSV, blank lines left out; None for a line whose quoted field does not end as one."""
    at = 0
    while at < len(text):
        if text[at] in "\r\n":
            at += 1
            continue
        fields, at = _record(text, at, delimiter, quote, escape)
        yield fields


def _record(text: str, at: int, delimiter: str, quote: str, escape: str) -> tuple[list[str] | None, int]:
    fields: list[str] = []
    while True:
        value, at = (_quoted if text[at : at + 1] == quote else _unquoted)(text, at, delimiter, quote, escape)
        if value is None:
            return None, _line_end(text, at)
        fields.append(value)
        if text[at : at + len(delimiter)] != delimiter:
            return fields, _line_end(text, at)
        at += len(delimiter)


def _unquoted(text: str, at: int, delimiter: str, quote: str, escape: str) -> tuple[str | None, int]:
    end = at
    while end < len(text) and text[end] not in "\r\n" and not text.startswith(delimiter, end):
        end += 1
    return text[at:end], end


def _quoted(text: str, at: int, delimiter: str, quote: str, escape: str) -> tuple[str | None, int]:
    value, at = "", at + 1
    while at < len(text):
        if text[at] == escape and text[at + 1 : at + 2] in (quote, escape):
            value, at = value + text[at + 1], at + 2
        elif text[at] == quote:
            at += 1
            ends = at == len(text) or text[at] in "\r\n" or text.startswith(delimiter, at)
            return (value if ends else None), at
        else:
            value, at = value + text[at], at + 1
    return None, at


def _line_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in "\r\n":
        at += 1
    return at


def _ours(thing: Document) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in thing.get("customProperties", [])}
