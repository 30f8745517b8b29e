"""mesh contract lint | infer | diff | push | retire | test"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli import landing
from cli.commands.infer import infer
from cli.commands.publish import ended_with, runs_view
from cli.frame import USERS, Failure, Frame, command
from cli.landing import Run, readable
from cli.proposing import proposals
from cli.screen import table
from datamesh.contract.change import needs_major, right_version
from datamesh.contract.compatibility import compare
from datamesh.contract.finding import Finding
from datamesh.contract.lint import has_errors
from datamesh.contract.lint import lint as check
from datamesh.contract.model import Version
from datamesh.contract.parse import parse
from datamesh.errors import ContractError
from datamesh.govern.policy import readers

__all__ = ["app", "findings_table"]

app = typer.Typer(help="Contracts: check them, put them in force, try them on files.", no_args_is_help=True)

command(app)(infer)

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
_Contract = Annotated[Path, typer.Argument(metavar="CONTRACT", help="An ODCS contract, YAML.")]


@command(app)
def lint(
    frame: Frame,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Files, or a folder of files named like the tables, that proposals rest on; TABLE=PATH says whose.",
        ),
    ] = None,
    *,
    published: Annotated[
        bool, typer.Option("--published", help="Let proposals rest on what the mesh has published.")
    ] = False,
) -> None:
    """Say what is wrong with contracts, with line and rule, and propose what questions would be answered better with.

    Files that publishing could read, or what is published, let it propose more. Nothing is sent anywhere.
    """
    found = {file: _check(file) for file in files}
    proposed = proposals(frame, found, data or (), published=published)
    findings = [
        {"file": str(file)} | each.as_dict() for file in found for each in (*found[file], *proposed.get(file, ()))
    ]
    counts = {name: sum(each["severity"] == name for each in findings) for name in ("error", "warning", "info")}
    errors, warnings, infos = counts.values()
    frame.screen.result(
        {"findings": findings, "errors": errors, "warnings": warnings, "proposals": infos},
        *([findings_table(findings)] if findings else []),
        f"{len(files)} read: {errors} errors, {warnings} warnings, {infos} proposals",
    )
    if errors:
        raise Failure(USERS)


@command(app)
def diff(
    frame: Frame,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The contract before.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The contract after.")],
) -> None:
    """Say what changed between two versions of a contract, whom it breaks, and which version number is right.

    Exits with 2 when something breaks and the new version has no higher major number.
    """
    before, after = (parse(readable(file).read_bytes()) for file in (old, new))
    changes = compare(before, after)
    told = [
        {"kind": change.kind, "rule": change.rule, "path": change.path, "message": change.message}
        | ({"consumers": list(readers(before, change.columns))} if change.kind == "breaking" else {})
        for change in changes
    ]
    right, refused = right_version(changes, before.version), needs_major(changes, before.version, after.version)
    versions = {"old": before.version, "new": after.version, "right": right}
    frame.screen.result(
        {"changes": told, "refused": refused} | {f"{name}_version": str(v) for name, v in versions.items()},
        *([changes_table(told)] if told else []),
        _judged(len(told), before.version, after.version, right),
    )
    if refused:
        raise Failure(USERS)


@command(app)
def push(frame: Frame, file: _Contract) -> None:
    """Put a contract in force, and wait until its domain has applied or rejected it."""
    _push(frame, file)


@command(app)
def retire(
    frame: Frame,
    name: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT")],
    major: Annotated[int, typer.Option("--major", help="The major version that ends.")],
) -> None:
    """End a major version: nobody reads it any more, files for it are refused, its data is kept.

    The contract in force is put again with status retired and a higher minor version.
    """
    product = frame.target.product(name)
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / f"{product.product}.odcs.yaml"
        file.write_bytes(landing.retirement(frame.target, product, major))
        _push(frame, file)


def _push(frame: Frame, file: Path) -> None:
    product, outcome = landing.push(frame.target, frame.screen, file)
    answer = {"product": str(product), "file": str(file)} | outcome.model_dump(mode="json")
    frame.screen.result(
        answer,
        f"{product} {outcome.version}: {outcome.outcome}",
        *([findings_table([{"file": str(file)} | found for found in outcome.findings])] if outcome.findings else []),
    )
    if outcome.outcome == "rejected":
        raise Failure(USERS)


@command(app)
def test(frame: Frame, contract: _Contract, files: Annotated[list[Path], typer.Argument(metavar="FILE...")]) -> None:
    """Say what publishing files would do, without AWS and without keeping anything."""
    if has_errors(_check(contract)):
        raise ContractError(f"{contract} has errors", hint=f"`mesh contract lint {contract}` says which")
    for file in files:
        readable(file)
    from datamesh.publish.try_out import try_out  # noqa: PLC0415 (the engine takes a second to import)

    promised = parse(contract.read_bytes())
    with frame.screen.step(f"trying {promised.name}"), tempfile.TemporaryDirectory() as work:
        tried = try_out(promised, files, workdir=Path(work))
    run = Run(
        product=promised.name, run_id=None, status=tried.status, reasons=tried.reasons, **tried.counts.model_dump()
    )
    counted = run.model_dump(mode="json", exclude={"status", "run_id", "snapshot_id", "seconds"})
    frame.screen.result(
        {"verdict": tried.status}
        | counted
        | {"refused": tried.refused, "sample": tried.sample}
        | {"findings": [finding.model_dump(mode="json") for finding in tried.findings]},
        *runs_view([run]),
        *([_sample(tried.sample)] if tried.sample else []),
    )
    if code := ended_with([run]):
        raise Failure(code)


def findings_table(findings: Sequence[Mapping[str, Any]]) -> Table:
    """Findings in the order given, each with where it is and what to write instead."""
    made = table("where", "severity", "rule", "finding")
    for found in findings:
        colour = _COLOURS[found["severity"]]
        path = f" ({found['path']})" if found.get("path") else ""
        fix = f"\n{found['fix']}" if found.get("fix") else ""
        made.add_row(
            f"{found['file']}:{found['line']}",
            Text(found["severity"], style=colour),
            found["rule"],
            Text(found["message"] + path) + Text(fix, style="dim"),
        )
    return made


def changes_table(changes: Sequence[Mapping[str, Any]]) -> Table:
    """Changes in the order given, each with whom it breaks."""
    made = table("kind", "rule", "where", "change")
    for change in changes:
        style = {"breaking": "red", "compatible": "green"}.get(change["kind"], "dim")
        whom = ", ".join(change.get("consumers", ()))
        made.add_row(
            Text(change["kind"], style=style),
            change["rule"],
            change["path"],
            Text(change["message"]) + Text(f"\nbreaks {whom}" if whom else "", style="dim"),
        )
    return made


def _judged(count: int, old: Version, new: Version, right: Version) -> str:
    if not count:
        return f"nothing changed since {old}"
    if new.major > old.major:
        return f"{count} changed since {old}; {new} is a new major version, which may change anything"
    return f"{count} changed since {old}: {right} is the right version{'' if new >= right else f', not {new}'}"


def _sample(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Some of the rows that would go to quarantine, with the rule that each broke."""
    made = table(*rows[0])
    for row in rows:
        made.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    return made


def _check(file: Path) -> list[Finding]:
    return check(readable(file).read_bytes(), file=str(file))
