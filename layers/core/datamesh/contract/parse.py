"""A contract's text as values: ODCS v3.0, v3.1 and v3.2 read into `model.py`.

Reading is tolerant: what is missing or misspelt takes its default and lint says so. Only a text that is no YAML
mapping is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from datamesh.contract import references
from datamesh.contract.custom import read
from datamesh.contract.fields import flag, mapping, mappings, number_or, text, texts
from datamesh.contract.intake import InputFormat, Merge, Thresholds
from datamesh.contract.masks import Mask
from datamesh.contract.model import (
    Approval,
    Check,
    Column,
    Contract,
    EnumValue,
    Relationship,
    Role,
    SlaProperty,
    Table,
    VerifiedStatement,
    Version,
)
from datamesh.contract.nested import ELEMENT, KEY, VALUE
from datamesh.contract.quality import parse_checks
from datamesh.contract.servers import input_of
from datamesh.contract.source import Source, load
from datamesh.contract.team import members, owners
from datamesh.contract.types import column_type, implied
from datamesh.contract.vocabulary import (
    ColumnProperties,
    ContractProperties,
    InputProperties,
    MergeProperties,
    RoleProperties,
    StatementProperties,
    TableProperties,
)

__all__ = ["parse", "parse_column", "parse_source", "parse_version", "product_of"]

_VERSION = re.compile(r"^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$")
_UNPOSITIONED = 1_000  # a key column without a position follows those that have one, in the contract's order


def parse(data: bytes | str) -> Contract:
    """The contract in `data`. Raises ContractError (with line and hint) when it is no YAML mapping."""
    return parse_source(load(data))


def parse_source(source: Source) -> Contract:
    raw = source.data
    domain, product = text(raw, "domain"), product_of(raw)
    description = raw.get("description")
    return Contract(
        id=text(raw, "id"),
        domain=domain,
        product=product,
        version=parse_version(raw.get("version")) or Version(0),
        status=text(raw, "status"),
        api_version=text(raw, "apiVersion"),
        tables=tuple(_table(item, domain, product, mappings(raw, "servers")) for item in mappings(raw, "schema")),
        roles=tuple(_role(item) for item in mappings(raw, "roles")),
        verified=_verified(raw),
        sla=tuple(_sla(item) for item in mappings(raw, "slaProperties")),
        team=tuple(name for _, m in members(raw) if (name := text(m, "name") or text(m, "username"))),
        owners=owners(raw),
        approvals=_approvals(raw),
        description=description if isinstance(description, str) else text(mapping(raw, "description"), "purpose"),
        business_name=text(raw, "name"),
        tags=texts(raw, "tags"),
    )


def parse_version(value: object) -> Version | None:
    """`1.2.3`, `v1.2` or `1`; None for anything else."""
    match = _VERSION.match(str(value)) if isinstance(value, str | int | float) else None
    return Version(*(int(part or 0) for part in match.groups())) if match else None


def product_of(raw: Mapping[str, Any]) -> str:
    """`dataProduct`, else the name of the one schema object; a contract of many tables may go by its own name."""
    tables = mappings(raw, "schema")
    return text(raw, "dataProduct") or text(tables[0] if len(tables) == 1 else raw, "name")


def _table(raw: Mapping[str, Any], domain: str, product: str, servers: list[Mapping[str, Any]]) -> Table:
    properties = mappings(raw, "properties")
    columns = [parse_column(item, position) for position, item in enumerate(properties)]
    ours, _ = read(TableProperties, mappings(raw, "customProperties"))
    here = references.Here(domain, product, text(raw, "name"))
    return Table(
        name=here.table,
        columns=tuple(c for c in columns if c.semantic_type != "measure"),
        measures=tuple(c for c in columns if c.semantic_type == "measure"),
        relationships=_relationships(raw, properties, here),
        checks=parse_checks(raw, None),
        business_name=text(raw, "businessName"),
        description=text(raw, "description"),
        synonyms=_synonyms(raw),
        tags=texts(raw, "tags"),
        write_mode=ours.write_mode,
        merge=_merge(ours.merge),
        input=_input(input_of(servers, ours.input)),
        thresholds=Thresholds(ours.thresholds.max_quarantined_percent, ours.thresholds.max_quarantined_rows),
        severities={str(rule): severity for rule, severity in ours.severity.items()},
    )


def parse_column(raw: Mapping[str, Any], position: int = 0) -> Column:
    """One property; `position` is its place in the contract, which orders keys that have none of their own."""
    ours, _ = read(ColumnProperties, mappings(raw, "customProperties"))
    logical, physical = text(raw, "logicalType"), text(raw, "physicalType")
    logical = logical or ("object" if raw.get("properties") else "")
    options = implied(logical, physical, _options(mapping(raw, "logicalTypeOptions")))
    semantic = text(raw, "semanticType")
    sources = texts(raw, "transformSourceObjects")
    return Column(
        name=text(raw, "name"),
        type=column_type(logical, physical, options, _inner(logical, raw, options)),
        required=flag(raw, "required"),
        unique=flag(raw, "unique"),
        primary_key_position=_position(raw, "primaryKey", "primaryKeyPosition", position),
        partition_position=_position(raw, "partitioned", "partitionKeyPosition", position),
        partition_transform=ours.partition_transform,
        semantic_type=semantic if semantic in ("measure", "dimension") else "column",  # type: ignore[arg-type]
        options=options,
        source=sources[0] if len(sources) == 1 and semantic != "measure" else "",
        transform_logic=text(raw, "transformLogic"),
        encrypted_name=text(raw, "encryptedName"),
        classification=text(raw, "classification"),
        business_name=text(raw, "businessName"),
        description=text(raw, "description"),
        synonyms=_synonyms(raw),
        enum=_enum(raw),
        examples=tuple(raw["examples"]) if isinstance(raw.get("examples"), list) else (),
        tags=texts(raw, "tags"),
        checks=_column_checks(raw),
        severities={str(rule): severity for rule, severity in ours.severity.items()},
        id=text(raw, "id"),
        deprecated=flag(raw, "deprecated"),
    )


def _inner(logical: str, raw: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns inside an object, an array or a map, as far as they are written."""
    if logical == "object":
        needed = options.get("required")
        fields = (parse_column(item, position) for position, item in enumerate(mappings(raw, "properties")))
        return tuple(replace(f, required=f.required or _names(needed, f.name)) for f in fields)
    if logical == "array" and isinstance(raw.get("items"), dict):
        return (parse_column({**raw["items"], "name": ELEMENT}),)
    pair = mapping(raw, "map") if logical == "map" else {}
    known = isinstance(pair.get(KEY), dict) and isinstance(pair.get(VALUE), dict)
    return tuple(parse_column({**pair[name], "name": name}) for name in (KEY, VALUE)) if known else ()


def _names(listed: object, name: str) -> bool:
    return isinstance(listed, list) and name in listed


def _options(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """ODCS 3.0 has flags that make `minimum` and `maximum` exclusive; here a bound stands under one name only."""
    options = dict(raw)
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if isinstance(options.get(exclusive), bool) and options.pop(exclusive) and bound in options:
            options[exclusive] = options.pop(bound)
    return options


def _column_checks(raw: Mapping[str, Any]) -> tuple[Check, ...]:
    return parse_checks(raw, text(raw, "name"))


def _position(raw: Mapping[str, Any], on: str, key: str, position: int) -> int | None:
    if not flag(raw, on):
        return None
    given = number_or(raw.get(key), -1)
    return given if given > 0 else _UNPOSITIONED + position


def _enum(raw: Mapping[str, Any]) -> tuple[EnumValue, ...]:
    entries = raw.get("enum")
    values = entries if isinstance(entries, list) else []
    return tuple(
        EnumValue(v.get("value"), text(v, "label"), text(v, "description")) if isinstance(v, Mapping) else EnumValue(v)
        for v in values
    )


def _synonyms(raw: Mapping[str, Any]) -> tuple[str, ...]:
    entries = raw.get("synonyms")
    words = [text(e, "synonym") if isinstance(e, Mapping) else e for e in entries] if isinstance(entries, list) else []
    return tuple(w for w in words if isinstance(w, str) and w)


def _merge(ours: MergeProperties | None) -> Merge:
    if ours is None:
        return Merge()
    if ours.delete is None:
        return Merge(ours.order)
    return Merge(ours.order, ours.delete.column, tuple(ours.delete.values))


def _input(ours: InputProperties) -> InputFormat:
    return InputFormat(
        format=ours.format,
        delimiter=ours.delimiter,
        quote=ours.quote,
        escape=ours.escape,
        encoding=ours.encoding,
        header=ours.header,
        skip_lines=ours.skip_lines,
        comment=ours.comment,
        sheet=ours.sheet,
        null_words=tuple(dict.fromkeys(["", *ours.null_words])),
        decimal_separator=ours.decimal_separator,
        thousands_separator=ours.thousands_separator,
        timestamp_format=ours.timestamp_format,
        extra_columns=ours.extra_columns,
        missing_columns=ours.missing_columns,
    )


def _relationships(
    raw: Mapping[str, Any], properties: list[Mapping[str, Any]], here: references.Here
) -> tuple[Relationship, ...]:
    """Those that resolve in form; lint reports the others."""
    found = [
        references.at_property(item, text(column, "name"), here)
        for column in properties
        for item in mappings(column, "relationships")
    ]
    found += [references.at_table(item, here) for item in mappings(raw, "relationships")]
    return tuple(r for r in found if isinstance(r, Relationship))


def _role(raw: Mapping[str, Any]) -> Role:
    """A role with a restriction that cannot be read gives nothing: it may have been the one that mattered."""
    ours, problems = read(RoleProperties, mappings(raw, "customProperties"))
    unclear = any(problem.name != "datamesh.principals" for problem in problems)
    columns = None if ours.columns is None else tuple(ours.columns)
    return Role(
        name=text(raw, "role"),
        access=text(raw, "access") or "read",
        principals=tuple(ours.principals),
        columns=() if unclear else columns,
        masks=tuple((m.column, Mask(m.mask or "null", m.keep, m.width, m.span)) for m in ours.masks),
        rows=ours.rows,
        description=text(raw, "description"),
    )


def _verified(raw: Mapping[str, Any]) -> tuple[VerifiedStatement, ...]:
    contexts = [mapping(raw, "context"), *(mapping(table, "context") for table in mappings(raw, "schema"))]
    return tuple(_statement(item) for context in contexts for item in mappings(context, "verifiedStatements"))


def _statement(raw: Mapping[str, Any]) -> VerifiedStatement:
    ours, _ = read(StatementProperties, mappings(raw, "customProperties"))
    return VerifiedStatement(question=text(raw, "question"), sql=ours.sql, answer=text(raw, "answer"))


def _sla(raw: Mapping[str, Any]) -> SlaProperty:
    return SlaProperty(text(raw, "property"), raw.get("value"), text(raw, "unit"), text(raw, "element"))


def _approvals(raw: Mapping[str, Any]) -> tuple[Approval, ...]:
    """None where one of them cannot be read: nobody is let in by half a rule."""
    ours, _ = read(ContractProperties, mappings(raw, "customProperties"))
    return tuple(
        Approval(tuple(it.principals), None if it.columns is None else tuple(it.columns), it.days)
        for it in ours.auto_approval
    )
