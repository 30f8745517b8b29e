"""Lint's second layer: the ODCS JSON Schema (`odcs.py`), in words of one line.

A schema with oneOf, if/then and unevaluatedProperties reports one mistake many times over. Here each mistake is said
once, where it was made. A field that ODCS does not have is kept with the rest of the file and does nothing: a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jsonschema.exceptions import ValidationError

from datamesh.contract.fields import text
from datamesh.contract.finding import Finding
from datamesh.contract.model import Severity
from datamesh.contract.odcs import schema_of, validator_of
from datamesh.contract.pieces import pieces
from datamesh.contract.source import Source

__all__ = ["check"]

_NESTED = ("allOf", "anyOf", "oneOf")
_UNKNOWN = ("additionalProperties", "unevaluatedProperties")
_UNKNOWN_FIELD = "odcs.unknown-field"
_RULES = {
    "required": "odcs.required",
    "type": "odcs.type",
    "enum": "odcs.value",
    "const": "odcs.value",
    "pattern": "odcs.form",
    "not": "odcs.not-allowed",
}
_FIXES = {
    "minItems": "add an entry, or leave the field out",
    "maxItems": "leave entries out",
    "uniqueItems": "remove what stands twice",
    "minimum": "write a larger number",
    "exclusiveMinimum": "write a larger number",
}
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def check(source: Source) -> Iterator[Finding]:
    """The findings of the standard's own schema."""
    version, seen = text(source.data, "apiVersion"), set[tuple[str, str]]()
    for place, definition, piece in pieces(source.data):
        for error in _errors(version, definition, piece):
            for inner, rule, message, fix in _Explainer(version).explain(error):
                path = f"{place}.{inner}" if place and inner else place or inner
                if (path, rule) not in seen:
                    seen.add((path, rule))
                    severity: Severity = "warning" if rule == _UNKNOWN_FIELD else "error"
                    yield Finding(rule, path, source.line(path), severity, message, fix)


def _errors(version: str, definition: str, piece: Any) -> Iterator[Any]:
    if not definition:
        return validator_of(version).iter_errors(piece)
    definitions = schema_of(version)["$defs"]
    inside = {**definitions[definition], "$defs": definitions}
    return validator_of(version).evolve(schema=inside).iter_errors(piece)


_Explained = tuple[str, str, str, str]  # path, rule, message, fix


# The errors are Any here: jsonschema types each of their parts as possibly unset, which a reported error's never are.
@dataclass(frozen=True)
class _Explainer:
    """Errors of the schema for one `apiVersion`, in words."""

    version: str

    def explain(self, error: Any) -> Iterator[_Explained]:
        validator = str(error.validator)
        path = _path(error)
        if validator in ("oneOf", "anyOf"):
            yield from self._choice(error, path)
        elif validator in _UNKNOWN:
            yield from self._unknown(error, path)
        elif validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            for name in missing:
                yield path, "odcs.required", f"`{name}` is missing", f"add `{name}:` here"
        else:
            yield path, _RULES.get(validator, "odcs.invalid"), *_words(error, validator)

    def _choice(self, error: Any, path: str) -> Iterator[_Explained]:
        """One of several forms fits none or more than one: explain by the form that comes closest."""
        branches: dict[int, list[Any]] = {}
        for inner in error.context or []:
            branches.setdefault(int(inner.schema_path[0]), []).append(inner)
        if not branches:
            names = sorted({name for branch in error.validator_value for name in branch.get("required", [])})
            given = [name for name in names if isinstance(error.instance, dict) and name in error.instance]
            yield path, "odcs.one-of", f"only one of these may stand here: {', '.join(given or names)}", "keep one"
            return
        at_root = [inner for errors in branches.values() for inner in errors if not inner.relative_path]
        if len(at_root) >= len(branches) and all(e.validator == "required" for e in at_root):
            names = sorted({name for e in at_root for name in e.validator_value})
            yield path, "odcs.one-of", f"one of these is missing: {', '.join(names)}", f"add `{names[0]}:`"
            return
        for inner in min(branches.values(), key=_distance):
            yield from self.explain(inner)

    def _unknown(self, error: Any, path: str) -> Iterator[_Explained]:
        """Names that no part of the schema knows here. Draft 2019-09 also reports known ones whose value is wrong."""
        known = self._known_names(error.schema, error.instance)
        for name in error.instance:
            if name not in known:
                close = get_close_matches(str(name), sorted(known), n=1)
                at = f"{path}.{name}" if path else str(name)
                fix = f"did you mean `{close[0]}`?" if close else "our own fields go to customProperties"
                yield at, _UNKNOWN_FIELD, f"`{name}` is no field of ODCS here: it is kept and does nothing", fix

    def _known_names(self, schema: Any, instance: Any) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        names = set(schema.get("properties", {}))
        if "$ref" in schema:
            names |= self._known_names(self._resolve(schema["$ref"]), instance)
        for key in _NESTED:
            for part in schema.get(key, []):
                names |= self._known_names(part, instance)
        if "if" not in schema or self._holds(schema["if"], instance):
            names |= self._known_names(schema.get("then"), instance)
        else:
            names |= self._known_names(schema.get("else"), instance)
        return names

    def _holds(self, condition: Mapping[str, Any], instance: Any) -> bool:
        whole = {**condition, "$defs": schema_of(self.version)["$defs"]}
        return bool(validator_of(self.version).evolve(schema=whole).is_valid(instance))

    def _resolve(self, reference: str) -> Any:
        found: Any = schema_of(self.version)
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found


def _words(error: Any, validator: str) -> tuple[str, str]:
    """What is wrong, and what to write."""
    expected = error.validator_value
    if validator == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        wanted = " or ".join(_KINDS[kind] for kind in kinds)
        quotes = "string" in kinds and not isinstance(error.instance, list | dict)
        return f"this must be {wanted}", "put it in quotes" if quotes else f"write {wanted}"
    if validator == "enum":
        close = get_close_matches(str(error.instance), [str(v) for v in expected], n=1)
        allowed = ", ".join(str(v) for v in expected)
        return f"`{error.instance}` is not one of: {allowed}", f"did you mean `{close[0]}`?" if close else "write one"
    if validator == "not":
        return str(error.schema.get("description", "this is not allowed here")), "remove what is not allowed"
    if validator == "pattern":
        return f"`{error.instance}` has not the form that ODCS asks for", str(error.schema.get("description", expected))
    return error.message, _FIXES.get(validator, "see what docs/odcs.md says of this field")


def _distance(errors: list[Any]) -> tuple[bool, bool, int]:
    """How far a form is from what was written: another type altogether is farthest, then one whose field is missing."""
    at_root = {e.validator for e in errors if not e.relative_path}
    return "type" in at_root, "required" in at_root, len(errors)


def _path(error: ValidationError) -> str:
    path = ""
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path
