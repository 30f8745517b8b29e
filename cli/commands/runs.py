"""mesh runs, show RUN and retry RUN"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli import landing
from cli.commands.publish import ended_with, runs_table, runs_view, status
from cli.frame import Failure, Frame, command
from cli.screen import table
from cli.target import ProductName, Target
from datamesh.errors import UserError
from datamesh.publish import record as records
from datamesh.publish.findings import Finding
from datamesh.publish.ledger import Batch, Ledger, Step
from datamesh.publish.plane import Plane
from datamesh.publish.retry import retry as start_again
from datamesh.settings import DomainSettings

__all__ = ["findings_table", "is_run", "register", "show_run"]

_COLOURS = {"failed": "red", "error": "bold red", "warning": "yellow"}
_RUN = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}$")


def register(app: typer.Typer) -> None:
    command(app)(runs)
    command(app)(retry)


def is_run(name: str) -> bool:
    """Whether `name` is a run's id; products are written domain.product."""
    return bool(_RUN.match(name))


def runs(
    frame: Frame,
    product: Annotated[str | None, typer.Argument(metavar="[PRODUCT]", help="domain.product, or all of them")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
) -> None:
    """List what was published, the newest first."""
    found = [landing.run_of(name, batch) for name, batch in _batches(frame.target, product, limit)]
    newest = sorted(found, key=lambda run: run.run_id or "", reverse=True)[:limit]
    frame.screen.result({"runs": [run.model_dump(mode="json") for run in newest]}, runs_table(newest))


def show_run(frame: Frame, run_id: str) -> None:
    """One run, step by step, and what each rule found; of the maintenance of a table, what it did."""
    found = _batch(frame.target, run_id)
    if found is None:
        _show_maintenance(frame, run_id)
        return
    name, batch = found
    run, steps = landing.run_of(name, batch), frame.target.ledger(name.domain).steps(name.product, run_id)
    findings = _findings(frame.target, name, batch)
    more = {
        "attempt": batch.attempt,
        "contract_version": batch.contract_version,
        "files": batch.objects,
        "bytes": batch.size,
        "created_at": batch.created_at,
        "ended_at": batch.ended_at,
        "error": batch.error,
        "steps": [step.model_dump(mode="json") for step in steps],
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    frame.screen.result(run.model_dump(mode="json") | more, *runs_view([run]), "", _steps(steps), *_checks(findings))


def _show_maintenance(frame: Frame, run_id: str) -> None:
    for name, ledger in _products(frame.target):
        if steps := ledger.steps(name.product, run_id):
            told = {"product": str(name), "run_id": run_id, "steps": [step.model_dump(mode="json") for step in steps]}
            frame.screen.result(told, f"{name}: maintenance {run_id}", "", _steps(steps))
            return
    raise _unknown(run_id)


def retry(frame: Frame, run: Annotated[str, typer.Argument(metavar="RUN")]) -> None:
    """Run a failed run again, with the files it has, and wait for it."""
    name, _ = _find(frame.target, run)
    ledger = frame.target.ledger(name.domain)
    with frame.screen.step(f"{name}: run {run} again") as step:
        batch = landing.follow(ledger, start_again(_plane(frame.target, name), name.product, run), step)
        step.say(f"{name}: {batch.status}", well=batch.status not in {"rejected", "failed"})
    ended = landing.run_of(name, batch)
    frame.screen.result(ended.model_dump(mode="json"), *runs_view([ended]))
    if code := ended_with([ended]):
        raise Failure(code)


def _batches(target: Target, product: str | None, limit: int) -> Iterator[tuple[ProductName, Batch]]:
    wanted = target.product(product) if product else None
    for domain in [wanted.domain] if wanted else target.domains():
        for batch in target.ledger(domain).batches(wanted.product if wanted else None, limit=limit):
            yield ProductName(domain, batch.product), batch


def _find(target: Target, run_id: str) -> tuple[ProductName, Batch]:
    if not is_run(run_id):
        raise UserError(f"{run_id!r} is no run", hint="`mesh runs` lists them")
    if found := _batch(target, run_id):
        return found
    raise _unknown(run_id)


def _batch(target: Target, run_id: str) -> tuple[ProductName, Batch] | None:
    for name, ledger in _products(target):
        if batch := ledger.batch(name.product, run_id):
            return name, batch
    return None


def _products(target: Target) -> Iterator[tuple[ProductName, Ledger]]:
    for domain in target.domains():
        ledger = target.ledger(domain)
        yield from ((ProductName(domain, held.product), ledger) for held in ledger.products())


def _unknown(run_id: str) -> UserError:
    return UserError(f"no run {run_id}", hint="`mesh runs` lists them")


def _plane(target: Target, name: ProductName) -> Plane:
    """The domain's side of the mesh, as its own functions see it."""
    known: dict[str, Any] = {key.replace("-", "_"): value for key, value in target.parameters(name.domain).items()}
    known["bus_name"] = target.parameters("platform")["bus-name"]
    settings = DomainSettings(stage=target.stage, domain=name.domain, **known)
    return Plane(settings, target.ledger(name.domain), client=target.client)


def _findings(target: Target, name: ProductName, batch: Batch) -> Sequence[Finding]:
    bucket = target.parameters(name.domain)["lake-bucket"]
    record = records.find(batch, s3=target.client("s3"), bucket=bucket)
    return record.findings if record else ()


def _checks(findings: Sequence[Finding]) -> list[RenderableType]:
    """The rules that do not hold, and how many do."""
    odd = [finding for finding in findings if finding.status != "passed"]
    if not findings:
        return []
    held = Text(f"{len(findings) - len(odd)} of {len(findings)} rules hold", style="dim")
    return ["", held, findings_table(odd)] if odd else ["", held]


def findings_table(findings: Sequence[Finding]) -> Table:
    made = table("rule", "column", "kind", "outcome", "rows", "of", "wanted", right=("rows", "of"))
    for finding in findings:
        made.add_row(
            f"{finding.rule} {finding.name}".strip(),
            finding.column or "",
            finding.kind,
            Text(finding.status, style=_COLOURS.get(finding.status, "dim")),
            "" if finding.rows is None else f"{finding.rows:,}",
            "" if finding.of is None else f"{finding.of:,}",
            _wanted(finding),
        )
    return made


def _wanted(finding: Finding) -> str:
    if finding.operator is None:
        return ""
    unit = "%" if finding.unit == "percent" else ""
    found = "" if finding.value is None else f", is {finding.value:g}{unit}"
    return f"{finding.operator} {finding.threshold}{unit}{found}"


def _steps(steps: list[Step]) -> Table:
    made = table("step", "attempt", "status", "seconds", "detail", right=("attempt", "seconds"))
    for step in steps:
        detail = ", ".join(f"{key} {value}" for key, value in step.detail.items())
        made.add_row(step.name, str(step.attempt), status(step.status), f"{step.seconds:.2f}", detail)
    return made
