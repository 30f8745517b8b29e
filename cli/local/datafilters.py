"""Data cells filters for the local Lake Formation, which moto 5.2 lacks: made, changed, listed, granted, within limits.

Limits as AWS documents them: 100 grants on filters for one principal and table, expressions of less than 2,048
characters without functions or parts of arrays, 1,000 values of an LF-Tag, and whoever may pass SELECT on some columns
on names those columns. What AWS checks against the table (columns and their types) is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from moto.core.exceptions import JsonRESTError
from moto.lakeformation.exceptions import AlreadyExists, EntityNotFound, InvalidInput
from moto.lakeformation.models import LakeFormationBackend
from moto.lakeformation.responses import LakeFormationResponse

__all__ = ["CALLS", "DataFilters", "FilterResponse", "check_grant", "check_tag_values"]

CALLS = ("CreateDataCellsFilter", "UpdateDataCellsFilter", "GetDataCellsFilter", "DeleteDataCellsFilter")

_PLACE = ("TableCatalogId", "DatabaseName", "TableName", "Name")
_MOST_GRANTS = 100
_MOST_VALUES = 1_000
_MOST_CHARACTERS = 2_047
_STRINGS = re.compile(r"'(?:[^']|'')*'")
_COMPUTED = re.compile(r"\[|(?<![\w\"])(?!(?:and|or|not|in|between)\b)[a-z_]\w*\s*\(", re.IGNORECASE)

Place = tuple[str, ...]


class DataFilters(LakeFormationBackend):  # type: ignore[misc]
    """The part of a backend that keeps filters, by their place."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.cells: dict[Place, dict[str, Any]] = {}

    def create_data_cells_filter(self, given: dict[str, Any]) -> None:
        if place_of(given) in self.cells:
            raise AlreadyExists("the filter exists")
        self._keep(given)

    def update_data_cells_filter(self, given: dict[str, Any]) -> None:
        self.get_data_cells_filter(given)
        self._keep(given)

    def get_data_cells_filter(self, place: dict[str, Any]) -> dict[str, Any]:
        if place_of(place) not in self.cells:
            raise EntityNotFound
        return self.cells[place_of(place)]

    def delete_data_cells_filter(self, place: dict[str, Any]) -> None:
        self.get_data_cells_filter(place)
        del self.cells[place_of(place)]
        catalog = self.grants.get(place["TableCatalogId"])
        if catalog is not None:
            held = [each for each in catalog.permissions if not _is_on_filter(each.resource, place_of(place))]
            catalog.permissions = held

    def filters_of_table(self, table: dict[str, Any] | None, catalog_id: str) -> list[dict[str, Any]]:
        if table is None:
            return list(self.cells.values())
        of_table = (table.get("CatalogId", catalog_id), table["DatabaseName"], table["Name"])
        return [each for place, each in sorted(self.cells.items()) if place[:3] == of_table]

    def grants_on_filter(self, catalog_id: str, place: dict[str, Any]) -> list[dict[str, Any]]:
        self.get_data_cells_filter(place)
        entries = self.list_permissions(catalog_id)
        return [entry for entry in entries if _is_on_filter(entry["Resource"], place_of(place))]

    def _keep(self, given: dict[str, Any]) -> None:
        """Raises InvalidInput for what AWS refuses of a filter by itself."""
        rows = given.get("RowFilter", {})
        if ("FilterExpression" in rows) == ("AllRowsWildcard" in rows):
            raise InvalidInput("a filter is of all rows, or of those for which an expression holds")
        if bool(given.get("ColumnNames")) == ("ColumnWildcard" in given):
            raise InvalidInput("a filter names columns, or all but some")
        _check_expression(rows.get("FilterExpression", "x"))
        self.cells[place_of(given)] = {**given, "VersionId": str(uuid4())}


def place_of(given: dict[str, Any]) -> Place:
    return tuple(given[part] for part in _PLACE)


def _is_on_filter(resource: dict[str, Any], place: Place) -> bool:
    return "DataCellsFilter" in resource and place_of(resource["DataCellsFilter"]) == place


def _check_expression(text: str) -> None:
    if not text or len(text) > _MOST_CHARACTERS or _COMPUTED.search(_STRINGS.sub("''", text)):
        raise InvalidInput("the expression of rows is not supported")


def check_grant(
    backend: DataFilters, catalog_id: str, principal: dict[str, str], resource: dict[str, Any], grantable: list[str]
) -> None:
    """Raises what AWS answers to a grant that breaks a rule of it."""
    excluded = resource.get("TableWithColumns", {}).get("ColumnWildcard", {}).get("ExcludedColumnNames")
    if excluded and grantable:
        raise InvalidInput("a right that may be passed on names its columns")
    if (cells := resource.get("DataCellsFilter")) is None:
        return
    backend.get_data_cells_filter(cells)
    held = set(_filters_held(backend, catalog_id, principal, place_of(cells)[:3]))
    if len(held | {cells["Name"]}) > _MOST_GRANTS:
        raise JsonRESTError("ResourceNumberLimitExceededException", "too many grants on filters of this table")


def _filters_held(backend: DataFilters, catalog_id: str, principal: dict[str, str], table: Place) -> Iterator[str]:
    catalog = backend.grants.get(catalog_id)
    for each in catalog.permissions if catalog is not None else ():
        cells = each.resource.get("DataCellsFilter")
        if cells and each.principal == principal and place_of(cells)[:3] == table:
            yield cells["Name"]


def check_tag_values(values: set[str]) -> None:
    if len(values) > _MOST_VALUES:
        raise JsonRESTError("ResourceNumberLimitExceededException", "an LF-Tag has at most 1,000 values")


class FilterResponse(LakeFormationResponse):  # type: ignore[misc]
    """moto's door to a backend, with the calls about filters."""

    def create_data_cells_filter(self) -> str:
        self.lakeformation_backend.create_data_cells_filter(self._get_param("TableData"))
        return "{}"

    def update_data_cells_filter(self) -> str:
        self.lakeformation_backend.update_data_cells_filter(self._get_param("TableData"))
        return "{}"

    def get_data_cells_filter(self) -> str:
        return json.dumps({"DataCellsFilter": self.lakeformation_backend.get_data_cells_filter(self._asked())})

    def delete_data_cells_filter(self) -> str:
        self.lakeformation_backend.delete_data_cells_filter(self._asked())
        return "{}"

    def list_data_cells_filter(self) -> str:
        found = self.lakeformation_backend.filters_of_table(self._get_param("Table"), self.current_account)
        return json.dumps({"DataCellsFilters": found})

    def list_permissions(self) -> str:
        cells = (self._get_param("Resource") or {}).get("DataCellsFilter")
        if cells is None:
            return str(super().list_permissions())
        catalog_id = self._get_param("CatalogId") or self.current_account
        found = self.lakeformation_backend.grants_on_filter(catalog_id, cells)
        return json.dumps({"PrincipalResourcePermissions": found})

    def _asked(self) -> dict[str, Any]:
        return {part: self._get_param(part) for part in _PLACE}
