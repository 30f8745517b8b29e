"""Which files are of one shape: written alike, with the same columns. Such files are one product."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Table
from datamesh.publish.aside import opened
from datamesh.publish.format import look
from datamesh.publish.job import Engine, InputFile
from datamesh.publish.sources import LocalFile

__all__ = ["Shape", "by_shape"]

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


def by_shape(files: Sequence[Path], *, work: Path, engine: Engine) -> Mapping[Shape, list[Path]]:
    """The files of each shape, in their order. Raises UnreadableInput."""
    shapes: dict[Shape, list[Path]] = {}
    for number, file in enumerate(files):
        shapes.setdefault(_shape(file, work / str(number), engine), []).append(file)
    return shapes


def _shape(file: Path, work: Path, engine: Engine) -> Shape:
    """Opened without knowing anything, and once more with what was seen then."""
    first = opened(file, Table("", ()), work / "first", engine).parts[0]
    form = _form(first, in_columns=look(LocalFile(file, file.name), None).kind == "xlsx")
    found = opened(file, Table("", (), input=form), work / "second", engine)
    layout = found.parts[0].layout
    if not form.header:
        return Shape(form, tuple(f"column_{i + 1}" for i in range(len(layout.fields))))
    named = tuple(note.column for note in found.notes if note.rule == "extra-column" and note.column)
    return Shape(form, layout.fields or named, layout.kinds)


def _form(part: InputFile, *, in_columns: bool) -> InputFormat:
    """What its text shows of how a file is written. A workbook has no delimiter of its own."""
    if part.layout.format != "csv":
        return InputFormat()
    text = look(LocalFile(part.path, part.name), None).text
    delimiter, first = max((_cut(text, delimiter) for delimiter in _DELIMITERS), key=_agreement)[:2]
    header = all(name.strip() and not _is_number(name) for name in first) and len(set(first)) == len(first)
    return InputFormat(delimiter=None if in_columns else delimiter, header=header)


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
