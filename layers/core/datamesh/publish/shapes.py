"""Which files are of one shape: written alike, with the same columns. Such files are one product."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamesh.contract.model import InputFormat, Table
from datamesh.errors import UnreadableInput
from datamesh.publish.format import look
from datamesh.publish.preflight import inspect
from datamesh.publish.reading import Layout
from datamesh.publish.sources import LocalFile

__all__ = ["Shape", "by_shape", "layout_of"]

_DELIMITERS = (",", ";", "\t", "|")
_LINES = 50  # of a file's beginning, by which its delimiter is found


@dataclass(frozen=True)
class Shape:
    """How files are written and what their columns are called; files that agree in it are one product."""

    input: InputFormat
    sources: tuple[str, ...]
    types: tuple[str, ...] = ()

    @property
    def kinds(self) -> Mapping[str, str]:
        """The type of each column that the files themselves give one."""
        return dict(zip(self.sources, self.types, strict=False))


def by_shape(files: Sequence[Path]) -> Mapping[Shape, list[Path]]:
    """The files of each shape, in their order. Raises UnreadableInput."""
    shapes: dict[Shape, list[Path]] = {}
    for file in files:
        shapes.setdefault(_shape(file), []).append(file)
    return shapes


def _shape(file: Path) -> Shape:
    source = LocalFile(file, file.name)
    form = _form(source)
    seen, layout = inspect(source, Table("", (), input=form)), layout_of(file, Table("", (), input=form))
    if not form.header:
        return Shape(form, tuple(f"column_{i + 1}" for i in range(len(layout.fields))))
    return Shape(form, layout.fields or tuple(note.column for note in seen.notes if note.column), layout.kinds)


def _form(source: LocalFile) -> InputFormat:
    """What has to be known before a file can be read, where its bytes alone do not say it."""
    seen = look(source, "utf-8")
    if seen.kind != "csv":
        return InputFormat()
    delimiter, first = max((_cut(seen.text, delimiter) for delimiter in _DELIMITERS), key=_agreement)[:2]
    header = all(name.strip() and not _is_number(name) for name in first) and len(set(first)) == len(first)
    return InputFormat(delimiter=delimiter, header=header)


def _cut(text: str, delimiter: str) -> tuple[str, list[str], Counter[int]]:
    """The delimiter, the first record under it, and how many fields the records have."""
    reader = csv.reader(text.splitlines(keepends=True)[: _LINES + 1], delimiter=delimiter)
    try:
        records = [record for record in reader if record][:_LINES]
    except csv.Error:
        records = []
    return delimiter, records[0] if records else [], Counter(map(len, records))


def _agreement(cut: tuple[str, list[str], Counter[int]]) -> tuple[float, int]:
    """A delimiter is right when most records agree on a number of fields, and the more the better."""
    widths = cut[2]
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return (count / widths.total() if width > 1 else 0.0), width


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def layout_of(file: Path, table: Table) -> Layout:
    """How publishing reads the file. Raises UnreadableInput where it would refuse it."""
    seen = inspect(LocalFile(file, file.name), table)
    if seen.layout is None:
        why = ", ".join(dict.fromkeys(reason.rule for reason in seen.reasons))
        raise UnreadableInput(f"{file} cannot be read: {why}", hint="mend the file")
    return seen.layout
