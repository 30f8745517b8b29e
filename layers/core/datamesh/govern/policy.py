"""Who may read what: a pure function of contracts. Deny by default.

A contract gives access while its status is `active` or `deprecated`. A `draft` or `proposed` contract promises nothing
to readers yet, and a `retired` one nothing any more: neither gives access, whatever roles it names.
Only roles whose access is `read` give it. What several of one principal give together, `rights.py` says.
A column whose encrypted value stands beside it (`encryptedName`) is read by those roles only that name it.
The policy is applied by the guard of the query function and projected to Lake Formation; both start from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from datamesh.contract.masks import Mask
from datamesh.contract.model import OPEN_STATUSES, Contract, Role
from datamesh.errors import ContractError
from datamesh.govern.principal import canonical, declared_arn

__all__ = ["Governed", "Grant", "LFTags", "grants_of", "lf_tags", "readers"]


@dataclass(frozen=True)
class Grant:
    """`principal` (canonical; `arn` with its path) may read `columns` of `product` (`domain.product`).

    `columns` None means all, those of later versions included; `masks` hide the values of some of them, and `rows` is
    the condition of those that are read ("": all). `rule` says what gave it: `role:<name>`.
    """

    principal: str
    product: str
    columns: tuple[str, ...] | None
    rule: str
    arn: str
    masks: tuple[tuple[str, Mask], ...] = ()
    rows: str = ""


class Governed(Protocol):
    """A contract in force and the account of its domain, in which `role/<name>` is looked for.

    `name` is what it is called in the mesh: that of the contract, with its major version where a newer one has that.
    """

    @property
    def name(self) -> str: ...

    @property
    def contract(self) -> Contract: ...

    @property
    def account(self) -> str: ...


@dataclass(frozen=True)
class LFTags:
    """The LF-Tags a product wants, key to value. A table inherits its database's, a column its table's."""

    database: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def grants_of(contract: Contract, account: str) -> tuple[Grant, ...]:
    """Every grant that the contract's roles give, in their order.

    What is no principal gets nothing: lint reports it, and nobody else's access hangs on it.
    """
    if contract.status.lower() not in OPEN_STATUSES:
        return ()
    grants, unnamed = [], _unnamed(contract)
    for role in contract.roles:
        if role.access.lower() != "read":
            continue
        for principal in role.principals:
            try:
                arn = declared_arn(principal, account)
            except ContractError:
                continue
            columns = unnamed if role.columns is None else role.columns
            rule = f"role:{role.name}"
            grants.append(Grant(canonical(arn), contract.name, columns, rule, arn, role.masks, role.rows))
    return tuple(grants)


def readers(contract: Contract, columns: Iterable[str] | None = None) -> tuple[str, ...]:
    """Who may read any of `columns` (None: anything of the table), by the names that the contract gives them."""
    if contract.status.lower() not in OPEN_STATUSES:
        return ()
    about = None if columns is None else frozenset(columns)
    unnamed = _unnamed(contract)
    given = [role for role in contract.roles if role.access.lower() == "read" and _concerned(role, about, unnamed)]
    return tuple(sorted({principal for role in given for principal in role.principals}))


def _concerned(role: Role, columns: frozenset[str] | None, unnamed: tuple[str, ...] | None) -> bool:
    read = unnamed if role.columns is None else role.columns
    return columns is None or (bool(columns) if read is None else not columns.isdisjoint(read))


def _unnamed(contract: Contract) -> tuple[str, ...] | None:
    """What a role that names no columns reads: None for all, or those that have no encrypted value beside them."""
    columns = contract.table.columns
    clear = tuple(column.name for column in columns if not column.encrypted_name)
    return clear if len(clear) < len(columns) else None


def lf_tags(contract: Contract) -> LFTags:
    """`domain` on the database, `classification` on the table and on columns of their own classification.

    Lake Formation keeps keys and values in lower case. No key has a value per product: a key holds 1,000 at most.
    """
    columns = {c.name: {"classification": c.classification.lower()} for c in contract.table.columns if c.classification}
    return LFTags(
        database={"domain": contract.domain.lower()},
        table={"classification": contract.classification.lower()},
        columns=columns,
    )
