"""Knowledge of products whose data lies in DuckDB: contracts as written, profiles as they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from datamesh.contract.model import Column, Contract
from datamesh.contract.parse import parse
from datamesh.contract.profile import VALUES_CAP, ColumnProfile, Profile
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["all_columns", "contracts_in", "knowledge_of", "product_of"]


def contracts_in(folder: Path) -> list[Contract]:
    return [parse(path.read_bytes()) for path in sorted(folder.rglob("*.odcs.yaml"))]


def knowledge_of(contracts: Iterable[Contract], connection: duckdb.DuckDBPyConnection) -> Knowledge:
    """What the mesh knows when the tables `domain.product` of `connection` have been published."""
    products = [_product(contract, connection) for contract in contracts]
    return Knowledge(products={product.name: product for product in products})


def all_columns(knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
    """What somebody may read who may read everything."""
    return {n: tuple(c.name for c in p.contract.table.columns) for n, p in knowledge.products.items()}


def _product(contract: Contract, connection: duckdb.DuckDBPyConnection) -> ProductKnowledge:
    return product_of(contract, [_profile(contract.name, column, connection) for column in contract.table.columns])


def product_of(contract: Contract, columns: Iterable[ColumnProfile]) -> ProductKnowledge:
    """What the mesh knows of a product whose columns were seen to hold this."""
    return ProductKnowledge(
        contract=contract,
        name=contract.name,
        version=str(contract.version),
        account="000000000000",
        database=f"datamesh_dev_{contract.domain}",
        table=f"{contract.product}_v1",
        reader_role_arn=f"arn:aws:iam::000000000000:role/datamesh-dev-{contract.domain}-reader",
        profile=Profile(product=contract.name, columns=tuple(columns)),
    )


def _profile(table: str, column: Column, connection: duckdb.DuckDBPyConnection) -> ColumnProfile:
    name = f'"{column.name}"'
    row: Any = connection.execute(f"SELECT min({name}), max({name}) FROM {table}").fetchone()
    ends = [value if isinstance(value, int | float) or value is None else str(value) for value in row]
    values: tuple[str, ...] | None = None
    if column.type.kind == "string":
        found = connection.execute(
            f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY 1"
        ).fetchall()
        values = tuple(str(value) for (value,) in found) if len(found) <= VALUES_CAP else None
    return ColumnProfile(name=column.name, minimum=ends[0], maximum=ends[1], values=values)
