"""Avro, ORC and workbooks, written anew as what the pass reads: JSON lines, Parquet, CSV. A piece at a time.

These readers trust a file more than is wise: what it says of its own size may take all memory, and some end the
process. So this is a program of its own, bounded by its operating system, that apart.py runs.

    avro    JSON lines, values that JSON has no word for as text: times in ISO 8601, decimals in digits, bytes in base64
    orc     Parquet, a stripe at a time
    xlsx    CSV of one sheet: the one named, or the only one that has anything in it
"""

from __future__ import annotations

import base64
import csv
import json
import resource
import sys
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

__all__ = ["DAMAGED", "NOTHING", "SEVERAL_SHEETS", "TOO_LARGE"]

DAMAGED, TOO_LARGE, NOTHING, SEVERAL_SHEETS = 11, 12, 13, 14  # how the program ends, beside 0


def _avro(source: str, target: str) -> int:
    import fastavro  # noqa: PLC0415 - each run needs one reader only

    rows = 0
    with Path(source).open("rb") as file, Path(target).open("w", encoding="utf-8") as out:
        for record in fastavro.reader(file):
            if not isinstance(record, dict):
                return DAMAGED
            out.write(json.dumps(_plain(record), ensure_ascii=False, default=_text) + "\n")
            rows += 1
    return 0 if rows else NOTHING


def _plain(value: Any) -> Any:
    """Numbers that JSON lacks as text."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and (value != value or abs(value) == float("inf")) else value  # noqa: PLR0124


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _orc(source: str, target: str) -> int:
    import pyarrow.orc  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    file = pyarrow.orc.ORCFile(source)
    if not file.nrows:
        return NOTHING
    with pq.ParquetWriter(target, file.schema, compression="zstd") as writer:
        for number in range(file.nstripes):
            writer.write_batch(file.read_stripe(number))
    return 0


def _xlsx(source: str, target: str, sheet: str = "") -> int:
    import python_calamine  # noqa: PLC0415

    book = python_calamine.load_workbook(source)
    names = [sheet] if sheet else [name for name in book.sheet_names if book.get_sheet_by_name(name).total_height]
    if not names:
        return NOTHING
    if len(names) > 1:
        return SEVERAL_SHEETS
    if names[0] not in book.sheet_names:
        return NOTHING
    with Path(target).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for row in _rows(book.get_sheet_by_name(names[0]).iter_rows()):
            writer.writerow(row)
    return 0


def _rows(rows: Iterable[Iterable[Any]]) -> Iterable[list[str]]:
    for row in rows:
        cells = [_cell(value) for value in row]
        if any(cells):
            yield cells


def _cell(value: Any) -> str:
    """A cell's text: whole numbers without a point, days without a time."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)


_READERS = {"avro": _avro, "orc": _orc, "xlsx": _xlsx}


def _main(kind: str, memory: str, size: str, *arguments: str) -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    try:
        return _READERS[kind](*arguments)
    except MemoryError:
        return TOO_LARGE
    except OSError as error:
        return TOO_LARGE if error.errno else DAMAGED
    except BaseException:
        return DAMAGED


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
