"""What Lake Formation decides of the Glue catalog: who may see, make and change which tables.

The emulator knows the catalog, and the server beside it (`lakeformation.py`) what is granted. Here the one asks the
other, as on AWS, where whoever IAM lets in needs Lake Formation's grant as well:

- A new database is everybody's whom IAM lets in, and its tables are, unless it says otherwise
  (`CreateTableDefaultPermissions`). These are grants like others, and may be taken back.
- Whoever makes a table holds all of it. Administrators see everything.
- What a template grants, and the places that it registers, are resources of CloudFormation.

And that server asks here what it cannot know: who calls it, and whether IAM lets them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import boto3
from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_account_id
from ministack.services import glue, sts
from ministack.services.cloudformation import provisioners

from cli.local.doors import App, telling
from cli.local.granted import CHANGING, SEEING, Granted, granted_to, lacking, named, visible
from cli.local.services import SECRET
from cli.local.tenants import CALLERS, Caller
from datamesh.govern.principal import canonical
from datamesh.govern.projection import EVERYBODY

__all__ = ["around", "mend"]

Answer = tuple[int, dict[str, str], Any]

_ENDPOINT = "AWS_ENDPOINT_URL_LAKEFORMATION"

_open: set[tuple[str, str]] = set()  # (account, database) of which new tables are everybody's
_made: dict[tuple[str, str, str], str] = {}  # (account, database, table): who made it, canonical


def mend() -> None:
    """Mends the emulator that runs in this process, if there is a Lake Formation beside it."""
    if _ENDPOINT not in os.environ:
        return
    provisioners._RESOURCE_HANDLERS["AWS::LakeFormation::Resource"] = _location_resource()
    provisioners._RESOURCE_HANDLERS["AWS::LakeFormation::PrincipalPermissions"] = _permissions_resource()
    _open_new_databases()
    _ask_lake_formation()


def around(app: App) -> App:
    """`app`, an ASGI application, that says who has a key, and whether IAM lets them do something."""
    return telling(app, CALLERS, lambda asked: asdict(_caller(asked["key"], asked["action"])))


def _caller(key: str, action: str) -> Caller:
    arn = str(sts._sessions.get(key, {}).get("Arn", ""))
    if ":assumed-role/" not in arn:
        return Caller("", arn, allowed=False)
    account, name = arn.split(":")[4], arn.split("/")[1]
    context = iam_evaluator.EvalContext(arn, "AssumedRole", account, action, "*", "")
    decided = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account))
    return Caller(account, arn, allowed=decided.decision == "Allow")


def _client() -> Any:
    """Lake Formation of the account that is asked, as its root user."""
    return _client_of(get_account_id())


@cache
def _client_of(account: str) -> Any:
    session = boto3.Session(account, SECRET)  # of its own: threads may make clients of several, not of one
    return session.client("lakeformation")


def _location_resource() -> dict[str, Any]:
    def create(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        arn = properties["ResourceArn"]
        _client().register_resource(ResourceArn=arn, UseServiceLinkedRole=True)
        return arn, {}

    def delete(arn: str, _properties: dict[str, Any]) -> None:
        _client().deregister_resource(ResourceArn=arn)

    return {"create": create, "delete": delete}


def _permissions_resource() -> dict[str, Any]:
    def create(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        asked = {name: properties[name] for name in ("Principal", "Resource", "Permissions")}
        _client().grant_permissions(**asked)
        return json.dumps(asked, sort_keys=True), {}

    def delete(grant: str, _properties: dict[str, Any]) -> None:
        _client().revoke_permissions(**json.loads(grant))

    return {"create": create, "delete": delete}


def _open_new_databases() -> None:
    create_database = glue._create_database

    def mended(data: dict[str, Any]) -> Answer:
        answer: Answer = create_database(data)
        given = data.get("DatabaseInput", {})
        if answer[0] == 200:
            _give_everybody({"Database": {"Name": given["Name"]}})
            if given.get("CreateTableDefaultPermissions") != []:
                _open.add((get_account_id(), given["Name"]))
        return answer

    glue._create_database = mended


def _give_everybody(resource: dict[str, Any]) -> None:
    everybody = {"DataLakePrincipalIdentifier": EVERYBODY}
    _client().grant_permissions(Principal=everybody, Resource=resource, Permissions=["ALL"])


def _ask_lake_formation() -> None:
    handle = glue._handle_request_sync

    def mended(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:
        operation, caller = headers.get("x-amz-target", "").rpartition(".")[2], iam_evaluator.caller_arn()
        answer: Answer
        if ":assumed-role/" not in caller or operation not in {*CHANGING, *SEEING, "GetTables"}:
            answer = handle(method, path, headers, body, query)
            return answer
        asked, role = json.loads(body or b"{}"), canonical(caller)
        held = _held_by(role)
        if why := _refused(operation, asked, held):
            said = f"Insufficient Lake Formation permission(s): {why}"
            answer = error_response_json("AccessDeniedException", said, 400)
            return answer
        answer = handle(method, path, headers, body, query)
        return _after(operation, asked, role, held, answer) if answer[0] == 200 else answer

    glue._handle_request_sync = mended


def _held_by(role: str) -> Granted:
    client, here = _client(), get_account_id()
    entries = client.list_permissions()["PrincipalResourcePermissions"]
    held = granted_to(role, entries, client.get_data_lake_settings()["DataLakeSettings"])
    made = {(of, table) for (account, of, table), by in _made.items() if (account, by) == (here, role)}
    return replace(held, tables={**held.tables, **dict.fromkeys(made, frozenset({"ALL"}))})


def _refused(operation: str, asked: Mapping[str, Any], held: Granted) -> str:
    places = _client().list_resources()["ResourceInfoList"] if operation in CHANGING else ()
    registered = [it["ResourceArn"] for it in places]
    return lacking(operation, asked, held, registered, is_there="/".join(named(operation, asked)) in glue._tables)


def _after(operation: str, asked: Mapping[str, Any], role: str, held: Granted, answer: Answer) -> Answer:
    """What follows of a call that was answered, and what the caller is shown of the answer."""
    status, headers, body = answer
    if operation == "CreateTable":
        database, table = named(operation, asked)
        _made[get_account_id(), database, table] = role
        if (get_account_id(), database) in _open:
            _give_everybody({"Table": {"DatabaseName": database, "Name": table}})
    if operation == "GetTables":
        listed = json.loads(body)
        body = json.dumps(listed | {"TableList": visible(listed["TableList"], held)}).encode()
    return status, headers, body
