"""Lint's second layer: the ODCS JSON Schema of the installed `open-data-contract-standard`, in words of one line.

A schema with oneOf, if/then and unevaluatedProperties reports one mistake many times over. Here each mistake is said
once, where it was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError

from datamesh.contract.finding import Finding
from datamesh.contract.source import Source

__all__ = ["check"]

_NESTED = ("allOf", "anyOf", "oneOf")
_UNKNOWN = ("additionalProperties", "unevaluatedProperties")
_RULES = {
    "required": "odcs.required",
    "type": "odcs.type",
    "enum": "odcs.value",
    "const": "odcs.value",
    "pattern": "odcs.form",
    "not": "odcs.not-allowed",
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
    seen: set[tuple[str, str]] = set()
    for error in _validator().iter_errors(source.data):
        for path, rule, message, fix in _explain(error):
            if (path, rule) not in seen:
                seen.add((path, rule))
                yield Finding(rule, path, source.line(path), "error", message, fix)


@cache
def _validator() -> Draft201909Validator:
    return Draft201909Validator(_schema())


@cache
def _schema() -> dict[str, Any]:
    # The spec is found without importing the package: its pydantic models cost a cold start and are not used.
    spec = find_spec("open_data_contract_standard")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("open_data_contract_standard")
    schema: dict[str, Any] = json.loads(Path(spec.origin).with_name("schema.json").read_text(encoding="utf-8"))
    _require_logical_type(schema)
    return schema


def _require_logical_type(schema: Any) -> None:
    """Mends, in place, the schema's conditions on logicalType: a property without one meets them all.

    As published (3.2.0), `if: {properties: {logicalType: {const: map}}}` holds where logicalType is left out, so that
    every such property would have to carry a `map`. ODCS makes logicalType optional.
    """
    if isinstance(schema, list):
        for item in schema:
            _require_logical_type(item)
    elif isinstance(schema, dict):
        condition = schema.get("if")
        for form in condition.get("anyOf", [condition]) if isinstance(condition, dict) else []:
            if "logicalType" in form.get("properties", {}):
                form.setdefault("required", ["logicalType"])
        for item in schema.values():
            _require_logical_type(item)


_Explained = tuple[str, str, str, str]  # path, rule, message, fix


# The errors are Any here: jsonschema types each of their parts as possibly unset, which a reported error's never are.
def _explain(error: Any) -> Iterator[_Explained]:
    validator = str(error.validator)
    path = _path(error)
    if validator in ("oneOf", "anyOf"):
        yield from _explain_choice(error, path)
    elif validator in _UNKNOWN:
        yield from _explain_unknown(error, path)
    elif validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        for name in missing:
            yield path, "odcs.required", f"`{name}` is missing", f"add `{name}:` here"
    else:
        yield path, _RULES.get(validator, "odcs.invalid"), *_words(error, validator)


def _words(error: Any, validator: str) -> tuple[str, str]:
    expected = error.validator_value
    if validator == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        wanted = " or ".join(_KINDS[kind] for kind in kinds)
        return f"this must be {wanted}", "put it in quotes" if "string" in kinds else ""
    if validator == "enum":
        close = get_close_matches(str(error.instance), [str(v) for v in expected], n=1)
        allowed = ", ".join(str(v) for v in expected)
        return f"`{error.instance}` is not one of: {allowed}", f"did you mean `{close[0]}`?" if close else ""
    if validator == "not":
        return str(error.schema.get("description", "this is not allowed here")), ""
    if validator == "pattern":
        return f"`{error.instance}` has not the form that ODCS asks for", str(error.schema.get("description", expected))
    return error.message, ""


def _explain_choice(error: Any, path: str) -> Iterator[_Explained]:
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
    closest = min(branches.values(), key=_distance)
    for inner in closest:
        yield from _explain(inner)


def _distance(errors: list[Any]) -> tuple[bool, bool, int]:
    """How far a form is from what was written: another type altogether is farthest, then one whose field is missing."""
    at_root = {e.validator for e in errors if not e.relative_path}
    return "type" in at_root, "required" in at_root, len(errors)


def _explain_unknown(error: Any, path: str) -> Iterator[_Explained]:
    """Names that no part of the schema knows here. Draft 2019-09 also reports known ones whose value is wrong."""
    known = _known_names(error.schema, error.instance)
    for name in error.instance:
        if name not in known:
            close = get_close_matches(str(name), sorted(known), n=1)
            at = f"{path}.{name}" if path else str(name)
            fix = f"did you mean `{close[0]}`?" if close else "our own fields go to customProperties"
            yield at, "odcs.unknown-field", f"`{name}` is no field of ODCS here", fix


def _known_names(schema: Any, instance: Any) -> set[str]:
    if not isinstance(schema, dict):
        return set()
    names = set(schema.get("properties", {}))
    if "$ref" in schema:
        names |= _known_names(_resolve(schema["$ref"]), instance)
    for key in _NESTED:
        for part in schema.get(key, []):
            names |= _known_names(part, instance)
    if "if" not in schema or _validator().evolve(schema=_with_defs(schema["if"])).is_valid(instance):
        names |= _known_names(schema.get("then"), instance)
    else:
        names |= _known_names(schema.get("else"), instance)
    return names


def _with_defs(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "$defs": _schema()["$defs"]}


def _resolve(reference: str) -> Any:
    found: Any = _schema()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def _path(error: ValidationError) -> str:
    path = ""
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path
