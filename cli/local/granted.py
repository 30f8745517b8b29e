"""What somebody holds in Lake Formation, and what of the Glue catalog that lets them see, make and change. Pure.

https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datamesh.errors import AccessDenied
from datamesh.govern.principal import canonical
from datamesh.govern.projection import EVERYBODY

__all__ = ["CHANGING", "SEEING", "Granted", "granted_to", "is_of", "lacking", "named", "visible"]

Entry = Mapping[str, Any]

CHANGING = {"CreateTable": "CREATE_TABLE", "UpdateTable": "ALTER", "DeleteTable": "DROP"}
SEEING = frozenset({"GetTable", "GetTableVersion", "GetTableVersions", "GetPartitions", "GetDatabase"})


@dataclass(frozen=True)
class Granted:
    """What one principal holds: permissions by database, by (database, table), `*` for every table, and places.

    `sees_all` is an administrator.
    """

    databases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tables: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    sees_all: bool = False

    def on_table(self, database: str, table: str) -> frozenset[str]:
        none: frozenset[str] = frozenset()
        return self.tables.get((database, table), none) | self.tables.get((database, "*"), none)

    def sees_database(self, database: str) -> bool:
        return self.sees_all or database in self.databases or any(of == database for of, _ in self.tables)

    def sees_table(self, database: str, table: str) -> bool:
        return self.sees_all or bool(self.on_table(database, table))


def granted_to(principal: str, entries: Iterable[Entry], settings: Mapping[str, Any]) -> Granted:
    """What ListPermissions and GetDataLakeSettings say that `principal` (canonical), or everybody, holds."""
    databases: dict[str, set[str]] = {}
    tables: dict[tuple[str, str], set[str]] = {}
    places = set()
    for entry in entries:
        if not is_of(entry["Principal"]["DataLakePrincipalIdentifier"], principal):
            continue
        resource = entry["Resource"]
        if place := resource.get("Database"):
            databases.setdefault(place["Name"], set()).update(entry["Permissions"])
        elif place := resource.get("DataLocation"):
            places.add(place["ResourceArn"])
        elif place := resource.get("Table") or resource.get("TableWithColumns"):
            table = "*" if "TableWildcard" in place else place["Name"]
            tables.setdefault((place["DatabaseName"], table), set()).update(entry["Permissions"])
        elif place := resource.get("DataCellsFilter"):
            tables.setdefault((place["DatabaseName"], place["TableName"]), set()).update(entry["Permissions"])
    administrators = [*settings.get("DataLakeAdmins", ()), *settings.get("ReadOnlyAdmins", ())]
    return Granted(
        {name: frozenset(held) for name, held in databases.items()},
        {place: frozenset(held) for place, held in tables.items()},
        frozenset(places),
        any(is_of(it["DataLakePrincipalIdentifier"], principal) for it in administrators),
    )


def is_of(identifier: str, principal: str) -> bool:
    """Whether what `identifier` holds is held by `principal` (canonical)."""
    try:
        return identifier == EVERYBODY or canonical(identifier) == principal
    except AccessDenied:
        return False


def lacking(
    operation: str, asked: Mapping[str, Any], held: Granted, registered: Sequence[str] = (), *, is_there: bool = True
) -> str:
    """What is wanted for a Glue `operation` and not held; "" for nothing. `registered` are the arns of places.

    `is_there` says whether the table that it names is one.
    """
    database, table = named(operation, asked)
    if operation in SEEING:
        seen = held.sees_table(database, table) if table and is_there else held.sees_database(database)
        return "" if seen else f"Required Describe on {table or database}"
    if operation not in CHANGING:
        return ""
    needed = CHANGING[operation]
    have = held.databases.get(database, frozenset()) if operation == "CreateTable" else held.on_table(database, table)
    if not {needed, "ALL"} & have:
        return f"Required {needed.replace('_', ' ').title()} on {table or database}"
    place = _place(asked)
    lies_in = [it for it in registered if place and _within(place, it)]
    if lies_in and not any(_within(place, it) for it in held.places):
        return f"Required Data Location Access on {lies_in[0]}"
    return ""


def visible(tables: Sequence[Entry], held: Granted) -> list[Entry]:
    """Of a listing of tables those that are shown."""
    return [it for it in tables if held.sees_table(it["DatabaseName"], it["Name"])]


def named(operation: str, asked: Mapping[str, Any]) -> tuple[str, str]:
    """Database and table, if any, that a call is about."""
    if operation == "GetDatabase":
        return str(asked.get("Name", "")), ""
    table = asked.get("Name") or asked.get("TableName") or asked.get("TableInput", {}).get("Name", "")
    return str(asked.get("DatabaseName", "")), str(table)


def _place(asked: Mapping[str, Any]) -> str:
    """Where a table that is made or changed lies, as an arn."""
    location = asked.get("TableInput", {}).get("StorageDescriptor", {}).get("Location") or ""
    return f"arn:aws:s3:::{location.removeprefix('s3://')}" if location.startswith("s3://") else ""


def _within(place: str, around: str) -> bool:
    return f"{place.rstrip('/')}/".startswith(f"{around.rstrip('/')}/")
