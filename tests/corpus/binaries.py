"""Parquet, Avro, ORC and workbooks: whole, cut off, broken, and saying what is not so."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

from tests.corpus.case import VALUES, Group

__all__ = ["CASES", "workbook"]

_BOTH = ("missing-column:id", "missing-column:name")
_ROWS = 5_000


def _parquet(table: pa.Table | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    found = table if table is not None else pa.table({"id": range(_ROWS), "name": [f"name {n}" for n in range(_ROWS)]})
    pq.write_table(found, out, **options)
    return out.getvalue()


def _changed(data: bytes, at: int, to: bytes) -> bytes:
    at = at if at >= 0 else len(data) + at
    return data[:at] + to + data[at + len(to) :]


_p = Group("Parquet", "f.parquet")
_WHOLE = _parquet()
_p.published("whole", _WHOLE, _ROWS)
for _codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
    _p.published(f"pages packed by {_codec}", _parquet(compression=_codec), _ROWS)
_p.published("many small row groups", _parquet(row_group_size=10), _ROWS)
_p.published(
    "one huge row group",
    lambda: _parquet(pa.table({"id": range(2_000_000)}), row_group_size=2_000_000),
    2_000_000,
    "missing-column:name",
)
_p.published("names in capitals", _parquet(pa.table({"ID": [1], "Name": ["a"]})), 1)
_p.published(
    "other widths", _parquet(pa.table({"id": pa.array([1, 2], pa.int8()), "name": pa.array([1, 2], pa.uint64())})), 2
)
_p.published(
    "numbers as text, lists and structs as JSON", _parquet(pa.table({"id": ["1", "2"], "name": [[{"a": 1}], None]})), 2
)
_p.published("a dictionary", _parquet(pa.table({"id": [1, 2], "name": pa.array(["a", "b"]).dictionary_encode()})), 2)
_p.published("a column more", _parquet(pa.table({"id": [1], "name": ["a"], "age": [3]})), 1, "extra-column:age")
_p.partial(
    "numbers past 64 bits",
    _parquet(pa.table({"id": pa.array([1, 2**64 - 1], pa.uint64())})),
    (1, 1),
    "type:id=1",
    "missing-column:name",
)
_p.partial(
    "numbers with fractions and NaN",
    _parquet(pa.table({"id": [1.0, 1.5, float("nan"), None]})),
    (1, 3),
    "type:id=2",
    "required:id=1",
    "missing-column:name",
)
_p.refused("without rows", _parquet(pa.table({"id": pa.array([], pa.int64())})), "empty-file")
_p.refused("without columns", _parquet(pa.table({})), "empty-file")
_p.refused(
    "a column twice", _parquet(pa.table([pa.array([1]), pa.array([2])], names=["id", "id"])), "duplicate-column:id"
)
_p.refused(
    "a column in capitals and not",
    _parquet(pa.table({"id": [1], "ID": [2]})),
    "duplicate-column:id",
    "duplicate-column:ID",
)
_p.refused("other columns", _parquet(pa.table({"a": [1]})), *_BOTH)
_p.refused("called CSV", _WHOLE, "wrong-format", file="f.csv")
_p.refused("cut off", _WHOLE[:-1_000], "unreadable")
_p.refused("cut off in the middle, with an end", _WHOLE[: len(_WHOLE) // 2] + _WHOLE[-8:], "unreadable")
_p.refused("nothing but its marks", b"PAR1PAR1", "unreadable")
_p.refused("a footer that is longer than the file", _changed(_WHOLE, -8, b"\xff\xff\xff\x7f"), "unreadable")
_p.refused("a footer of zeros", _changed(_WHOLE, -200, b"\0" * 190), "unreadable")
_p.refused("a name that is no text", _WHOLE.replace(b"\x04name", b"\x04na\xe2e"), "unreadable")
_p.refused("a footer of noise", _changed(_WHOLE, -200, bytes((n * 37) % 251 for n in range(190))), "unreadable")
_p.refused("a page of zeros", _changed(_WHOLE, 200, b"\0" * 500), "unreadable")
_p.refused("pages of noise", _changed(_WHOLE, 4, b"\xff" * 500), "unreadable")
_p.refused("encrypted", b"PARE" + _WHOLE[4:-4] + b"PARE", "wrong-format")
_SAID = b"\x16" + b"\x90\x4e"  # 5,000 as Thrift writes it: of the file, of its row group, of each of its columns
_p.refused("other numbers of rows in two places", _WHOLE.replace(_SAID, b"\x16\xd0\x0f", 1), "unreadable")
_p.refused("another number of rows in the end", b"\xd0\x0f".join(_WHOLE.rsplit(b"\x90\x4e", 1)), "unreadable")


_a = Group("Avro", "f.avro")
_SCHEMA = {
    "type": "record",
    "name": "thing",
    "fields": [{"name": "id", "type": ["null", "long"]}, {"name": "name", "type": ["null", "string"]}],
}


def _avro(rows: list[Any], schema: Any = None, codec: str = "null") -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(schema or _SCHEMA), rows, codec=codec, sync_marker=b"0123456789abcdef")
    return out.getvalue()


def _avro_of(kind: Any, *values: Any) -> bytes:
    fields = [{"name": "id", "type": "long"}, {"name": "name", "type": kind}]
    return _avro([{"id": 1, "name": value} for value in values], {"type": "record", "name": "r", "fields": fields})


_AVRO = _avro([{"id": n, "name": f"name {n}"} for n in range(1_000)])
_a.published("whole", _AVRO, 1_000)
for _codec in ("deflate", "snappy", "zstandard", "bzip2", "xz"):
    _a.published(f"blocks packed by {_codec}", _avro([{"id": n, "name": "a"} for n in range(100)], codec=_codec), 100)
_a.published(
    "records in records",
    _avro_of({"type": "record", "name": "s", "fields": [{"name": "x", "type": "bytes"}]}, {"x": b"\xff"}),
    1,
)
_a.published(
    "moments and decimals",
    _avro_of({"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2}, Decimal("1.50")),
    1,
)
_a.published("numbers that JSON lacks", _avro_of("double", float("nan"), float("inf")), 2)
_a.partial("nulls", _avro([{"id": 1}, {"name": "x"}]), (1, 1), "required:id=1")
_a.refused("without rows", _avro([]), "empty-file")
_a.refused(
    "of other columns",
    _avro([{"a": 1}], {"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}]}),
    *_BOTH,
)
_a.refused("of no records", _avro([1, 2], "int"), "unreadable")
_a.refused("cut off", _AVRO[:-300], "unreadable")
_a.refused("nothing but its mark", b"Obj\x01", "unreadable")
_a.refused("without the mark between blocks", _AVRO[:-16] + b"\0" * 16, "unreadable")
_a.refused("a schema of noise", _changed(_AVRO, 30, b"\xff" * 40), "unreadable")
_a.refused(
    "a block that says it is endless",
    _AVRO[: _AVRO.index(b"0123456789abcdef") + 16] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f" * 2 + b"x" * 50,
    "too-large",
)
_a.refused("called CSV", _AVRO, "wrong-format", file="f.csv")

_o = Group("ORC", "f.orc")


def _orc(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(table, out, **options)
    return out.getvalue()


_ORC = _orc(pa.table({"id": range(_ROWS), "name": [f"name {n}" for n in range(_ROWS)]}))
_o.published("whole", _ORC, _ROWS)
for _codec in ("uncompressed", "zlib", "snappy", "zstd", "lz4"):
    _o.published(
        f"stripes packed by {_codec}", _orc(pa.table({"id": [1, 2]}), compression=_codec), 2, "missing-column:name"
    )
_o.partial("nulls", _orc(pa.table({"id": [1, None], "name": ["a", "b"]})), (1, 1), "required:id=1")
_o.refused("without rows", _orc(pa.table({"id": pa.array([], pa.int64())})), "empty-file")
_o.refused("of other columns", _orc(pa.table({"a": [1]})), *_BOTH)
_o.refused("cut off", _ORC[:-100], "unreadable")
_o.refused("a stripe of zeros", _changed(_ORC, 10, b"\0" * 200), "unreadable")
_o.refused("a footer of noise", _changed(_ORC, -60, bytes((n * 37) % 251 for n in range(50))), "unreadable")
_o.refused("nothing but its marks", b"ORC\0\0\x03ORC\x04", "unreadable")

_x = Group("workbooks", "f.xlsx")
_xv = Group("workbooks", "f.xlsx", columns=VALUES)
_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(*sheets: str, names: tuple[str, ...] = ("One", "Two", "Three")) -> bytes:
    """A workbook of sheets, each given as the XML of its rows. Style 1 shows a number as a day, 2 as a moment."""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="{names[n - 1]}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(_related(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    formats = "".join(f'<xf numFmtId="{n}" fontId="0" fillId="0" borderId="0"/>' for n in (0, 14, 22))
    kinds = "".join(_kind(f"xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers)
    relations = f'xmlns="{_PACKAGE}/relationships"'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/>{_kind("xl/workbook.xml", "sheet.main")}{kinds}</Types>',
        "_rels/.rels": f"<Relationships {relations}>"
        f"{_related('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {relations}>"
        f"{related}{_related('rId99', 'styles', 'styles.xml')}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="3">{formats}</cellXfs></styleSheet>',
    }
    for n in numbers:
        body = f'<worksheet xmlns="{_MAIN}"><sheetData>{sheets[n - 1]}</sheetData></worksheet>'
        parts[f"xl/worksheets/sheet{n}.xml"] = body
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name), _XML + body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _kind(part: str, kind: str) -> str:
    form = f"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"
    return f'<Override PartName="/{part}" ContentType="{form}"/>'


def _related(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_REL}/{kind}" Target="{target}"/>'


def _sheet(*rows: list[str]) -> str:
    """Cells as XML, or text that becomes a cell of text."""
    found = ""
    for number, row in enumerate(rows, 1):
        cells = "".join(c if c.startswith("<") else f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row)
        cells = "".join(
            re.sub("^<c", f'<c r="{"ABCDEFGHIJ"[i]}{number}"', cell)
            for i, cell in enumerate(re.findall("<c.*?(?:</c>|/>)", cells))
        )
        found += f'<row r="{number}">{cells}</row>'
    return found


def _n(value: str, style: int = 0) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


_HEAD = ["id", "name"]
_BOOK = workbook(_sheet(_HEAD, [_n("1"), "a"], [_n("2"), "ë, 😀"]))
_x.published("whole", _BOOK, 2)
_x.published(
    "a formula with its value, an error",
    workbook(_sheet(_HEAD, ["<c><f>1+1</f><v>2</v></c>", '<c t="e"><v>#N/A</v></c>'])),
    1,
)
_x.partial(
    "text for a number", workbook(_sheet(_HEAD, ["one", "a"], [_n("2.5"), "b"], [_n("3"), "c"])), (1, 2), "type:id=2"
)
_x.published("two sheets, one of them empty", workbook(_sheet(_HEAD, [_n("1"), "a"]), ""), 1)
_x.published(
    "two sheets, one of them named", workbook(_sheet(["x"], ["y"]), _sheet(_HEAD, [_n("1"), "a"])), 1, sheet="Two"
)
_x.published(
    "rows and columns before the table",
    workbook(_sheet(["Report"], _HEAD, [_n("1"), "a"])),
    1,
    skip_lines=1,
    missing_columns="ignore",
)
_x.refused(
    "two sheets, none of them named",
    workbook(_sheet(_HEAD, [_n("1"), "a"]), _sheet(_HEAD, [_n("1"), "a"])),
    "several-sheets",
)
_x.refused("a sheet that is not there", _BOOK, "empty-file", sheet="Four")
_x.refused("empty", workbook(""), "empty-file")
_x.refused("nothing but a header", workbook(_sheet(_HEAD)), "empty-file")
_x.refused("cut off", _BOOK[:-200], "unreadable")
_x.refused("without its sheet", workbook(_sheet(_HEAD)).replace(b"sheet1.xml", b"sheet9.xml", 1), "empty-file")
_x.refused(
    "cells at the far corners",
    workbook('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "too-large",
)
_x.refused("XML that is none", workbook("<row><c></row>"), "unreadable")
_x.refused("called CSV", _BOOK, "wrong-format", file="f.csv")
_xv.published(
    "days, moments and numbers",
    workbook(
        _sheet(
            [c.name for c in VALUES[:7]],
            [_n("1"), _n("-7"), _n("1.5"), _n("2.25"), '<c t="b"><v>1</v></c>', _n("41305", 1), _n("41305.5", 2)],
        )
    ),
    1,
    "missing-column:instant",
    "missing-column:clock",
)

CASES = (*_p.cases, *_a.cases, *_o.cases, *_x.cases, *_xv.cases)
