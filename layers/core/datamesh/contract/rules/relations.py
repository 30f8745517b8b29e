"""Relationships: references that can be read, between columns that exist as far as this contract can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datamesh.contract import references
from datamesh.contract.custom import read
from datamesh.contract.fields import mappings
from datamesh.contract.finding import Finding
from datamesh.contract.model import Relationship
from datamesh.contract.rules.subject import Subject, TableAt
from datamesh.contract.vocabulary import RelationshipProperties

__all__ = ["check"]

_FORMS = "write table.column, or ../domain/product.odcs.yaml#/schema/product/properties/column"


def check(subject: Subject) -> Iterator[Finding]:
    contract = subject.contract
    columns = {table.table.name: table.column_names() for table in subject.tables()}
    for table in subject.tables():
        here = references.Here(contract.domain, contract.product, table.table.name)
        for path, raw, relationship in _written(table, here):
            if isinstance(relationship, str):
                yield subject.error("relationship.form", path, relationship, _FORMS)
            else:
                yield from _columns(subject, path, relationship, here, columns)
                yield from _not_checked(subject, path, raw, relationship)


def _written(table: TableAt, here: references.Here) -> Iterator[tuple[str, Mapping[str, Any], Relationship | str]]:
    for at in table.columns():
        for index, raw in enumerate(mappings(at.raw, "relationships")):
            yield f"{at.path}.relationships[{index}]", raw, references.at_property(raw, at.column.name, here)
    for index, raw in enumerate(mappings(table.raw, "relationships")):
        yield f"{table.path}.relationships[{index}]", raw, references.at_table(raw, here)


def _not_checked(subject: Subject, path: str, raw: Mapping[str, Any], relationship: Relationship) -> Iterator[Finding]:
    """Only who asks for a check is told that there is none."""
    ours, _ = read(RelationshipProperties, mappings(raw, "customProperties"))
    if ours.severity in ("error", "warning") and relationship.severity is None:
        message = f"`{relationship.to.domain}` is another domain, whose tables this one's functions may not read"
        fix = "leave datamesh.severity out: the relationship still serves questions"
        yield subject.warning("relationship.not-checked", path, message, fix)


def _columns(
    subject: Subject, path: str, relationship: Relationship, here: references.Here, columns: dict[str, set[str]]
) -> Iterator[Finding]:
    rule = "relationship.column"
    for name in relationship.columns:
        if name not in columns[here.table]:
            yield subject.error(rule, path, f"this table has no column `{name}`", "name one of its columns")
    if (relationship.to.domain, relationship.to.product) != (here.domain, here.product):
        return  # another contract: whether its column exists is seen when both are known
    target = columns.get(relationship.to.table)
    if target is None:
        yield subject.error(rule, path, f"this contract has no table `{relationship.to.table}`", _FORMS)
        return
    for name in relationship.to_columns:
        if name not in target:
            yield subject.error(
                rule, path, f"`{relationship.to.table}` has no column `{name}`", "name one of its columns"
            )
