"""Rights of any shape over the shop's tables, and a copy of its rows as they give them: made in Python, without SQL."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
from hypothesis import strategies as st

from datamesh.contract.masks import Mask
from datamesh.govern.rights import Right, Rights
from tests.support.meshes import Mesh

__all__ = ["KEY", "Restriction", "copied", "hidden", "restrictions"]

KEY = "a key of this test"
Row = Mapping[str, Any]

# Conditions as a contract writes them, and what they mean.
_CONDITIONS: dict[str, list[tuple[str, Callable[[Row], bool | None]]]] = {
    "sales.orders": [
        ("order_status = 'S'", lambda row: row["order_status"] == "S"),
        ("amount > 30 AND NOT quantity = 3", lambda row: row["amount"] > 30 and row["quantity"] != 3),
        ("ordered_on BETWEEN DATE '2024-03-01' AND DATE '2025-01-31'", lambda row: _dated(row["ordered_on"])),
        ("order_id IN (1, 2, 8) OR product_id LIKE 'P_'", lambda row: row["order_id"] in (1, 2, 8) or _p(row)),
        ("order_id < 0", lambda _: False),
    ],
    "crm.customers": [
        ("country = 'France'", lambda row: row["country"] == "France"),
        ("email IS NOT NULL", lambda row: row["email"] is not None),
        ("birth_date >= DATE '1980-01-01'", lambda row: bool(row["birth_date"]) and row["birth_date"].year >= 1980),
    ],
    "catalog.products": [
        ("brand <> 'Playwell'", lambda row: row["brand"] != "Playwell"),
        ("list_price <= 40 OR launch_year = 2023", lambda row: row["list_price"] <= 40 or row["launch_year"] == 2023),
    ],
}


def _dated(day: date) -> bool:
    return date(2024, 3, 1) <= day <= date(2025, 1, 31)


def _p(row: Row) -> bool:
    return len(row["product_id"]) == 2 and row["product_id"].startswith("P")


@dataclass(frozen=True)
class Restriction:
    """Rights of one table, and for each of them what its condition means."""

    rights: Rights
    meant: tuple[Callable[[Row], bool | None], ...]


def _masks(name: str, kind: str) -> list[Mask | None]:
    masks: list[Mask | None] = [None, None, Mask("null")]
    if kind == "string":
        return [*masks, Mask("hash"), Mask("partial", keep=2)]
    if kind == "date":
        return [*masks, Mask("bucket", span="year"), Mask("bucket", span="month")]
    return [*masks, Mask("bucket", width=7), Mask("bucket", width=0.5)] if name != "rating" else masks


@st.composite
def restrictions(draw: st.DrawFn, shop: Mesh) -> dict[str, Restriction]:
    """Of some tables of the shop: one to three rights each."""
    found = {}
    for product in shop.knowledge.products.values():
        if product.name not in _CONDITIONS or not draw(st.booleans()):
            continue
        table = product.contract.table
        rights, meant = [], []
        for _ in range(draw(st.integers(1, 3))):
            text, means = draw(st.sampled_from([("", lambda _: True), *_CONDITIONS[product.name]]))
            given = [c for c in table.columns if draw(st.integers(0, 9)) > 0]
            masks = [(c.name, draw(st.sampled_from(_masks(c.name, c.type.kind)))) for c in given]
            shown = tuple((name, mask) for name, mask in masks if mask)
            rights.append(Right(tuple(c.name for c in given), text, shown, "role:r"))
            meant.append(means)
        columns = tuple(c.name for c in table.columns if any(c.name in right.columns for right in rights))
        if columns and all(right.columns for right in rights):
            found[product.name] = Restriction(Rights(columns, tuple(rights)), tuple(meant))
    return found


def copied(shop: Mesh, connection: duckdb.DuckDBPyConnection, restricted: Mapping[str, Restriction]) -> None:
    """Puts the shop's tables into `connection`, those that are restricted as their rights show them."""
    for name in shop.readable:
        schema = name.partition(".")[0]
        described = shop.connection.execute(f"DESCRIBE {name}").fetchall()
        kinds = {column: kind for column, kind, *_ in described}
        rows = [dict(zip(kinds, row, strict=True)) for row in shop.connection.execute(f"FROM {name}").fetchall()]
        if name in restricted:
            kinds = {column: kinds[column] for column in restricted[name].rights.columns}
            rows = [seen for row in rows if (seen := _seen(row, restricted[name])) is not None]
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {kind}' for c, kind in kinds.items())})")
        if rows:
            marks = ", ".join("?" for _ in kinds)
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", [[row[c] for c in kinds] for row in rows])


def _seen(row: Row, restriction: Restriction) -> dict[str, Any] | None:
    given = [right for right, means in zip(restriction.rights.each, restriction.meant, strict=True) if means(row)]
    if not given:
        return None
    return {name: _cell(name, row[name], given) for name in restriction.rights.columns}


def _cell(name: str, value: Any, given: list[Right]) -> Any:
    if any(name in right.columns and name not in dict(right.masks) for right in given):
        return value
    masks = [dict(right.masks)[name] for right in given if name in dict(right.masks)]
    return hidden(value, masks[0]) if masks else None


def hidden(value: Any, mask: Mask) -> Any:
    if value is None or mask.kind == "null":
        return None
    if mask.kind == "hash":
        return hashlib.sha256(f"{KEY}{value}".encode()).hexdigest()
    if mask.kind == "partial":
        return f"***{value[-mask.keep :]}" if len(value) >= 2 * mask.keep else "***"
    if mask.span:
        return value.replace(day=1, month=1 if mask.span == "year" else value.month)
    assert mask.width
    return math.floor(value / mask.width) * mask.width
