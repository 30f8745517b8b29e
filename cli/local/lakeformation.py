"""Lake Formation for the local mesh: moto's server, with what it lacks put right.

Where AWS and moto 5.2 differ and the mesh would notice:
- GetResourceLFTags of a resource without tags answers nothing, not an error.
- AddLFTagsToResource adds to the tags that stand there, and refuses a key or value that the ontology lacks.
- Grants of one principal on one resource can be merged and taken apart again (moto loses them in between).
- SELECT on a table is listed as SELECT on all its columns; a listing of a table holds its column grants, too, and those
  on its data cells filters (datafilters.py).
- IAM is asked whether a role may call it, and who is no administrator grants, tags and filters nothing.

Run it with `python -m cli.local.lakeformation --port 0 --account 000000000000`: it prints its URL once it listens. With
`--emulator URL` each account has a Lake Formation of its own: the emulator knows whose a key is, and what they may.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any, NoReturn

from moto.lakeformation import urls
from moto.lakeformation.models import (
    LakeFormationBackend,
    ListPermissionsResource,
    Permission,
    PermissionCatalog,
    RessourceType,
    lakeformation_backends,
)
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from cli.local.datafilters import CALLS, DataFilters, FilterResponse, check_grant, check_tag_values
from cli.local.granted import is_of
from cli.local.tenants import Caller, guarded, known_to
from datamesh.govern.principal import canonical

__all__ = ["GovernedBackend", "install", "main", "refusal", "running"]

_ADMINISTRATORS_ONLY = frozenset(
    {
        "AddLFTagsToResource",
        "BatchGrantPermissions",
        "BatchRevokePermissions",
        "CreateDataCellsFilter",
        "CreateLFTag",
        "DeleteDataCellsFilter",
        "DeleteLFTag",
        "DeregisterResource",
        "GrantPermissions",
        "RegisterResource",
        "RemoveLFTagsFromResource",
        "RevokePermissions",
        "UpdateDataCellsFilter",
        "UpdateLFTag",
    }
)

Tags = list[dict[str, Any]]


class _Grants(PermissionCatalog):  # type: ignore[misc]
    """moto keeps grants in a set, under a hash that changes when they are merged; a list loses none."""

    def __init__(self) -> None:
        self.permissions: list[Permission] = []

    def add_permission(self, permission: Permission) -> None:
        held = self._held(permission)
        if held is None:
            self.permissions.append(permission)
        else:
            held.merge(permission)

    def remove_permission(self, permission: Permission) -> None:
        held = self._held(permission)
        if held is not None:
            held.diff(permission)
            self.permissions = [each for each in self.permissions if not each.is_empty()]

    def _held(self, permission: Permission) -> Permission | None:
        return next((each for each in self.permissions if each.equal_principal_and_resouce(permission)), None)


class GovernedBackend(DataFilters):
    """moto's backend, behaving as Lake Formation does where the mesh relies on it."""

    __module__ = LakeFormationBackend.__module__  # beside which moto looks for the URLs of a backend

    def grant_permissions(
        self,
        catalog_id: str,
        principal: dict[str, str],
        resource: dict[str, Any],
        permissions: list[str],
        permissions_with_grant_options: list[str],
    ) -> None:
        self.grants.setdefault(catalog_id, _Grants())
        check_grant(self, catalog_id, principal, resource, permissions_with_grant_options or [])
        for part, of_part in _as_kept(resource):
            given, grantable = of_part(permissions), of_part(permissions_with_grant_options)
            if given or grantable:
                super().grant_permissions(catalog_id, principal, part, given, grantable)

    def revoke_permissions(
        self,
        catalog_id: str,
        principal: dict[str, str],
        resource: dict[str, Any],
        permissions_to_revoke: list[str],
        permissions_with_grant_options_to_revoke: list[str],
    ) -> None:
        for part, of_part in _as_kept(resource):
            taken, grantable = of_part(permissions_to_revoke), of_part(permissions_with_grant_options_to_revoke)
            super().revoke_permissions(catalog_id, principal, part, taken, grantable)

    def list_permissions(
        self,
        catalog_id: str,
        principal: dict[str, str] | None = None,
        resource: ListPermissionsResource | None = None,
        resource_type: RessourceType | None = None,
    ) -> list[dict[str, Any]]:
        table = resource.table if resource is not None else None
        if table is None:
            return list(super().list_permissions(catalog_id, principal, resource, resource_type))
        entries = super().list_permissions(catalog_id, principal, None, resource_type)
        return [entry for entry in entries if _is_on(entry["Resource"], table.database_name, table.name)]

    def create_lf_tag(self, catalog_id: str, key: str, values: list[str]) -> None:
        check_tag_values(set(values))
        super().create_lf_tag(catalog_id, key, values)

    def update_lf_tag(self, catalog_id: str, tag_key: str, to_delete: list[str], to_add: list[str]) -> None:
        held = set(self.list_lf_tags(catalog_id).get(tag_key, ()))
        check_tag_values(held - set(to_delete or ()) | set(to_add or ()))
        super().update_lf_tag(catalog_id, tag_key, to_delete, to_add)

    def add_lf_tags_to_resource(self, catalog_id: str, resource: dict[str, Any], tags: Tags) -> Tags:
        ontology = self.list_lf_tags(catalog_id)
        tags = [{**tag, "CatalogId": tag.get("CatalogId", catalog_id)} for tag in tags]
        unknown = [tag for tag in tags if not set(tag["TagValues"]) <= set(ontology.get(tag["TagKey"], ()))]
        if unknown:
            error = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Tag or tag value does not exist."}
            return [{"LFTag": tag, "Error": error} for tag in unknown]
        keys = {tag["TagKey"] for tag in tags}
        for place, key in self._places(catalog_id, resource):
            place[key] = [tag for tag in place.get(key, ()) if tag["TagKey"] not in keys] + tags
        return []

    def remove_lf_tags_from_resource(self, catalog_id: str, resource: dict[str, Any], tags: Tags) -> None:
        pairs = [(tag["TagKey"], tag["TagValues"]) for tag in tags]
        for place, key in self._places(catalog_id, resource):
            place[key] = [tag for tag in place.get(key, ()) if (tag["TagKey"], tag["TagValues"]) not in pairs]

    def get_resource_lf_tags(self, catalog_id: str, resource: dict[str, Any]) -> tuple[Tags, Tags, Tags]:
        found = [(key[-1], place.get(key, [])) for place, key in self._places(catalog_id, resource)]
        if "Database" in resource:
            return found[0][1], [], []
        if "Table" in resource:
            return [], found[0][1], []
        return [], [], [{"Name": column, "LFTags": tags} for column, tags in found if tags]

    def _places(self, catalog_id: str, resource: dict[str, Any]) -> Iterator[tuple[dict[Any, Tags], tuple[str, ...]]]:
        """Where moto keeps the tags of a resource: the mapping, and the key in it."""
        [(kind, names)] = resource.items()
        catalog = names.get("CatalogId", catalog_id)
        if kind == "Database":
            yield self.lf_database_tags, (catalog, names["Name"])
        elif kind == "Table":
            yield self.lf_table_tags, (catalog, names["DatabaseName"], names["Name"])
        else:
            for column in names["ColumnNames"]:
                yield self.lf_columns_tags, (catalog, names["DatabaseName"], names["Name"], column)


def _as_kept(resource: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """The resources that a grant on `resource` is kept under, each with a filter for the permissions kept there.

    Columns are a set, in whatever order they are named.
    """
    if named := resource.get("TableWithColumns", {}).get("ColumnNames"):
        resource = {"TableWithColumns": {**resource["TableWithColumns"], "ColumnNames": sorted(named)}}
    table = resource.get("Table")
    if table is None or "Name" not in table:
        yield resource, lambda permissions: permissions or []
        return
    yield resource, lambda permissions: [each for each in permissions or () if each != "SELECT"]
    columns = {"TableWithColumns": {**table, "ColumnWildcard": {}}}
    yield columns, lambda permissions: [each for each in permissions or () if each == "SELECT"]


def _is_on(resource: dict[str, Any], database: str, table: str | None) -> bool:
    """Whether a permission on `resource` is one on this table; None: on all tables of the database."""
    cells = resource.get("DataCellsFilter", {})
    place = resource.get("Table") or resource.get("TableWithColumns") or {**cells, "Name": cells.get("TableName")}
    every = table is None and "TableWildcard" in place
    return place.get("DatabaseName") == database and (every or (table is not None and place.get("Name") == table))


def install() -> None:
    """Lets moto use this backend, in its server and in `mock_aws` alike."""
    lakeformation_backends.backend = GovernedBackend
    for path in (*urls.url_paths, *(f"{{0}}/{call}$" for call in CALLS)):
        urls.url_paths[path] = FilterResponse.dispatch


def refusal(caller: Caller, operation: str, region: str) -> str:
    """Why Lake Formation itself refuses a role what IAM lets it: "" where it does not.

    On AWS who holds a grant with grant option grants, too; nobody of ours does.
    """
    if not caller.arn or operation not in _ADMINISTRATORS_ONLY:
        return ""
    settings = lakeformation_backends[caller.account][region].get_data_lake_settings(caller.account)
    role = canonical(caller.arn)
    if any(is_of(it["DataLakePrincipalIdentifier"], role) for it in settings["DataLakeAdmins"]):
        return ""
    return f"Insufficient Lake Formation permission(s): {caller.arn} is no data lake administrator"


def _server(host: str, port: int, known: Callable[[str, str], Caller] | None = None) -> BaseWSGIServer:
    install()
    app: Any = DomainDispatcherApplication(create_backend_app)
    if known is not None:
        app = guarded(app, known, refusal)
    return make_server(host, port, app, threaded=True, request_handler=MotoRequestHandler)


@contextmanager
def running(host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """A server in this process, by its URL, that begins empty; port 0 takes a free one."""
    lakeformation_backends.clear()
    server = _server(host, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _stop(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


def main(argv: Sequence[str] | None = None) -> None:
    """Serves until it is told to end. Without an emulator, all callers are one account: moto has no keys."""
    parser = argparse.ArgumentParser(description="Lake Formation of the local mesh")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--emulator", metavar="URL")
    options = parser.parse_args(argv)
    if options.emulator is None:
        os.environ["MOTO_ACCOUNT_ID"] = options.account
    signal.signal(signal.SIGTERM, _stop)
    server = _server(options.host, options.port, known_to(options.emulator) if options.emulator else None)
    print(f"http://{options.host}:{server.port}", flush=True)  # noqa: T201 (how the caller learns the port)
    server.serve_forever()


if __name__ == "__main__":
    main()
