"""Makes of a file what one pass can read: plain CSV or JSON lines in UTF-8, or Parquet. Nothing is kept in memory.

    packed      unpacked to disk; each member of a zip is a file of its own, called `key!member`
    text        made UTF-8
    JSON        that is not one object a line: made so
    Avro, ORC, workbooks    written anew, in a process of their own

What is wrong with a file is a reason of it; then none of it is read. Beside preflight's reasons and unpacking's:

    several-sheets     a workbook with more than one sheet that has anything in it, where the contract names none
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Table
from datamesh.events import Reason
from datamesh.publish.apart import convert_apart
from datamesh.publish.documents import as_lines
from datamesh.publish.encoding import UTF_8, transcode
from datamesh.publish.format import Kind, Seen
from datamesh.publish.job import DEFAULT_ENGINE, Engine, InputFile
from datamesh.publish.preflight import inspect, inspect_as
from datamesh.publish.sources import LocalFile
from datamesh.publish.unpacking import Limits, Refused, Unpacked, unpack

__all__ = ["Opened", "open_file"]

_CONVERTED: dict[Kind, Kind] = {"avro": "jsonl", "orc": "parquet", "xlsx": "csv"}


@dataclass(frozen=True)
class Opened:
    """What a file holds: `parts` to be read as they are, or the `reasons` why it is refused. `notes` are let pass."""

    parts: tuple[InputFile, ...] = ()
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


def open_file(
    file: LocalFile, table: Table, into: Path, *, engine: Engine = DEFAULT_ENGINE, limits: Limits | None = None
) -> Opened:
    """Opens one file, writing what it must into `into`, which may hold nothing yet. The file itself is left alone."""
    seen = inspect(file, table)
    if seen.reasons:
        return Opened(reasons=seen.reasons)
    if seen.layout:
        return Opened((InputFile(file.path, file.name, seen.layout),), notes=seen.notes)
    into.mkdir(parents=True, exist_ok=True)
    opener = _Opener(table, engine, limits or _room(into))
    try:
        return _together(opener.parts(file, seen.seen, into))
    except Refused as refused:
        return Opened(reasons=(Reason(rule=refused.rule),))


@dataclass(frozen=True)
class _Opener:
    table: Table
    engine: Engine
    limits: Limits

    def parts(self, file: LocalFile, seen: Seen, into: Path) -> list[Opened]:
        if seen.packing is None:
            return [self._plain(file, file.name, seen, into)]
        content = into / "content"
        content.mkdir()
        unpacked = unpack(file.path, seen.packing, content, self.limits)
        return [self._part(part, file.name, into / f"part-{number}") for number, part in enumerate(unpacked)]

    def _part(self, part: Unpacked, name: str, into: Path) -> Opened:
        """What was inside of a file: judged like one, but it may not be packed once more."""
        into.mkdir()
        within = f"{name}!{part.member}" if part.member else name
        file = LocalFile(part.path, within if part.member else str(PurePosixPath(name).with_suffix("")))
        seen = inspect(file, self.table)
        if seen.seen.packing:
            raise Refused("wrong-format")
        if seen.reasons or seen.layout is None:
            return Opened(reasons=seen.reasons) if seen.reasons else self._plain(file, within, seen.seen, into)
        return Opened((InputFile(file.path, within, seen.layout),), notes=seen.notes)

    def _plain(self, file: LocalFile, name: str, seen: Seen, into: Path) -> Opened:
        if seen.kind in _CONVERTED:
            return self._converted(file, name, seen.kind, into)
        path, kind = file.path, seen.kind
        if seen.encoding != UTF_8:
            path = _transcoded(path, seen.encoding, into / "text")
        if kind == "json":
            path, kind = as_lines(path, into / "lines", engine=self.engine), "jsonl"
        return self._inspected(path, name, kind, self.table)

    def _converted(self, file: LocalFile, name: str, kind: Kind, into: Path) -> Opened:
        path = convert_apart(
            kind,
            file.path,
            into / "converted",
            engine=self.engine,
            size=self.limits.unpacked,
            sheet=self.table.input.sheet if kind == "xlsx" else None,
        )
        return self._inspected(path, name, _CONVERTED[kind], _as_converted(self.table))

    def _inspected(self, path: Path, name: str, kind: Kind, table: Table) -> Opened:
        seen = inspect_as(LocalFile(path, name), table, kind)
        parts = (InputFile(path, name, seen.layout),) if seen.layout else ()
        return Opened(parts, seen.reasons, seen.notes)


def _transcoded(path: Path, encoding: str, to: Path) -> Path:
    if shutil.disk_usage(to.parent).free < 2 * path.stat().st_size:
        raise Refused("too-large")
    return transcode(path, encoding, to)


def _as_converted(table: Table) -> Table:
    """The table of files that convert.py has written: a CSV of its own dialect, whatever the contract's files are."""
    form = table.input
    plain = InputFormat(
        delimiter=",",
        header=form.header,
        skip_lines=form.skip_lines,
        extra_columns=form.extra_columns,
        missing_columns=form.missing_columns,
    )
    return replace(table, input=plain)


def _together(opened: Sequence[Opened]) -> Opened:
    """All parts of a file, or none."""
    reasons = tuple(dict.fromkeys(reason for part in opened for reason in part.reasons))
    parts = () if reasons else tuple(file for part in opened for file in part.parts)
    return Opened(parts, reasons, tuple(dict.fromkeys(note for part in opened for note in part.notes)))


def _room(into: Path) -> Limits:
    """Half of what is free: the other half is for what the pass writes."""
    return replace(Limits(), unpacked=min(Limits().unpacked, shutil.disk_usage(into).free // 2))
