"""logicalTypeOptions: bounds that make sense, patterns that compile, options and severities that do nothing."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import ColumnAt, Subject, custom_path
from datamesh.contract.types import KINDS

__all__ = ["check", "pattern_problem"]

_LOWER, _UPPER = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")
# What Python's regular expressions have and RE2 does not: (?=, (?!, (?<=, (?<!, (?>, (?(1), (?#, (?P=name), the flags
# a, L, u and x, \1, \Z, \u, \N and a++. And what RE2 has and Python does not: \p{L}.
_BEYOND_RE2 = re.compile(r"\(\?(?:[=!>(#]|<[=!]|P=|[a-zA-Z-]*[aLux])|\\[1-9ZuUN]|[*+?}]\+")
_UNICODE_CLASS = re.compile(r"\\[pP](?:\{\^?\w+\}|\w)")
_MAX_REPEAT = 1_000
_PARSERS = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamptz": datetime.fromisoformat,
    "time": time.fromisoformat,
}


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.columns():
        if at.column.type.kind not in KINDS:
            continue  # the type itself is the finding
        path = f"{at.path}.logicalTypeOptions"
        yield from _bounds(subject, at, path)
        yield from _lengths(subject, at, path)
        yield from _pattern(subject, at, path)
        yield from _severities(subject, at)
        if "format" in at.column.options:
            fix = "datamesh.input.timestampFormat says how times are written"
            yield subject.warning("not-carried-out", f"{path}.format", "`format` is not checked yet", fix)


def _bounds(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    values: dict[str, Any] = {}
    for name in (*_LOWER, *_UPPER):
        if name not in at.column.options:
            continue
        value = _comparable(at.column.type.kind, at.column.options[name])
        if value is None:
            message = f"`{at.column.options[name]}` is no {at.column.type.kind}"
            yield subject.error("options.bound", f"{path}.{name}", message, "write it as the type's values are written")
        else:
            values[name] = value
    for low in _LOWER:
        for high in _UPPER:
            if low in values and high in values and _beyond(values[low], values[high]):
                message = f"{low} is above {high}: no value passes"
                yield subject.error("options.range", f"{path}.{low}", message, "write the lower bound first")


def _comparable(kind: str, value: Any) -> Any:
    if kind in ("integer", "number", "decimal"):
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    parser = _PARSERS.get(kind)
    if parser is None or not isinstance(value, str):
        return None
    try:
        return parser(value)
    except ValueError:
        return None


def _beyond(low: Any, high: Any) -> bool:
    try:
        return bool(low > high)
    except TypeError:  # one instant with a time zone, one without
        return False


def _lengths(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    low, high = at.column.options.get("minLength"), at.column.options.get("maxLength")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        message = "minLength is above maxLength: no value passes"
        yield subject.error("options.range", f"{path}.minLength", message, "write the lower bound first")


def _pattern(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    pattern = at.column.options.get("pattern")
    problem = pattern_problem(pattern) if isinstance(pattern, str) else None
    if problem:
        yield subject.error("options.pattern", f"{path}.pattern", problem, "write it otherwise")


def pattern_problem(pattern: str) -> str | None:
    """Why the engine cannot match with `pattern`, or None."""
    plain = _UNICODE_CLASS.sub("a", pattern.replace(r"\\", "_"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about sets that a later Python may read otherwise
            re.compile(plain)
    except re.error as error:
        return f"no regular expression: {error}"
    counts = [int(count) for count in re.findall(r"\d+", "".join(re.findall(r"\{[\d,]+\}", plain)))]
    if _BEYOND_RE2.search(plain) or max(counts, default=0) > _MAX_REPEAT:
        return "the engine's regular expressions (RE2) do not have this, as in look-around and back-references"
    return None


def _severities(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    """A severity for a rule that the column does not have is most likely a slip."""
    options = at.column.options.keys()
    has = {
        "required": at.column.required,
        "unique": at.column.unique,
        "enum": bool(at.column.enum),
        "pattern": "pattern" in options,
        "multipleOf": "multipleOf" in options,
        "range": bool(options & {*_LOWER, *_UPPER}),
        "length": bool(options & {"minLength", "maxLength"}),
        "type": at.column.type.kind != "string",
    }
    for rule in at.column.severities:
        if not has[rule]:
            message = f"a severity for `{rule}`, a rule that `{at.column.name}` does not have"
            yield subject.warning("severity.unused", custom_path(at, "datamesh.severity"), message, "remove it")
