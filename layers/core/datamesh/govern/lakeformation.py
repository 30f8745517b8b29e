"""Lake Formation brought to what the policy wants: read, compare, change only what differs.

The account's settings are merged, never replaced. A second run finds nothing to do and writes nothing.
Each domain has one writer (`apply_grants`); another domain of the same account may write at the same moment, so
ConcurrentModificationException is tried again after a random wait.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from datamesh.errors import Transient
from datamesh.govern.calls import Change, changes, settings_change
from datamesh.govern.filters import OWN_FILTERS, CellsFilter
from datamesh.govern.projection import EVERYBODY, OpenGrant, State, TableGrant
from datamesh.govern.tags import LFTags

__all__ = ["Applied", "apply", "differs", "existing", "of_gone_tables", "withdraw"]

_TRIES = 6


@dataclass(frozen=True)
class Applied:
    """What was done: permissions given and taken, and the principals (arns) that Lake Formation would not take.

    A principal is refused when no such role exists, or when Lake Formation does not take the filter of its rows; the
    grants of the others are made all the same.
    """

    granted: int
    revoked: int
    refused: tuple[str, ...] = ()


def differs(client: Any, want: State) -> bool:
    """Whether Lake Formation stands otherwise than wanted. Reads only."""
    return bool(changes(existing(client, want), want))


def apply(client: Any, want: State, *, sleep: Callable[[float], None] = time.sleep) -> Applied:
    """Makes Lake Formation stand as wanted. May be repeated. Raises Transient when it stays busy or refuses a tag."""
    granted = revoked = 0
    refused: list[str] = []
    unmade: set[str] = set()  # filters that Lake Formation does not take
    for change in changes(existing(client, want), want):
        if change.operation == "grant_permissions":
            if change.grants[0].filter not in unmade and _taken(client, change, sleep):
                granted += len(change.grants)
            else:
                refused.append(change.grants[0].principal)
        elif change.operation == "put_data_lake_settings":
            _settle(client, want, change, sleep)
        elif change.operation in ("create_data_cells_filter", "update_data_cells_filter"):
            if not _taken(client, change, sleep):
                unmade.add(change.filter)
        else:
            _call(client, change, sleep)
            revoked += len(change.grants)
    return Applied(granted, revoked, tuple(sorted(set(refused))))


def _settle(client: Any, want: State, change: Change, sleep: Callable[[float], None]) -> None:
    """Puts the account's settings until what is wanted stands there.

    They are one document without a version: another domain of the account that read it before and writes it after us
    takes our change back. So it is looked at again after a random wait, as the other does.
    """
    for attempt in range(_TRIES):
        _call(client, change, sleep)
        sleep(random.uniform(0.1, 0.2 * 2**attempt))  # noqa: S311 (jitter, not a secret)
        again = settings_change(_with_settings(client, want), want)
        if again is None:
            return
        change = again
    raise Transient(f"settings of the account were taken back {_TRIES} times")


def _taken(client: Any, change: Change, sleep: Callable[[float], None]) -> bool:
    """Whether Lake Formation takes what it is given; nothing else hangs on it."""
    try:
        _call(client, change, sleep)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidInputException":
            raise
        return False
    return True


def _call(client: Any, change: Change, sleep: Callable[[float], None]) -> None:
    for attempt in range(_TRIES):
        try:
            answer = getattr(client, change.operation)(**change.arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConcurrentModificationException":
                raise
            sleep(random.uniform(0, 0.2 * 2**attempt))  # noqa: S311 (jitter, not a secret)
        else:
            _check_failures(change, answer)
            return
    raise Transient(f"Lake Formation is busy: {change.operation} was refused {_TRIES} times")


def _check_failures(change: Change, answer: Mapping[str, Any]) -> None:
    """The tag calls answer 200 with the tags that failed inside."""
    if failures := answer.get("Failures"):
        codes = sorted({failure["Error"]["ErrorCode"] for failure in failures})
        raise Transient(f"Lake Formation refused {len(failures)} tag(s) in {change.operation}: {', '.join(codes)}")


def existing(client: Any, want: State) -> State:
    """What Lake Formation holds of the product that `want` is about."""
    filters = tuple(_filters(client, want))
    bare = State(
        catalog=want.catalog,
        database=want.database,
        table=want.table,
        columns=want.columns,
        tags=_assigned(client, want),
        tag_values=_ontology(client),
        grants=frozenset(_grants(client, want, filters)),
        filters=frozenset(each for each in filters if each.name.startswith(OWN_FILTERS)),
        admins=frozenset(),
        settings={},
        governed=want.governed,
        open=frozenset(_open(client, want)) if want.governed else frozenset(),
    )
    return _with_settings(client, bare)


def _with_settings(client: Any, state: State) -> State:
    """`state` with the account's settings as they are now."""
    settings = client.get_data_lake_settings()["DataLakeSettings"]
    admins, watchers = _administrators(settings, "DataLakeAdmins"), _administrators(settings, "ReadOnlyAdmins")
    return replace(state, settings=settings, admins=admins, watchers=watchers)


def _administrators(settings: Mapping[str, Any], kind: str) -> frozenset[str]:
    return frozenset(each["DataLakePrincipalIdentifier"] for each in settings.get(kind, ()))


def _ontology(client: Any) -> dict[str, frozenset[str]]:
    pages = client.get_paginator("list_lf_tags").paginate()
    return {tag["TagKey"]: frozenset(tag["TagValues"]) for page in pages for tag in page.get("LFTags", ())}


def _assigned(client: Any, want: State) -> LFTags:
    """The tags that stand on the database, the table and the columns themselves, not what they inherit."""
    table = {"DatabaseName": want.database, "Name": want.table}

    def read(resource: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = client.get_resource_lf_tags(Resource=resource, ShowAssignedLFTags=True)
        return answer

    database = read({"Database": {"Name": want.database}}).get("LFTagOnDatabase", [])
    on_table = read({"Table": table}).get("LFTagsOnTable", [])
    columns = read({"TableWithColumns": {**table, "ColumnNames": list(want.columns)}}).get("LFTagsOnColumns", [])
    return LFTags(_values(database), _values(on_table), {each["Name"]: _values(each["LFTags"]) for each in columns})


def _values(pairs: list[dict[str, Any]]) -> dict[str, str]:
    return {pair["TagKey"]: pair["TagValues"][0] for pair in pairs}


def of_gone_tables(client: Any, catalog: str, database: str, standing: Collection[str]) -> Iterator[State]:
    """What Lake Formation holds of tables of `database` beside those that are `standing`: nothing is wanted there.

    Grants outlive their table, and are in force again for the next one of its name.
    """
    pages = client.get_paginator("list_data_cells_filter").paginate()
    filters = [each for page in pages for each in page.get("DataCellsFilters", ()) if each["DatabaseName"] == database]
    entries = list(_entries(client, {"ResourceType": "TABLE"}))
    places = [_table_of(entry["Resource"]) for entry in entries]
    named = {name for of, name in places if of == database} | {each["TableName"] for each in filters}
    for table in sorted(named - {""} - set(standing)):
        bare = State(catalog, database, table, (), LFTags(), {}, frozenset(), frozenset(), frozenset(), {})
        mine = tuple(_cells_filter(each) for each in filters if each["TableName"] == table)
        held = {grant for entry in entries for grant in _table_grants(entry, bare)}
        held |= {grant for each in mine for grant in _on_filter(client, each, bare)}
        own = frozenset(each for each in mine if each.name.startswith(OWN_FILTERS))
        if held or own:
            yield replace(bare, grants=frozenset(held), filters=own)


def withdraw(client: Any, held: State, *, sleep: Callable[[float], None] = time.sleep) -> int:
    """Takes back all grants on a table that is gone, and its filters of ours; how many permissions that were."""
    nothing = replace(held, grants=frozenset(), filters=frozenset())
    for change in changes(held, nothing):
        try:
            _call(client, change, sleep)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
    return len(held.grants)


def _filters(client: Any, want: State) -> Iterator[CellsFilter]:
    """Every data cells filter of the table, whoever made it."""
    pages = client.get_paginator("list_data_cells_filter").paginate(Table=_place(want))
    yield from (_cells_filter(each) for page in pages for each in page.get("DataCellsFilters", ()))


def _cells_filter(each: Mapping[str, Any]) -> CellsFilter:
    rows = each.get("RowFilter", {}).get("FilterExpression", "")
    return CellsFilter(each["Name"], tuple(sorted(each.get("ColumnNames", ()))), rows)


def _grants(client: Any, want: State, filters: Iterable[CellsFilter]) -> Iterator[TableGrant]:
    """Every permission on the table by its name, and on its filters.

    A listing of the table tells of its columns, too. That it tells of its filters is not documented: each is asked for.
    """
    for entry in _entries(client, {"Resource": {"Table": _place(want)}}):
        yield from _table_grants(entry, want)
    for each in filters:
        yield from _on_filter(client, each, want)


def _open(client: Any, want: State) -> Iterator[OpenGrant]:
    """What everybody holds on all of the database. A wildcard's SELECT may be listed as one on all columns."""
    database = {"Database": {"Name": want.database}}
    every_table = {"Table": {"DatabaseName": want.database, "TableWildcard": {}}}
    for resource in (database, every_table):
        for entry in _entries(client, {"Resource": resource}):
            if entry["Principal"]["DataLakePrincipalIdentifier"] == EVERYBODY:
                yield from (OpenGrant(resource is every_table, permission) for permission in entry["Permissions"])


def _place(want: State) -> dict[str, str]:
    return {"DatabaseName": want.database, "Name": want.table}


def _on_filter(client: Any, cells: CellsFilter, want: State) -> Iterator[TableGrant]:
    place = {"TableCatalogId": want.catalog, "DatabaseName": want.database, "TableName": want.table}
    for entry in _entries(client, {"Resource": {"DataCellsFilter": {**place, "Name": cells.name}}}):
        yield from _table_grants(entry, want)


def _entries(client: Any, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    request = dict(asked)
    while True:
        page = client.list_permissions(**request)
        yield from page.get("PrincipalResourcePermissions", ())
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _table_of(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Database and table that a permission is on; no table where it is on all of them, or on something else."""
    cells = resource.get("DataCellsFilter", {})
    place = resource.get("Table") or resource.get("TableWithColumns") or {**cells, "Name": cells.get("TableName", "")}
    return place.get("DatabaseName", ""), "" if "TableWildcard" in place else place.get("Name", "")


def _table_grants(entry: Mapping[str, Any], want: State) -> Iterator[TableGrant]:
    """SELECT on the table is listed as SELECT on all its columns: both are one thing here."""
    resource = entry["Resource"]
    if _table_of(resource) != (want.database, want.table):
        return
    cells = resource.get("DataCellsFilter", {})
    resource = resource.get("Table") or resource.get("TableWithColumns") or {}
    grantable = set(entry.get("PermissionsWithGrantOption", ()))
    for permission in sorted({*entry.get("Permissions", ()), *grantable}):
        yield TableGrant(
            principal=entry["Principal"]["DataLakePrincipalIdentifier"],
            columns=tuple(sorted(resource.get("ColumnNames", ()))),
            excluded=tuple(sorted(resource.get("ColumnWildcard", {}).get("ExcludedColumnNames", ()))),
            grantable=permission in grantable,
            permission=permission,
            filter=cells.get("Name", ""),
        )
