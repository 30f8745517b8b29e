"""Runs the demonstration: brings a mesh up, publishes, asks, checks, writes build/demo.json, takes the mesh down."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.rule import Rule

from cli import landing, target
from cli.commands.access_requests import request_view
from cli.commands.products import products_table
from cli.commands.publish import runs_view
from cli.commands.questions import answer_view
from cli.demo import scenes
from cli.demo.script import QUESTIONS
from cli.demo.truth import ROWS, Truth
from cli.frame import report
from cli.local import mesh as local_mesh
from cli.local import state
from cli.screen import Screen, table
from cli.target import Target, parse_product
from examples import nycflights

_BUILD = "build"


def main() -> int:
    """The exit code is 0 only if all went well and every number was right."""
    screen, build = Screen(), state.project_root() / _BUILD
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    try:
        files = nycflights.locate(build / "demo" / "data")
        with _mesh(build / "demo" / "mesh", screen) as mesh:
            seen, wrong = _demonstrate(mesh, screen, files)
    except KeyboardInterrupt:
        screen.note("interrupted; the local mesh has ended")
        return 130
    except Exception as error:
        return report(error, screen)
    seconds = round(time.monotonic() - began, 1)
    (build / "demo.json").write_text(json.dumps({"seconds": seconds} | seen, indent=2, default=str), encoding="utf-8")
    for line in wrong:
        screen.fail(line)
    screen.show(Rule(), f"{seconds} s; all of it is in {_BUILD}/demo.json")
    return 1 if wrong else 0


@contextmanager
def _mesh(home: Path, screen: Screen) -> Iterator[Target]:
    """A mesh of the demonstration's own, beside any that runs; it ends whatever happens."""
    local_mesh.take_down(home)
    try:
        local_mesh.up(home, screen)
        yield target.local(home)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is ended to the end
        with screen.step("ending the local mesh"):
            local_mesh.take_down(home)


def _demonstrate(mesh: Target, screen: Screen, files: dict[str, Path]) -> tuple[dict[str, Any], list[str]]:
    truth = Truth.of(files)
    screen.show(Rule("Publishing five products of four domains"))
    runs = scenes.publish(mesh, screen, files)
    wrong = scenes.check_runs(runs, truth, ROWS)
    screen.show(*runs_view(runs), Rule("The same file again"))
    again, first = landing.publish(mesh, screen, parse_product(runs[0].product), [files[runs[0].product]]), runs[0]
    if [(run.status, run.snapshot_id) for run in again] != [("unchanged", first.snapshot_id)]:
        wrong.append(f"publishing {first.product} again changed something")
    screen.show(*runs_view(again), Rule("Products"))
    screen.show(products_table(scenes.known_products(mesh, screen, runs)), Rule("What Lake Formation holds"))
    grants, missing = scenes.grants(mesh, screen, runs)
    screen.show(_grants_table(grants))
    answers, mistaken = scenes.ask(mesh, screen, truth)
    for question, answer in zip(QUESTIONS, answers, strict=True):
        screen.show(Rule(f"{question.text} (asked as {question.role})"), *answer_view(answer))
    screen.show(Rule("Asking for access"))
    access, amiss = scenes.access(mesh, screen, truth)
    for page in access:
        screen.show(*(request_view(page) if "request_id" in page else answer_view(page)))
    least = {
        "ContractApplied": 5,
        "DataProductPublished": 5,
        "GrantsApplied": 5,
        "QuestionAnswered": len(QUESTIONS) + 3,
    }
    events, unseen = scenes.count_events(mesh, screen, least)
    screen.show(Rule("Events"), ", ".join(f"{kind} {count}" for kind, count in events.items()))
    products = [run.model_dump(mode="json") for run in runs]
    return {"products": products, "grants": grants, "questions": answers, "access": access, "events": events}, [
        *(*wrong, *missing),
        *(*mistaken, *amiss, *unseen),
    ]


def _grants_table(grants: list[dict[str, Any]]) -> Any:
    made = table("principal", "table", "columns", "permissions")
    for grant in grants:
        columns = ", ".join(grant["columns"]) if grant["columns"] else ""
        where = f"{grant['database']}.{grant['table']}"
        made.add_row(grant["principal"].rsplit("/", 1)[-1], where, columns, ", ".join(grant["permissions"]))
    return made


if __name__ == "__main__":
    sys.exit(main())
