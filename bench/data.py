"""The benchmark's files: orders that nobody made, the same ones each time. Made once by DuckDB, and kept."""

from __future__ import annotations

from pathlib import Path

import duckdb

__all__ = ["ROWS_PER_GB", "orders"]

ROWS_PER_GB = 9_000_000  # of CSV: about 112 bytes a row

_WRITTEN = {
    "csv": "FORMAT csv, HEADER",
    "jsonl": "FORMAT json",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}

# `d` are digits by chance, as many as a row needs; one bad row in a hundred breaks one of four rules.
_ROWS = """
SELECT {order_id} AS order_id,
    (d >> 8) % 200000 + 1 AS customer_id,
    {ordered_at} AS ordered_at,
    {ship_date} AS ship_date,
    {country} AS country,
    'SKU-' || lpad(CAST((d >> 24) % 50000 AS VARCHAR), 6, '0') AS sku,
    {quantity} AS quantity,
    CAST(((d >> 30) % 90000 + 100) / 100 AS DECIMAL(10, 2)) AS unit_price,
    CAST((d >> 36) % 50 / 100 AS {discount}) AS discount,
    'customer' || ((d >> 8) % 200000 + 1) || '@example.org' AS email,
    ['leave at the door', 'gift, wrap it please', NULL, 'call before', 'fragile'][1 + (d >> 40) % 5] AS note
FROM (SELECT i, CAST(hash(i) >> 2 AS BIGINT) AS d FROM range(1, {rows} + 1) AS t(i))"""

_AT = "TIMESTAMP '2024-01-01' + INTERVAL (d % 31536000) SECOND"
_CLEAN = {
    "order_id": "i",
    "ordered_at": _AT,
    "ship_date": "DATE '2024-01-01' + CAST((d >> 12) % 400 AS INTEGER)",
    "country": "['DE', 'FR', 'GB', 'IT', 'NL'][1 + (d >> 20) % 5]",
    "quantity": "(d >> 28) % 20 + 1",
    "discount": "DOUBLE",
}
_BAD = "d % 100 = 0 AND (d >> 16) % 4 = {}"
_DIRTY = _CLEAN | {
    "order_id": f"CASE WHEN {_BAD.format(0)} THEN 'no. ' || i ELSE CAST(i AS VARCHAR) END",
    "ship_date": f"CASE WHEN {_BAD.format(1)} THEN 'soon' ELSE CAST({_CLEAN['ship_date']} AS VARCHAR) END",
    "country": f"CASE WHEN {_BAD.format(2)} THEN 'XX' ELSE {_CLEAN['country']} END",
    "quantity": f"CASE WHEN {_BAD.format(3)} THEN -1 ELSE {_CLEAN['quantity']} END",
}


def orders(directory: Path, written: str, rows: int, *, dirty: bool = False) -> Path:
    """A file of so many orders as csv, jsonl or parquet; of a dirty one about every hundredth row is bad."""
    path = directory / f"orders-{rows}{'-dirty' if dirty else ''}.{written}"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as con:
            select = _ROWS.format(rows=rows, **(_DIRTY if dirty else _CLEAN))
            con.execute(f"COPY ({select}) TO '{unfinished}' ({_WRITTEN[written]})")
        unfinished.rename(path)
    return path
