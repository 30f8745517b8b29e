"""What a column promises about its values, and whether a newer version promises more.

More is breaking where it is an error, for rows already published may not keep it. Less is not: readers have to live
with values that they did not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from datamesh.contract.model import Column, Severity

__all__ = ["OPTIONS", "Promise", "promises", "severities"]


@dataclass(frozen=True)
class Promise:
    """A promise that changed; `tighter` when the newer version promises more and a row that breaks it is bad."""

    rule: str
    tighter: bool
    message: str


# When a new value promises more than the old one: above it, below it, whatever it is, where it is true, where a list
# names more, never.
More = Literal["above", "below", "other", "true", "longer", "never"]

# Every logicalTypeOption of ODCS: the rule that carries it out, and when it promises more than before.
OPTIONS: Mapping[str, tuple[str, More]] = {
    "minimum": ("range", "above"),
    "exclusiveMinimum": ("range", "above"),
    "maximum": ("range", "below"),
    "exclusiveMaximum": ("range", "below"),
    "minLength": ("length", "above"),
    "maxLength": ("length", "below"),
    "pattern": ("pattern", "other"),
    "format": ("format", "other"),
    "multipleOf": ("multipleOf", "other"),
    "minItems": ("items", "above"),
    "maxItems": ("items", "below"),
    "uniqueItems": ("items", "true"),
    "minProperties": ("properties", "above"),
    "maxProperties": ("properties", "below"),
    "required": ("required", "longer"),
    # These say which type it is, which is compared by itself, or how a text is read, which is the owners' affair.
    "timezone": ("type", "never"),
    "defaultTimezone": ("input", "never"),
    # Of vectors, which are not published.
    "dimensions": ("vector", "other"),
    "elementType": ("vector", "other"),
    "distanceMetric": ("vector", "never"),
    "embeddingModel": ("vector", "other"),
    "embeddingModelVersion": ("vector", "other"),
    "normalized": ("vector", "other"),
}
_READING = ("date", "timestamp", "timestamptz", "time")  # their format says how a text is read, not what it may be


def promises(old: Column, new: Column) -> Iterator[Promise]:
    """What changed, of the built-in rules of a column."""
    for rule in ("required", "unique"):
        before, after = getattr(old, rule), getattr(new, rule)
        if before != after:
            yield _promise(new, rule, after, f"{rule} is {'new' if after else 'gone'}")
    yield from _enum(old, new)
    for name in sorted({*old.options, *new.options}):
        if old.options.get(name) != new.options.get(name):
            yield _option(name, old, new)
    for rule, tighter, message in severities(old.severities, new.severities):
        yield Promise(rule, tighter, message)


def severities(old: Mapping[str, Severity], new: Mapping[str, Severity]) -> Iterator[tuple[str, bool, str]]:
    """The rules whose severity changed: (rule, tighter, message)."""
    for rule in sorted({*old, *new}):
        before, after = old.get(rule, "error"), new.get(rule, "error")
        if before != after:
            yield rule, after == "error", f"breaking {rule} is now {'an error' if after == 'error' else 'a warning'}"


def _promise(new: Column, rule: str, more: bool, message: str) -> Promise:
    return Promise(rule, more and new.severity(rule) == "error", message)


def _enum(old: Column, new: Column) -> Iterator[Promise]:
    before, after = {repr(e.value) for e in old.enum}, {repr(e.value) for e in new.enum}
    if before != after:
        more = bool(after) and (not before or not before <= after)
        yield _promise(new, "enum", more, "fewer values are allowed" if more else "more values are allowed")


def _option(name: str, old: Column, new: Column) -> Promise:
    rule, more = OPTIONS.get(name, (name, "never"))  # what ODCS does not have is not carried out
    if name == "format" and new.type.kind in _READING:
        rule, more = "input", "never"
    before, after = old.options.get(name), new.options.get(name)
    message = f"{name} was {_said(before)} and is {_said(after)}"
    return _promise(new, rule, after is not None and _is_more(more, before, after), message)


def _is_more(more: More, before: Any, after: Any) -> bool:
    if more in ("never", "true"):
        return more == "true" and after is True
    if before is None or more == "other":
        return True
    if more == "longer":
        return not set(map(str, after)) <= set(map(str, before))
    try:
        return bool(after > before if more == "above" else after < before)
    except TypeError:  # bounds of two kinds cannot be compared: assume the worse
        return True


def _said(value: Any) -> Any:
    return "not set" if value is None else value
