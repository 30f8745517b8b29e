"""In what Lake Formation differs from the policy, for people: what is missing, and what is too much. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from datamesh.govern.calls import Change, changes
from datamesh.govern.filters import CellsFilter
from datamesh.govern.projection import EVERYBODY, State, TableGrant

__all__ = ["Difference", "differences"]

Way = Literal["missing", "too much"]


@dataclass(frozen=True, order=True)
class Difference:
    """One thing of `table` that is missing in Lake Formation, or too much there.

    `kind` is grant, filter, tag or settings. `principal` (an arn) has, or lacks, `permission` on `on`: all columns,
    some of them, or a filter. `rule` is what gives it: rules of the policy, or `mesh` for the mesh's own roles.
    """

    table: str
    way: Way
    kind: str
    principal: str
    permission: str
    on: str
    rule: str


def differences(existing: State, want: State) -> tuple[Difference, ...]:
    """Every difference; none when Lake Formation stands as wanted."""
    found = (*_grants(existing, want), *_open(existing, want), *_filters(existing, want), *_rest(existing, want))
    return tuple(sorted(found))


def _grants(existing: State, want: State) -> Iterator[Difference]:
    filters = {each.name: each for each in existing.filters | want.filters}
    sides: tuple[tuple[Way, frozenset[TableGrant]], ...] = (
        ("missing", want.grants - existing.grants),
        ("too much", existing.grants - want.grants),
    )
    for way, grants in sides:
        for grant in grants:
            permission = grant.permission + (" with grant option" if grant.grantable else "")
            rule = ", ".join(want.rules.get(grant, ()))
            yield Difference(want.table, way, "grant", grant.principal, permission, _on(grant, filters), rule)


def _open(existing: State, want: State) -> Iterator[Difference]:
    for grant in existing.open - want.open:
        on = "every table of the database" if grant.every_table else "the database"
        yield Difference(want.table, "too much", "grant", EVERYBODY, grant.permission, on, "")


def _on(grant: TableGrant, filters: dict[str, CellsFilter]) -> str:
    if grant.filter:
        return f"{grant.filter}: {_shown(filters[grant.filter])}" if grant.filter in filters else grant.filter
    if grant.columns:
        return ", ".join(grant.columns)
    return f"all columns but {', '.join(grant.excluded)}" if grant.excluded else "all columns"


def _shown(cells: CellsFilter) -> str:
    return f"{', '.join(cells.columns) or 'columns by wildcard'} where {cells.rows or 'any row'}"


def _filters(existing: State, want: State) -> Iterator[Difference]:
    sides: tuple[tuple[Way, frozenset[CellsFilter]], ...] = (
        ("missing", want.filters - existing.filters),
        ("too much", existing.filters - want.filters),
    )
    for way, filters in sides:
        for each in filters:
            yield Difference(want.table, way, "filter", "", "", f"{each.name}: {_shown(each)}", each.rule)


def _rest(existing: State, want: State) -> Iterator[Difference]:
    """Tags and settings, as the calls that would mend them say."""
    for change in changes(existing, want):
        if change.operation == "put_data_lake_settings":
            for kind, arns in (
                ("administrator", want.admins - existing.admins),
                ("reading administrator", want.watchers - existing.watchers),
            ):
                yield from (
                    Difference(want.table, "missing", "settings", arn, kind, "the account", "mesh") for arn in arns
                )
        elif change.operation.endswith("lf_tags_to_resource") or change.operation.endswith("lf_tags_from_resource"):
            way: Way = "missing" if change.operation.startswith("add") else "too much"
            pairs = ", ".join(f"{tag['TagKey']}={tag['TagValues'][0]}" for tag in change.arguments["LFTags"])
            yield Difference(want.table, way, "tag", "", pairs, _place(change), "mesh")
        elif change.operation.endswith("_lf_tag"):
            values = change.arguments.get("TagValues") or change.arguments["TagValuesToAdd"]
            pairs = f"{change.arguments['TagKey']}={', '.join(values)}"
            yield Difference(want.table, "missing", "tag", "", pairs, "the account", "mesh")


def _place(change: Change) -> str:
    [(kind, place)] = change.arguments["Resource"].items()
    names = {"Database": "the database", "Table": "the table"}
    return names.get(kind) or ", ".join(place["ColumnNames"])
