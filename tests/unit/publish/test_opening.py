"""The same rows in every format, packing and encoding; what does not fit into its bounds is a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cramjam
import fastavro
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
import zstandard

from datamesh.contract.intake import InputFormat
from datamesh.publish.job import Engine
from datamesh.publish.opening import open_file
from datamesh.publish.sources import LocalFile
from datamesh.publish.unpacking import Limits
from tests.corpus.binaries import workbook
from tests.corpus.packed import zipped
from tests.support.staging import column, staged, table

ROWS = [(1, "Zoë, 5 €", 1.5), (2, None, None), (3, 'say "hi"\nyou', -7.0)]
NAMES = ("id", "name", "real")
THINGS = table(column("id", "integer", required=True), column("name"), column("real", "number"))


def _csv(delimiter: str = ",") -> bytes:
    quoted = [["" if v is None else '"' + str(v).replace('"', '""') + '"' for v in row] for row in ROWS]
    return "".join(delimiter.join(row) + "\n" for row in [NAMES, *quoted]).encode()


def _objects() -> list[dict[str, Any]]:
    return [{name: value for name, value in zip(NAMES, row, strict=True) if value is not None} for row in ROWS]


def _json_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in _objects()).encode()


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in ROWS]), out)
    return out.getvalue()


def _orc() -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in ROWS]), out)
    return out.getvalue()


def _avro() -> bytes:
    kinds = {"id": "long", "name": "string", "real": "double"}
    fields = [{"name": name, "type": ["null", kind], "default": None} for name, kind in kinds.items()]
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema({"type": "record", "name": "r", "fields": fields}), _objects())
    return out.getvalue()


def _workbook() -> bytes:
    def cell(value: object) -> str:
        if isinstance(value, str):
            shown = value.replace("&", "&amp;").replace('"', "&quot;")
            return f'<c t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'
        return "<c/>" if value is None else f"<c><v>{value}</v></c>"

    def row(number: int, values: tuple[object, ...]) -> str:
        cells = (cell(v).replace("<c", f'<c r="{"ABC"[i]}{number}"', 1) for i, v in enumerate(values))
        return f'<row r="{number}">{"".join(cells)}</row>'

    return workbook("".join(row(n, values) for n, values in enumerate([NAMES, *ROWS], 1)))


FORMATS: dict[str, Callable[[], bytes]] = {
    "f.csv": _csv,
    "f.tsv": lambda: _csv("\t"),
    "f.jsonl": _json_lines,
    "f.json": lambda: json.dumps(_objects(), indent=1).encode(),
    "f.parquet": _parquet,
    "f.orc": _orc,
    "f.avro": _avro,
    "f.xlsx": _workbook,
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".snappy": lambda data: bytes(cramjam.snappy.compress(data)),
    ".zip": lambda data: zipped({"inside": data}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_rows_in_every_format(tmp_path: Path, name: str) -> None:
    done = staged(tmp_path, THINGS, {name: FORMATS[name]()})

    assert done.good == ROWS
    assert done.staged.rows_bad == 0


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["f.csv", "f.json", "f.parquet", "f.avro"])
def test_the_same_rows_in_every_packing(tmp_path: Path, name: str, packing: str) -> None:
    done = staged(tmp_path, THINGS, {name + packing: PACKINGS[packing](FORMATS[name]())})

    assert done.good == ROWS


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl", "f.json"])
@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", "utf-16"),
        ("cp1252", "windows-1252"),
    ],
)
def test_the_same_rows_in_every_encoding(tmp_path: Path, name: str, encoding: str, declared: Any) -> None:
    text = FORMATS[name]().decode()
    if name != "f.csv":
        text = text.replace("\\u00eb", "ë").replace("\\u20ac", "€")
    wanted = table(*THINGS.columns, input=InputFormat(encoding=declared))

    assert staged(tmp_path, wanted, {name: text.encode(encoding)}).good == ROWS


def test_members_of_a_zip_are_files_of_their_own(tmp_path: Path) -> None:
    body = zipped({"a/x.csv": b"id,name,real\n1,a,\n", "y.jsonl": b'{"id": "?"}\n', "z.csv": b"real;id\nx;3\n4;4\n"})

    done = staged(tmp_path, THINGS, {"drop/f.zip": body})

    assert done.good == [(1, "a", None), (4, None, 4.0)]
    assert done.bad == [
        ("drop/f.zip!y.jsonl", 1, "type", "id", "?"),
        ("drop/f.zip!z.csv", 1, "type", "real", "x"),
    ]


def test_rows_of_what_was_written_anew_have_their_number_and_text(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.csv.zst": PACKINGS[".zst"](b"id,name,real\n1,a,\nx,b,\n"),
        "b.json": '[{"id": 1}, {"id": 2,\n "name": 5, "real": "?"}]',
        "c.csv": "id,name,real\nü,,\n".encode("utf-16"),
    }

    done = staged(tmp_path, THINGS, files)

    assert done.bad == [
        ("a.csv.zst", 2, "type", "id", "x"),
        ("b.json", 2, "type", "real", "?"),
        ("c.csv", 1, "type", "id", "ü"),
    ]
    assert done.quarantine("line")[1] == ('{"id": 2,  "name": 5, "real": "?"}',)


def opened(into: Path, name: str, body: bytes, **bounds: int) -> list[str]:
    """The reasons of a file under bounds of its own."""
    (into / "f").write_bytes(body)
    limits = Limits(**{"unpacked": 100_000, "harmless": 10_000, "ratio": 20, "members": 5, **bounds})
    found = open_file(LocalFile(into / "f", name), THINGS, into / "o", engine=Engine(memory_mb=300), limits=limits)
    return [reason.rule for reason in found.reasons]


NOISE = b"id,name,real\n" + b"".join(b"%d,%d,\n" % (n, n * n * 7919 % 10**9) for n in range(6_000))


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_unpacked_is_bounded_by_size_and_by_ratio(tmp_path: Path, packing: str) -> None:
    name, pack = f"f{packing}", PACKINGS[packing]
    places = [tmp_path / str(n) for n in range(4)]
    for place in places:
        place.mkdir()

    assert opened(places[0], name, pack(NOISE), unpacked=len(NOISE)) == []
    assert opened(places[1], name, pack(NOISE), unpacked=len(NOISE) - 1) == ["too-large"]
    assert opened(places[2], name, pack(b"id,name,real\n" + b"1,a,\n" * 10_000), ratio=2) == ["bomb"]
    assert opened(places[3], name, pack(b"id,name,real\n" + b"1,a,\n" * 1_000), ratio=2) == []


def test_what_is_written_anew_is_bounded_as_well(tmp_path: Path) -> None:
    fields = [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]
    schema = fastavro.parse_schema({"type": "record", "name": "r", "fields": fields})
    out = io.BytesIO()
    fastavro.writer(out, schema, [{"id": n, "name": "x" * 500} for n in range(1_000)], codec="deflate")

    assert opened(tmp_path, "f.avro", out.getvalue()) == ["too-large"]


def test_a_reader_that_ends_its_process_or_hangs_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datamesh.publish.apart._SECONDS", 0.05)
    assert opened(tmp_path, "f.avro", _avro()) == ["too-slow"]

    monkeypatch.undo()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    place = tmp_path / "2"
    place.mkdir()
    assert opened(place, "f.avro", _avro()) == ["unreadable"]


def test_the_file_itself_is_left_alone(tmp_path: Path) -> None:
    body = gzip.compress(_csv())

    assert opened(tmp_path, "f.csv.gz", body) == []
    assert (tmp_path / "f").read_bytes() == body
