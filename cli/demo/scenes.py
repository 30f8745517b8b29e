"""The scenes of the demonstration. Each gives what it saw, and what of it was not as it should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from cli import api, landing
from cli.demo.script import CLOSED, GUEST, OPENED, QUESTIONS, STEWARD, WISH, Question
from cli.demo.truth import Truth, same_rows
from cli.landing import Run
from cli.screen import Screen
from cli.target import ANALYST, Target, parse_product
from cli.together import together
from datamesh.lake.layout import database_name
from datamesh.registry.store import Registry

__all__ = ["access", "ask", "check_answer", "check_runs", "count_events", "grants", "known_products", "publish"]

_SETTLED_WITHIN = 60.0  # seconds until what was published is known and granted everywhere

Grant = dict[str, Any]
T = TypeVar("T")


def publish(mesh: Target, screen: Screen, files: Mapping[str, Path]) -> list[Run]:
    """Publishes every file, side by side."""

    def one(item: tuple[str, Path]) -> list[Run]:
        return landing.publish(mesh, screen, mesh.product(item[0]), [item[1]])

    return [run for runs in together(one, files.items()) for run in runs]


def check_runs(runs: list[Run], truth: Truth, rows: Mapping[str, int]) -> list[str]:
    """Every row is where it belongs, and as many are as in the files."""
    wrong = [] if {run.product for run in runs} == set(rows) else ["not every product was published"]
    for run in runs:
        whole, sound = truth.counts(run.product)
        if not (run.rows_in == whole == rows[run.product] == run.rows_published + run.rows_quarantined):
            wrong.append(f"{run.product}: {run.rows_in} rows in, {whole} in the file")
        if run.rows_published != sound:
            wrong.append(f"{run.product}: {run.rows_published} rows published, {sound} are sound")
        if run.status != ("published" if whole == sound else "partial"):
            wrong.append(f"{run.product}: its run is {run.status}")
    return wrong


def known_products(mesh: Target, screen: Screen, runs: list[Run]) -> list[dict[str, Any]]:
    """The pages of all products, once questions are answered from the snapshots of `runs`."""
    wanted = {run.product: run.snapshot_id for run in runs}
    analyst = mesh.as_role(ANALYST)

    def look() -> list[dict[str, Any]]:
        return list(api.get(analyst, "products")["products"])

    with screen.step("waiting until the registry knows"):
        return _until(look, lambda pages: {page["name"]: page["snapshot_id"] for page in pages} == wanted)


def grants(mesh: Target, screen: Screen, runs: list[Run]) -> tuple[list[Grant], list[str]]:
    """What Lake Formation holds on the tables; the analyst must be able to read each of them."""
    databases = {database_name(mesh.stage, parse_product(run.product).domain) for run in runs}
    analyst = mesh.role_arn(ANALYST)

    def look() -> list[Grant]:
        return [grant for grant in map(_grant, _permissions(mesh)) if grant["database"] in databases and grant["table"]]

    def readable(held: list[Grant]) -> int:
        return len({g["table"] for g in held if g["principal"] == analyst and "SELECT" in g["permissions"]})

    with screen.step("waiting until Lake Formation holds the grants"):
        held = _until(look, lambda held: readable(held) == len(runs))
    wrong = [] if readable(held) == len(runs) else [f"the analyst may read {readable(held)} of {len(runs)} tables"]
    return sorted(held, key=str), wrong


def ask(mesh: Target, screen: Screen, truth: Truth) -> tuple[list[dict[str, Any]], list[str]]:
    """Asks every question, as the person who would, and compares the answers with the truth."""
    answers, wrong = [], []
    people = {question.role: mesh.as_role(question.role) for question in QUESTIONS}
    for question in QUESTIONS:
        answer = api.post(people[question.role], screen, "ask", {"question": question.text}, doing=question.text)
        answers.append({"as": question.role, **answer})
        wrong += check_answer(question, answer, truth)
    return answers, wrong


def access(mesh: Target, screen: Screen, truth: Truth) -> tuple[list[dict[str, Any]], list[str]]:
    """A guest asks for rows of a product, its owner approves, and the same question is answered until it is revoked."""
    guest, owner = mesh.as_role(GUEST), mesh.as_role(STEWARD)
    seen: list[dict[str, Any]] = []
    wrong: list[str] = []

    def step(whom: Target, doing: str, state: str, body: Mapping[str, str], *path: str) -> str:
        request = api.post(whom, screen, ("access", "requests", *path), body, doing=doing)
        seen.append(request)
        wrong.extend([] if request["state"] == state else [f"{doing}: it is {request['state']}, not {state}"])
        return str(request["request_id"])

    def ask_again(question: Question) -> None:
        answer = api.post(guest, screen, "ask", {"question": question.text}, doing=f"{question.text} (as {GUEST})")
        seen.append(answer)
        wrong.extend(check_answer(question, answer, truth))

    ask_again(CLOSED)
    made = step(guest, f"{GUEST} asks for {WISH['target']}", "requested", WISH)
    step(owner, f"{STEWARD} approves", "granted", {"note": "for the report"}, made, "approve")
    ask_again(OPENED)
    step(owner, f"{STEWARD} revokes", "revoked", {"note": "the report is written"}, made, "revoke")
    ask_again(CLOSED)
    return seen, wrong


def count_events(mesh: Target, screen: Screen, least: Mapping[str, int]) -> tuple[dict[str, int], list[str]]:
    """The mesh's events by detail-type, from the registry's journal, once there are at least so many."""
    registry = Registry(mesh.table(mesh.parameters("platform")["registry-table"]))

    def missing(counts: Mapping[str, int]) -> list[str]:
        return [
            f"{counts.get(kind, 0)} of {wanted} {kind}"
            for kind, wanted in least.items()
            if counts.get(kind, 0) < wanted
        ]

    with screen.step("counting events"):
        counts = _until(registry.event_counts, lambda counts: not missing(counts))
    return dict(sorted(counts.items())), missing(counts)


def check_answer(question: Question, answer: Mapping[str, Any], truth: Truth) -> list[str]:
    about = f"{question.text!r} as {question.role}"
    if answer["status"] != question.expected:
        return [f"{about} was {answer['status']}: {answer['explanation']}"]
    if question.unmatched and question.unmatched not in answer["unmatched"]:
        return [f"{about}: {question.unmatched} is not among what was not understood"]
    if question.truth is None:
        return [f"{about}: rows were given with a refusal"] if answer["rows"] else []
    if not (answer["sql"] and answer["products"]):
        return [f"{about}: no SQL, or no sources"]
    true = truth.rows(question.truth)
    return (
        []
        if same_rows(answer["rows"], true, ordered=question.ordered)
        else [f"{about}: {answer['rows'][:3]}... but true is {true[:3]}..."]
    )


def _permissions(mesh: Target) -> Iterator[dict[str, Any]]:
    request: dict[str, str] = {}
    while True:
        page = mesh.client("lakeformation").list_permissions(**request)
        yield from page["PrincipalResourcePermissions"]
        if not page.get("NextToken"):
            return
        request = {"NextToken": page["NextToken"]}


def _grant(held: Mapping[str, Any]) -> Grant:
    resource = held["Resource"]
    table = resource.get("Table") or resource.get("TableWithColumns") or {}
    columns = table.get("ColumnNames")
    if columns is None and "ColumnWildcard" in table:
        excluded = table["ColumnWildcard"].get("ExcludedColumnNames") or []
        columns = [f"all but {', '.join(excluded)}"] if excluded else ["all"]
    return {
        "principal": held["Principal"]["DataLakePrincipalIdentifier"],
        "database": table.get("DatabaseName", ""),
        "table": table.get("Name", ""),
        "columns": columns,
        "permissions": sorted(held["Permissions"]),
    }


def _until(look: Callable[[], T], good: Callable[[T], bool]) -> T:
    """What `look` sees once it is `good`, or what it saw last."""
    deadline = time.monotonic() + _SETTLED_WITHIN
    while not good(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.25)
    return seen
