"""A contract in force, as the policy wants one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datamesh.contract.model import Column, ColumnType, Contract, Role, Table, Version

__all__ = ["Product", "contract_of"]


@dataclass(frozen=True)
class Product:
    contract: Contract
    account: str

    @property
    def name(self) -> str:
        return self.contract.name


def contract_of(name: str, columns: Sequence[str], roles: Sequence[Role], *, status: str = "active") -> Contract:
    """The contract of `domain.product` with `columns` of text."""
    domain, _, product = name.partition(".")
    table = Table(product, tuple(Column(column, ColumnType("string")) for column in columns))
    return Contract("1", domain, product, Version(1), status, "v3.2.0", (table,), roles=tuple(roles))
