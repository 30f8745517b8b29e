"""The JSON Schema of ODCS, as the installed `open-data-contract-standard` has it, for each version that is read.

The package carries the schema of the newest version. What older versions allow beyond it is allowed here for them; what
newer ones added is taken from everybody. A few conditions of the schema say more than they mean, and are mended.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft201909Validator

__all__ = ["schema_of", "validator_of"]

_VERSIONS = r"^v(2\.2\.[0-2]|3\.[0-2]\.\d+)$"
_V30 = "v3.0."
_EXCLUSIVE = ("exclusiveMinimum", "exclusiveMaximum")


def validator_of(api_version: str) -> Draft201909Validator:
    """The validator for a contract of this `apiVersion`; that of the newest version where it is none."""
    return _validator(api_version.startswith(_V30))


def schema_of(api_version: str) -> dict[str, Any]:
    return _schema(api_version.startswith(_V30))


@cache
def _validator(v30: bool) -> Draft201909Validator:
    return Draft201909Validator(_schema(v30))


@cache
def _schema(v30: bool) -> dict[str, Any]:
    # The spec is found without importing the package: its pydantic models cost a cold start and are not used.
    spec = find_spec("open_data_contract_standard")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("open_data_contract_standard")
    schema: dict[str, Any] = json.loads(Path(spec.origin).with_name("schema.json").read_text(encoding="utf-8"))
    _require_logical_type(schema)
    _allow_rule(schema["$defs"])
    schema["properties"]["apiVersion"] = {
        "type": "string",
        "pattern": _VERSIONS,
        "description": "write v3.2.0; v3.1 and v3.0 are read as well",
    }
    if v30:
        _allow_v30(schema["$defs"])
    return schema


def _require_logical_type(schema: Any) -> None:
    """Mends, in place, the schema's conditions on logicalType: a property without one meets them all.

    As published (3.2.0), `if: {properties: {logicalType: {const: map}}}` holds where logicalType is left out, so that
    each such property would need a `map`, although logicalType is optional.
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


def _allow_rule(definitions: dict[str, Any]) -> None:
    """Mends, in place, the form of a library rule: `rule`, its metric's name in ODCS 3.0, may stand for `metric`."""
    library = definitions["DataQualityLibrary"]
    del library["required"]
    library["anyOf"] = [{"required": ["metric"]}, {"required": ["rule"]}]
    definitions["DataQuality"]["allOf"][0]["if"]["anyOf"].append({"required": ["rule"]})


def _allow_v30(definitions: dict[str, Any]) -> None:
    """What ODCS 3.0 has otherwise, in place: a quality rule may do without an operator, a member of the team without a
    user name, and an exclusive bound is a flag beside the bound.
    """
    operators = definitions["DataQualityOperators"]
    operators["oneOf"].append({"not": {"anyOf": [{"required": form["required"]} for form in operators["oneOf"]]}})
    del definitions["TeamMember"]["required"]
    for condition in definitions["SchemaBaseProperty"]["allOf"]:
        options = condition.get("then", {}).get("properties", {}).get("logicalTypeOptions", {})
        for name in _EXCLUSIVE:
            bound = options.get("properties", {}).get(name)
            if bound:
                bound["type"] = [bound["type"], "boolean"]
