"""logicalTypeOptions: bounds that make sense, patterns and formats that can be read, severities that do something."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

from datamesh.contract.finding import Finding
from datamesh.contract.formats import STRING_FORMATS, UNCHECKED_FORMATS
from datamesh.contract.model import ColumnType
from datamesh.contract.patterns import TimePattern, time_pattern
from datamesh.contract.rules.subject import ColumnAt, Subject, custom_path
from datamesh.contract.types import INTEGER_FORMATS, KINDS, NESTED
from datamesh.contract.values import exact, is_number, moment

__all__ = ["check", "pattern_problem"]

_LOWER, _UPPER = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")
_COUNTS = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"))
_TIMES = ("date", "timestamp", "timestamptz", "time")
# What Python's regular expressions have and RE2 does not: (?=, (?!, (?<=, (?<!, (?>, (?(1), (?#, (?P=name), the flags
# a, L, u and x, \1, \Z, \u, \N and a++. And what RE2 has and Python does not: \p{L}.
_BEYOND_RE2 = re.compile(r"\(\?(?:[=!>(#]|<[=!]|P=|[a-zA-Z-]*[aLux])|\\[1-9ZuUN]|[*+?}]\+")
_UNICODE_CLASS = re.compile(r"\\[pP](?:\{\^?\w+\}|\w)")
_MAX_REPEAT = 1_000


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.columns():
        if at.column.type.kind not in (*KINDS, *NESTED):
            continue  # the type itself is the finding
        path = f"{at.path}.logicalTypeOptions"
        yield from _bounds(subject, at, path)
        yield from _counts(subject, at, path)
        yield from _pattern(subject, at, path)
        yield from _format(subject, at, path)
        yield from _zone(subject, at, path)
        yield from _severities(subject, at)


def _bounds(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    values: dict[str, Any] = {}
    for name in (*_LOWER, *_UPPER):
        if name not in at.column.options:
            continue
        value = _comparable(at.column.type, at.column.options[name])
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


def _comparable(kind: ColumnType, value: Any) -> Any:
    if kind.kind in ("integer", "number", "decimal"):
        return exact(value) if is_number(value) else None
    return moment(kind, value) if isinstance(value, str) else None


def _beyond(low: Any, high: Any) -> bool:
    try:
        return bool(low > high)
    except TypeError:  # one instant with a time zone, one without
        return False


def _counts(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    for least, most in _COUNTS:
        low, high = at.column.options.get(least), at.column.options.get(most)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            message = f"{least} is above {most}: no value passes"
            yield subject.error("options.range", f"{path}.{least}", message, "write the lower bound first")


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


def _format(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    form, kind = at.column.options.get("format"), at.column.type.kind
    if not isinstance(form, str):
        return
    path = f"{path}.format"
    if kind == "string" and form not in STRING_FORMATS:
        yield from _text_format(subject, path, form)
    elif kind in _TIMES:
        yield from _time_format(subject, path, form, kind)
    elif kind == "integer" and form not in INTEGER_FORMATS:
        message = f"a table's integers have 64 bits at most, `{form}` has more"
        yield subject.error("options.format", path, message, "leave it out, and write physicalType: decimal(38,0)")


def _text_format(subject: Subject, path: str, form: str) -> Iterator[Finding]:
    if form in UNCHECKED_FORMATS:
        message = f"`{form}` says nothing that a text could be checked by"
        yield subject.warning("not-carried-out", path, message, "a classification says who may see it")
        return
    close = get_close_matches(form, STRING_FORMATS, n=1)
    fix = f"did you mean `{close[0]}`?" if close else "write a pattern instead"
    yield subject.warning("not-carried-out", path, f"`{form}` is no format that is known here", fix)


def _time_format(subject: Subject, path: str, form: str, kind: str) -> Iterator[Finding]:
    pattern = time_pattern(form)
    if not isinstance(pattern, TimePattern):
        fix = "write a pattern such as yyyy-MM-dd HH:mm:ss; docs/odcs.md has the letters"
        yield subject.error("options.format", path, f"the pattern cannot be read with: {pattern}", fix)
    elif not pattern.tells(kind):
        message = f"what `{form}` tells is no {kind}"
        fix = "use the logicalType that it is: date, time or timestamp"
        yield subject.error("options.format", path, message, fix)


def _zone(subject: Subject, at: ColumnAt, path: str) -> Iterator[Finding]:
    zone, kind, path = at.column.options.get("defaultTimezone"), at.column.type.kind, f"{path}.defaultTimezone"
    if not isinstance(zone, str):
        return
    known = available_timezones()
    if known and zone not in known:  # a system may lack the list
        close = get_close_matches(zone, known, n=1)
        fix = f"did you mean `{close[0]}`?" if close else "write a name such as Europe/Berlin"
        yield subject.error("options.timezone", path, f"`{zone}` is no time zone", fix)
    elif kind == "timestamp":
        message = "these timestamps have no zone: they stay as they are written"
        yield subject.warning("not-carried-out", path, message, "add `timezone: true` to have instants")
    elif kind == "time":
        yield subject.warning("not-carried-out", path, "a time of day has no zone in a table", "remove it")


def _severities(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    """A severity for a rule that the column does not have is most likely a slip."""
    options, kind = at.column.options.keys(), at.column.type.kind
    has = {
        "required": at.column.required,
        "unique": at.column.unique,
        "enum": bool(at.column.enum),
        "pattern": "pattern" in options,
        "format": kind == "string" and at.column.options.get("format") in STRING_FORMATS,
        "multipleOf": "multipleOf" in options,
        "range": bool(options & {*_LOWER, *_UPPER}),
        "length": bool(options & {"minLength", "maxLength"}),
        "items": bool(options & {"minItems", "maxItems", "uniqueItems"}),
        "properties": bool(options & {"minProperties", "maxProperties"}),
        "type": kind != "string",
    }
    for rule in at.column.severities:
        if not has[rule]:
            message = f"a severity for `{rule}`, a rule that `{at.column.name}` does not have"
            yield subject.warning("severity.unused", custom_path(at, "datamesh.severity"), message, "remove it")
