"""What Lake Formation should hold of a product, and the calls that bring it there. Pure.

`wanted` makes the policy a `State`; `lakeformation.existing` reads the same kind of value from the service; `changes`
is the difference, in the order in which it is safe to make it.

What we own: our LF-Tag keys on the product's database, table and columns, and every grant on the product's table by its
name. The rest (other tags, other tables, grants on the whole database, account settings) is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from datamesh.contract.model import Contract
from datamesh.govern.policy import grants_of
from datamesh.govern.rights import rights_of
from datamesh.govern.tags import TAG_KEYS, LFTags, lf_tags

__all__ = ["OWN_TAG_KEYS", "Change", "OwnRoles", "State", "TableGrant", "changes", "wanted"]

OWN_TAG_KEYS = frozenset(TAG_KEYS)

_READ = ("DESCRIBE", "SELECT")
_WRITE = ("ALTER", "DESCRIBE")


@dataclass(frozen=True)
class OwnRoles:
    """The mesh's own roles in the domain's account, by arn.

    `reader` reads tables for the query function, `writers` create and change them in Glue, `admin` (or none) is the one
    that grants: a data lake administrator.
    """

    reader: str
    writers: tuple[str, ...] = ()
    admin: str = ""


@dataclass(frozen=True, order=True)
class TableGrant:
    """One permission of one principal (an arn) on the table.

    SELECT may be on some `columns` (sorted) or on all but the `excluded` ones; everything else is on the whole table.
    """

    principal: str
    columns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    grantable: bool = False
    permission: str = "SELECT"


@dataclass(frozen=True)
class State:
    """What Lake Formation holds, or should hold, of one product.

    `settings` is the account's document as the service gave it (empty in a wanted state); `tag_values` the LF-Tag
    ontology, key to values.
    """

    database: str
    table: str
    columns: tuple[str, ...]
    tags: LFTags
    tag_values: Mapping[str, frozenset[str]]
    grants: frozenset[TableGrant]
    admins: frozenset[str]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One call to Lake Formation, by its boto3 name. `grants` are what it gives or takes."""

    operation: str
    arguments: Mapping[str, Any]
    grants: tuple[TableGrant, ...] = ()


def wanted(contract: Contract, *, account: str, database: str, table: str, own: OwnRoles) -> State:
    """What the policy gives for a product whose Glue table is `database`.`table`, and what our own roles need there."""
    tags = lf_tags(contract)
    grants = {TableGrant(own.reader, permission=permission) for permission in _READ}
    grants |= {TableGrant(writer, permission=permission) for writer in own.writers for permission in _WRITE}
    return State(
        database=database,
        table=table,
        columns=tuple(column.name for column in contract.table.columns),
        tags=tags,
        tag_values=_values_of(tags),
        grants=frozenset(grants | set(_policy_grants(contract, account))),
        admins=frozenset({own.admin} if own.admin else ()),
        settings={},
    )


def _policy_grants(contract: Contract, account: str) -> Iterator[TableGrant]:
    """One grant for all columns whose values a principal is shown in all rows: Lake Formation hides, it masks nothing.

    DESCRIBE shows every column, so it goes with all of them only.
    """
    by_arn = sorted(grants_of(contract, account), key=lambda grant: grant.arn)
    for arn, group in groupby(by_arn, key=lambda grant: grant.arn):
        grants = list(group)
        plain = rights_of(contract, account, grants[0].principal).plain
        if any(grant.columns is None and not grant.rows and not grant.masks for grant in grants):
            yield from (TableGrant(arn, permission=permission) for permission in _READ)
        elif plain:
            yield TableGrant(arn, columns=tuple(sorted(plain)))


def _values_of(tags: LFTags) -> dict[str, frozenset[str]]:
    values: dict[str, frozenset[str]] = {}
    for assigned in (tags.database, tags.table, *tags.columns.values()):
        for key, value in assigned.items():
            values[key] = values.get(key, frozenset()) | {value}
    return values


def changes(existing: State, want: State) -> tuple[Change, ...]:
    """The calls that make `existing` what is wanted; none when it stands so already.

    Rights are taken before others are given: a grant on other columns of the same table may be merged into the old one.
    """
    return (
        *_settings(existing, want),
        *_ontology(existing.tag_values, want.tag_values),
        *_assignments(existing, want),
        *_grant_calls("revoke_permissions", existing.grants - want.grants, want),
        *_grant_calls("grant_permissions", want.grants - existing.grants, want),
    )


def _settings(existing: State, want: State) -> Iterator[Change]:
    """Administrators are added to those that are there; every other setting stays."""
    if missing := sorted(want.admins - existing.admins):
        admins = [*existing.settings.get("DataLakeAdmins", []), *({_PRINCIPAL: arn} for arn in missing)]
        merged = {**existing.settings, "DataLakeAdmins": admins}
        yield Change("put_data_lake_settings", {"DataLakeSettings": merged})


_PRINCIPAL = "DataLakePrincipalIdentifier"


def _ontology(existing: Mapping[str, frozenset[str]], want: Mapping[str, frozenset[str]]) -> Iterator[Change]:
    for key, values in sorted(want.items()):
        if key not in existing:
            yield Change("create_lf_tag", {"TagKey": key, "TagValues": sorted(values)})
        elif missing := sorted(values - existing[key]):
            yield Change("update_lf_tag", {"TagKey": key, "TagValuesToAdd": missing})


def _assignments(existing: State, want: State) -> Iterator[Change]:
    places: list[tuple[dict[str, Any], Mapping[str, str], Mapping[str, str]]] = [
        ({"Database": {"Name": want.database}}, existing.tags.database, want.tags.database),
        (_table(want), existing.tags.table, want.tags.table),
    ]
    for name in want.columns:
        place = _table_columns(want, {"ColumnNames": [name]})
        places.append((place, existing.tags.columns.get(name, {}), want.tags.columns.get(name, {})))
    for resource, has, wants in places:
        if gone := {key: value for key, value in has.items() if key in OWN_TAG_KEYS and key not in wants}:
            yield Change("remove_lf_tags_from_resource", {"Resource": resource, "LFTags": _pairs(gone)})
        if new := {key: value for key, value in wants.items() if has.get(key) != value}:
            yield Change("add_lf_tags_to_resource", {"Resource": resource, "LFTags": _pairs(new)})


def _pairs(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"TagKey": key, "TagValues": [value]} for key, value in sorted(tags.items())]


def _grant_calls(operation: str, grants: Iterable[TableGrant], want: State) -> Iterator[Change]:
    """One call for each principal and kind of resource, with all its permissions."""
    for (principal, columns, excluded, grantable), group in groupby(
        sorted(grants), key=lambda grant: (grant.principal, grant.columns, grant.excluded, grant.grantable)
    ):
        of_call = tuple(group)
        permissions = [grant.permission for grant in of_call]
        arguments: dict[str, Any] = {
            "Principal": {_PRINCIPAL: principal},
            "Resource": _resource(want, columns, excluded),
            "Permissions": permissions,
        }
        if grantable:
            arguments["PermissionsWithGrantOption"] = permissions
        yield Change(operation, arguments, of_call)


def _resource(want: State, columns: tuple[str, ...], excluded: tuple[str, ...]) -> dict[str, Any]:
    if columns:
        return _table_columns(want, {"ColumnNames": list(columns)})
    if excluded:
        return _table_columns(want, {"ColumnWildcard": {"ExcludedColumnNames": list(excluded)}})
    return _table(want)


def _table(want: State) -> dict[str, Any]:
    return {"Table": {"DatabaseName": want.database, "Name": want.table}}


def _table_columns(want: State, columns: dict[str, Any]) -> dict[str, Any]:
    return {"TableWithColumns": {"DatabaseName": want.database, "Name": want.table, **columns}}
