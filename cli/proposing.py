"""What `mesh contract lint` proposes: where the rows come from that it rests on, files or what is published."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.frame import Frame
from cli.landing import readable
from cli.target import Target
from datamesh.contract.draft import product_name
from datamesh.contract.finding import Finding
from datamesh.contract.model import Contract, Table
from datamesh.contract.parse import parse, parse_source
from datamesh.contract.profile import Profile
from datamesh.contract.rules.names import suggestion
from datamesh.contract.rules.subject import Subject
from datamesh.contract.source import UnreadableContract, load
from datamesh.errors import UserError

if TYPE_CHECKING:
    from datamesh.contract.evidence import Evidence

__all__ = ["proposals"]

# What is only about names, or about a contract's place in the mesh, keeps no rows from being read.
_MINOR = ("schema.one-object", "dataProduct.", "domain.", "column.name", "column.reserved", "schema.name")
_BATCHES = 100  # the newest, among which one that was published is looked for


@dataclass(frozen=True)
class _Grounds:
    """What proposals rest on, and the contracts beside those in hand that references may lead to."""

    evidence: Evidence | None = None
    others: tuple[Contract, ...] = ()


def proposals(
    frame: Frame, found: Mapping[Path, Sequence[Finding]], data: Sequence[str], *, published: bool
) -> dict[Path, list[Finding]]:
    """The proposals for each file, of which lint has `found` something.

    A contract with errors gets none, except where they are about names. Raises UserError, UnreadableInput.
    """
    if data and published:
        raise UserError("--data and --published are two grounds for one proposal", hint="give one of them")
    subjects = {file: subject for file, findings in found.items() if (subject := _subject(file, findings))}
    for file in found if data or published else ():
        if file not in subjects:
            frame.screen.note(f"{file}: proposals wait until its errors are mended")
    if not subjects:
        return {}
    from datamesh.ask.proposals import propose  # noqa: PLC0415 (the engine takes a second to import)

    with _grounds(frame, [each.contract for each in subjects.values()], data, published) as grounds:
        proposed = propose(list(subjects.values()), grounds.evidence, grounds.others)
        return dict(zip(subjects, proposed, strict=True))


def _subject(file: Path, findings: Sequence[Finding]) -> Subject | None:
    if any(found.severity == "error" and not found.rule.startswith(_MINOR) for found in findings):
        return None
    try:
        source = load(file.read_bytes())
    except UnreadableContract:
        return None
    return Subject(source, parse_source(source), str(file))


@contextmanager
def _grounds(frame: Frame, contracts: Sequence[Contract], data: Sequence[str], published: bool) -> Iterator[_Grounds]:
    if published:
        with _published(frame, _tables(contracts)) as grounds:
            yield grounds
    elif data:
        with _sampled(frame, _tables(contracts), data) as grounds:
            yield grounds
    else:
        yield _Grounds()


def _tables(contracts: Sequence[Contract]) -> dict[str, Table]:
    from datamesh.ask.names.vocabulary import mesh_name  # noqa: PLC0415

    named = [(mesh_name(contract, table), table) for contract in contracts for table in contract.tables]
    double = sorted({name for name, _ in named if sum(name == other for other, _ in named) > 1})
    if double:
        raise UserError(f"two of the contracts are of {', '.join(double)}", hint="lint one version at a time")
    return dict(named)


@contextmanager
def _sampled(frame: Frame, tables: Mapping[str, Table], data: Sequence[str]) -> Iterator[_Grounds]:
    from datamesh.publish.samples import samples  # noqa: PLC0415

    files = _files(frame, tables, data)
    wanted = {name: (tables[name], paths) for name, paths in files.items()}
    count = sum(map(len, files.values()))
    said = f"reading {count} file{'' if count == 1 else 's'}"
    with tempfile.TemporaryDirectory() as work, frame.screen.step(said), samples(wanted, workdir=Path(work)) as found:
        for name in files:
            if bad := found.bad[name]:
                said = "1 row breaks the contract and is" if bad == 1 else f"{bad:,} rows break the contract and are"
                frame.screen.note(f"{name}: {said} left out; `mesh contract test` says why")
        yield _Grounds(found)


def _files(frame: Frame, tables: Mapping[str, Table], data: Sequence[str]) -> dict[str, list[Path]]:
    """The files of each table: those that are named like it, or were said to be its. Raises UserError."""
    found: dict[str, list[Path]] = {}
    for said in data:
        name, path = _said(said, tables)
        inside = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        placed = {file: name or _table_of(file, tables) for file in inside}
        if not any(placed.values()):
            known = ", ".join(table.name for table in tables.values())
            raise UserError(f"{path}: no table is named so", hint=f"say whose it is: TABLE={path}; there are {known}")
        if strange := [file.name for file, table in placed.items() if table is None]:
            frame.screen.note(f"{path}: {', '.join(strange)} left out, for no table is named so")
        for file, table in placed.items():
            if table is not None:
                found.setdefault(table, []).append(readable(file))
    return found


def _said(said: str, tables: Mapping[str, Table]) -> tuple[str | None, Path]:
    """A table's mesh name, if one is said before the path."""
    before, mark, after = said.partition("=")
    name = next((name for name, table in tables.items() if mark and before in (name, table.name)), None)
    return name, Path(after if name else said)


def _table_of(file: Path, tables: Mapping[str, Table]) -> str | None:
    """The only table; else the one that the file is named for."""
    names = {file.stem.lower(), product_name(file.name)}
    like = [name for name, table in tables.items() if {table.name.lower(), suggestion(table.name)} & names]
    return like[0] if like else next(iter(tables)) if len(tables) == 1 else None


@contextmanager
def _published(frame: Frame, tables: Mapping[str, Table]) -> Iterator[_Grounds]:
    from datamesh.ask.names.vocabulary import mesh_name  # noqa: PLC0415
    from datamesh.engine.duck import connect  # noqa: PLC0415
    from datamesh.publish.remembered import Remembered  # noqa: PLC0415

    with frame.screen.step("reading what is published"):
        known = list(_products(frame.target))
    theirs = {mesh_name(contract, contract.table): contract for contract, _ in known}
    others = {name: contract for name, contract in theirs.items() if name not in tables}
    profiles = {mesh_name(contract, contract.table): profile for contract, profile in known if profile}
    for name in tables:
        if name not in profiles:
            frame.screen.note(f"{name}: nothing of it is published")
    with connect(memory_mb=512, threads=2) as con:
        every = {name: contract.table for name, contract in others.items()} | dict(tables)
        yield _Grounds(Remembered(con, every, profiles), tuple(others.values()))


def _products(target: Target) -> Iterator[tuple[Contract, Profile | None]]:
    """The contract in force of each product of the mesh, and what its newest snapshot holds."""
    s3 = target.client("s3")
    for domain in target.domains():
        ledger, lake = target.ledger(domain), target.parameters(domain)["lake-bucket"]
        for held in ledger.products():
            at = held.contract
            contract = parse(s3.get_object(Bucket=at.bucket, Key=at.key)["Body"].read())
            batches = ledger.batches(held.product, limit=_BATCHES)
            key = next((b.profile_key for b in batches if b.profile_key and b.major == held.major), None)
            profile = s3.get_object(Bucket=lake, Key=key)["Body"].read() if key else None
            yield contract, Profile.model_validate_json(profile) if profile else None
