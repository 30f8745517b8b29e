"""The calls that bring Lake Formation from one `State` to another, in the order in which that is safe. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from datamesh.contract.governed import TAG_KEYS
from datamesh.govern.filters import CellsFilter
from datamesh.govern.projection import EVERYBODY, OpenGrant, State, TableGrant

__all__ = ["Change", "changes", "settings_change"]


@dataclass(frozen=True)
class Change:
    """One call to Lake Formation, by its boto3 name. `grants` are what it gives or takes, `filter` whom it makes."""

    operation: str
    arguments: Mapping[str, Any]
    grants: tuple[TableGrant, ...] = ()
    filter: str = ""


def changes(existing: State, want: State) -> tuple[Change, ...]:
    """The calls that make `existing` what is wanted; none when it stands so already.

    Rights are taken before others are given: a grant on other columns of the same table may be merged into the old one.
    Nobody holds a filter while it changes, or is deleted: half of what is wanted beside half of what was would be a
    third thing.
    """
    changed = {each.name for each in existing.filters} - {each.name for each in existing.filters & want.filters}
    kept = frozenset(grant for grant in existing.grants & want.grants if grant.filter not in changed)
    return (
        *filter(None, [settings_change(existing, want)]),
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


def settings_change(existing: State, want: State) -> Change | None:
    """Administrators are added to those that are there; every other setting stays. None: there is nothing to add."""
    kinds = (("DataLakeAdmins", existing.admins, want.admins), ("ReadOnlyAdmins", existing.watchers, want.watchers))
    more = {
        key: [*existing.settings.get(key, []), *({_PRINCIPAL: arn} for arn in missing)]
        for key, held, wanted_there in kinds
        if (missing := sorted(wanted_there - held))
    }
    return Change("put_data_lake_settings", {"DataLakeSettings": {**existing.settings, **more}}) if more else None


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
        if gone := {key: value for key, value in has.items() if key in TAG_KEYS and key not in wants}:
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
