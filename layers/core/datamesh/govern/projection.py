"""What Lake Formation should hold of a product, and the calls that bring it there. Pure.

`wanted` makes the policy a `State`; `lakeformation.existing` reads the same kind of value from the service; `changes`
is the difference, in the order in which it is safe to make it.

What we own: our LF-Tag keys on the product's database, table and columns, every grant on the product's table by its
name or on a data cells filter of it, the filters of our names and, where Lake Formation governs the database, what
everybody whom IAM lets in holds on all of it. The rest (other tags, other filters, other tables, other grants on the
whole database, account settings) is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from datamesh.contract.model import Contract
from datamesh.govern.filters import CellsFilter, filters_of
from datamesh.govern.policy import grants_of
from datamesh.govern.rights import rights_of
from datamesh.govern.subscription import Subscription
from datamesh.govern.tags import TAG_KEYS, LFTags, lf_tags

__all__ = ["EVERYBODY", "OWN_TAG_KEYS", "Change", "OpenGrant", "OwnRoles", "State", "TableGrant", "changes", "wanted"]

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"  # whoever IAM lets in, as Lake Formation names them

OWN_TAG_KEYS = frozenset(TAG_KEYS)

_READ = ("DESCRIBE", "SELECT")
_WRITE = ("ALTER", "DESCRIBE")


@dataclass(frozen=True)
class OwnRoles:
    """The mesh's own roles in the domain's account, by arn.

    `reader` reads tables for the query function, `writers` create and change them in Glue, `admin` (or none) is the one
    that grants: a data lake administrator. `watchers` see who is granted what: administrators who read only.
    """

    reader: str
    writers: tuple[str, ...] = ()
    admin: str = ""
    watchers: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class TableGrant:
    """One permission of one principal (an arn) on the table.

    SELECT may be on some `columns` (sorted), on all but the `excluded` ones, or on the data cells filter of the name
    `filter`; everything else is on the whole table.
    """

    principal: str
    columns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    grantable: bool = False
    permission: str = "SELECT"
    filter: str = ""


@dataclass(frozen=True, order=True)
class OpenGrant:
    """One permission that everybody whom IAM lets in holds: on the database, or on `every_table` of it."""

    every_table: bool
    permission: str


@dataclass(frozen=True)
class State:
    """What Lake Formation holds, or should hold, of one product.

    `catalog` is the account of the table. `settings` is the account's document as the service gave it (empty in a
    wanted state); `tag_values` the LF-Tag ontology, key to values; `filters` those of our names. `watchers` are the
    administrators who read only. `rules` says of wanted grants what gives them: rules of the policy, or `mesh`.
    `governed` is a database of which Lake Formation alone decides; `open` is looked at in that only.
    """

    catalog: str
    database: str
    table: str
    columns: tuple[str, ...]
    tags: LFTags
    tag_values: Mapping[str, frozenset[str]]
    grants: frozenset[TableGrant]
    filters: frozenset[CellsFilter]
    admins: frozenset[str]
    settings: Mapping[str, Any]
    watchers: frozenset[str] = frozenset()
    rules: Mapping[TableGrant, tuple[str, ...]] = field(default_factory=dict)
    governed: bool = False
    open: frozenset[OpenGrant] = frozenset()


@dataclass(frozen=True)
class Change:
    """One call to Lake Formation, by its boto3 name. `grants` are what it gives or takes, `filter` whom it makes."""

    operation: str
    arguments: Mapping[str, Any]
    grants: tuple[TableGrant, ...] = ()
    filter: str = ""


def wanted(
    contract: Contract,
    *,
    account: str,
    database: str,
    table: str,
    own: OwnRoles,
    governed: bool = False,
    subscriptions: Sequence[Subscription] = (),
    at: datetime | None = None,
) -> State:
    """What the policy gives for a product whose Glue table is `database`.`table`, and what our own roles need there.

    `subscriptions` are looked at as of `at`; of a `governed` database Lake Formation alone decides.
    """
    tags = lf_tags(contract)
    grants = {TableGrant(own.reader, permission=permission) for permission in _READ}
    grants |= {TableGrant(writer, permission=permission) for writer in own.writers for permission in _WRITE}
    given, filters = _policy_grants(contract, account, subscriptions, at)
    return State(
        catalog=account,
        database=database,
        table=table,
        columns=tuple(column.name for column in contract.table.columns),
        tags=tags,
        tag_values=_values_of(tags),
        grants=frozenset(grants | given.keys()),
        filters=frozenset(filters),
        admins=frozenset({own.admin} if own.admin else ()),
        settings={},
        watchers=frozenset(own.watchers),
        rules=dict.fromkeys(grants, ("mesh",)) | given,
        governed=governed,
    )


def _policy_grants(
    contract: Contract, account: str, subscriptions: Sequence[Subscription], at: datetime | None
) -> tuple[dict[TableGrant, tuple[str, ...]], set[CellsFilter]]:
    """What each principal is granted, by which rules, and the filters for it: Lake Formation hides, it masks nothing.

    One grant for all columns whose values a principal is shown in all rows; where there are none, filters.
    DESCRIBE shows every column, so it goes with all of them only.
    """
    grants: dict[TableGrant, tuple[str, ...]] = {}
    filters: set[CellsFilter] = set()
    by_arn = sorted(grants_of(contract, account, subscriptions, at=at), key=lambda grant: grant.arn)
    for arn, group in groupby(by_arn, key=lambda grant: grant.arn):
        of_arn = list(group)
        rights = rights_of(contract, account, of_arn[0].principal, subscriptions, at=at)
        rules = tuple(dict.fromkeys(right.rule for right in rights.each if right.clear and not right.rows))
        if any(grant.columns is None and not grant.rows and not grant.masks for grant in of_arn):
            grants |= {TableGrant(arn, permission=permission): rules for permission in _READ}
        elif rights.plain:
            grants[TableGrant(arn, columns=tuple(sorted(rights.plain)))] = rules
        else:
            mine = filters_of(contract.table, rights)
            grants |= {TableGrant(arn, filter=each.name): (each.rule,) for each in mine}
            filters.update(mine)
    return grants, filters


def _values_of(tags: LFTags) -> dict[str, frozenset[str]]:
    values: dict[str, frozenset[str]] = {}
    for assigned in (tags.database, tags.table, *tags.columns.values()):
        for key, value in assigned.items():
            values[key] = values.get(key, frozenset()) | {value}
    return values


def changes(existing: State, want: State) -> tuple[Change, ...]:
    """The calls that make `existing` what is wanted; none when it stands so already.

    Rights are taken before others are given: a grant on other columns of the same table may be merged into the old one.
    Nobody holds a filter while it changes, or is deleted: half of what is wanted beside half of what was would be a
    third thing.
    """
    changed = {each.name for each in existing.filters} - {each.name for each in existing.filters & want.filters}
    kept = frozenset(grant for grant in existing.grants & want.grants if grant.filter not in changed)
    return (
        *_settings(existing, want),
        *_ontology(existing.tag_values, want.tag_values),
        *_assignments(existing, want),
        *_closings(existing.open - want.open, want),
        *_grant_calls("revoke_permissions", existing.grants - kept, want),
        *_filter_calls(existing.filters, want),
        *_grant_calls("grant_permissions", want.grants - kept, want),
    )


def _filter_calls(existing: frozenset[CellsFilter], want: State) -> Iterator[Change]:
    held, wanted_names = {each.name for each in existing}, {each.name for each in want.filters}
    for name in sorted(held - wanted_names):
        yield Change("delete_data_cells_filter", _filter_place(want, name), filter=name)
    for each in sorted(want.filters - existing):
        table_data = {
            **_filter_place(want, each.name),
            "ColumnNames": list(each.columns),
            "RowFilter": {"FilterExpression": each.rows},
        }
        operation = "update_data_cells_filter" if each.name in held else "create_data_cells_filter"
        yield Change(operation, {"TableData": table_data}, filter=each.name)


def _settings(existing: State, want: State) -> Iterator[Change]:
    """Administrators are added to those that are there; every other setting stays."""
    kinds = (("DataLakeAdmins", existing.admins, want.admins), ("ReadOnlyAdmins", existing.watchers, want.watchers))
    more = {
        key: [*existing.settings.get(key, []), *({_PRINCIPAL: arn} for arn in missing)]
        for key, held, wanted_there in kinds
        if (missing := sorted(wanted_there - held))
    }
    if more:
        yield Change("put_data_lake_settings", {"DataLakeSettings": {**existing.settings, **more}})


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
    for (principal, *_, grantable), group in groupby(sorted(grants, key=_call), key=_call):
        of_call = tuple(group)
        permissions = [grant.permission for grant in of_call]
        arguments: dict[str, Any] = {
            "Principal": {_PRINCIPAL: principal},
            "Resource": _resource(want, of_call[0]),
            "Permissions": permissions,
        }
        if grantable:
            arguments["PermissionsWithGrantOption"] = permissions
        yield Change(operation, arguments, of_call)


def _closings(grants: Iterable[OpenGrant], want: State) -> Iterator[Change]:
    """Our own roles are granted what they need there by the template: nothing of ours hangs on what everybody holds."""
    for every_table, group in groupby(sorted(grants), key=lambda grant: grant.every_table):
        every = {"Table": {"DatabaseName": want.database, "TableWildcard": {}}}
        arguments = {
            "Principal": {_PRINCIPAL: EVERYBODY},
            "Resource": every if every_table else {"Database": {"Name": want.database}},
            "Permissions": [grant.permission for grant in group],
        }
        yield Change("revoke_permissions", arguments)


def _call(grant: TableGrant) -> tuple[Any, ...]:
    """What grants of one call have in common."""
    return (grant.principal, grant.filter, grant.columns, grant.excluded, grant.grantable)


def _resource(want: State, grant: TableGrant) -> dict[str, Any]:
    if grant.filter:
        return {"DataCellsFilter": _filter_place(want, grant.filter)}
    if grant.columns:
        return _table_columns(want, {"ColumnNames": list(grant.columns)})
    if grant.excluded:
        return _table_columns(want, {"ColumnWildcard": {"ExcludedColumnNames": list(grant.excluded)}})
    return _table(want)


def _filter_place(want: State, name: str) -> dict[str, Any]:
    place = {"TableCatalogId": want.catalog, "DatabaseName": want.database, "TableName": want.table}
    return {**place, "Name": name}


def _table(want: State) -> dict[str, Any]:
    return {"Table": {"DatabaseName": want.database, "Name": want.table}}


def _table_columns(want: State, columns: dict[str, Any]) -> dict[str, Any]:
    return {"TableWithColumns": {"DatabaseName": want.database, "Name": want.table, **columns}}
