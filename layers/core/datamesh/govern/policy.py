"""Who may read what: a pure function of contracts, approved requests and the time. Deny by default.

A contract gives access while its status is `active` or `deprecated`. A `draft` or `proposed` contract promises nothing
to readers yet, and a `retired` one nothing any more: neither gives access, whatever roles it names.
Only roles whose access is `read` give it, and subscriptions until they end. What several of one principal give
together, `rights.py` says.
A column whose encrypted value stands beside it (`encryptedName`) is read by those only who name it.
The policy is applied by the guard of the query function and projected to Lake Formation; both start from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from datamesh.contract.masks import Mask
from datamesh.contract.model import OPEN_STATUSES, Contract, Role
from datamesh.errors import ContractError
from datamesh.govern.principal import canonical, declared_arn
from datamesh.govern.subscription import Subscription

__all__ = ["Governed", "Grant", "canonical_principals", "grants_of", "opened", "owners_of", "readers"]


@dataclass(frozen=True)
class Grant:
    """`principal` (canonical; `arn` with its path) may read `columns` of `product` (`domain.product`).

    `columns` None means all, those of later versions included; `masks` hide the values of some of them, and `rows` is
    the condition of those that are read ("": all). `rule` says what gave it, `role:<name>` or `request:<id>`, and
    `until` when it ends.
    """

    principal: str
    product: str
    columns: tuple[str, ...] | None
    rule: str
    arn: str
    masks: tuple[tuple[str, Mask], ...] = ()
    rows: str = ""
    until: datetime | None = None


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


def grants_of(
    contract: Contract, account: str, subscriptions: Iterable[Subscription] = (), *, at: datetime | None = None
) -> tuple[Grant, ...]:
    """Every grant that the contract's roles give, in their order, then those of subscriptions that hold `at`.

    What is no principal gets nothing: lint reports it, and nobody else's access hangs on it.
    """
    if contract.status.lower() not in OPEN_STATUSES:
        return ()
    return (*_of_roles(contract, account), *_of_subscriptions(contract, subscriptions, at))


def _of_roles(contract: Contract, account: str) -> Iterator[Grant]:
    unnamed = _unnamed(contract)
    for role in contract.roles:
        if role.access.lower() != "read":
            continue
        for principal, arn in _declared(role.principals, account):
            columns = unnamed if role.columns is None else role.columns
            yield Grant(principal, contract.name, columns, f"role:{role.name}", arn, role.masks, role.rows)


def _of_subscriptions(
    contract: Contract, subscriptions: Iterable[Subscription], at: datetime | None
) -> Iterator[Grant]:
    """Raises ValueError where it is not said which time it is: no subscription holds for ever."""
    for held in subscriptions:
        if at is None:
            raise ValueError("subscriptions hold until a time: say which time it is")
        columns = opened(contract, held)
        if at < held.until and columns != ():
            yield Grant(
                held.principal,
                contract.name,
                columns,
                held.rule,
                held.arn,
                masks=held.masks,
                rows=held.rows,
                until=held.until,
            )


def opened(contract: Contract, held: Subscription) -> tuple[str, ...] | None:
    """The columns that a subscription opens of a product, be they masked; None for all, those of later versions, too.

    Those that stand beside their encrypted value only where they were asked for by name.
    """
    columns, unnamed = held.columns_of(contract), _unnamed(contract)
    if unnamed is None or held.columns is not None:
        return columns
    return unnamed if columns is None else tuple(c for c in columns if c in unnamed)


def owners_of(contract: Contract, account: str, at: datetime) -> frozenset[str]:
    """The principals (canonical) of its team as it is `at` a time: they decide who else may read it."""
    day = at.astimezone(UTC).date()
    there = [it for it in contract.owners if (it.since or day) <= day and (it.until is None or day < it.until)]
    return canonical_principals((it.principal for it in there), account)


def canonical_principals(principals: Iterable[str], account: str) -> frozenset[str]:
    """Of principals as a contract names them those that are any."""
    return frozenset(principal for principal, _ in _declared(principals, account))


def _declared(principals: Iterable[str], account: str) -> Iterator[tuple[str, str]]:
    """Canonical form and arn of each that is a principal."""
    for principal in principals:
        try:
            arn = declared_arn(principal, account)
        except ContractError:
            continue
        yield canonical(arn), arn


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
