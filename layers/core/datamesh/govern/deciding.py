"""Who decides on a request, and what can be granted of it: all that was asked, or less. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlglot import exp

from datamesh.contract.masks import Mask, problem
from datamesh.contract.model import Approval, Contract, Table
from datamesh.contract.rowfilter import condition
from datamesh.errors import AccessDenied, StatementRejected, UserError
from datamesh.govern.policy import Governed, canonical_principals, opened, owners_of
from datamesh.govern.requests import MOST_CHARACTERS, Request
from datamesh.govern.subscription import Subscription
from datamesh.govern.tags import is_expression

__all__ = ["ALL", "Less", "approved_by_policy", "fitted", "may_decide", "narrowed"]


@dataclass(frozen=True)
class Less:
    """What is granted of a request: `columns` of those asked for (None: these), of the asked rows those for which
    `rows` holds, too ("": all of them), with more `masks`, until an earlier time (None: the asked one)."""

    columns: tuple[str, ...] | None = None
    rows: str = ""
    masks: tuple[tuple[str, Mask], ...] = ()
    until: datetime | None = None


ALL = Less()


def may_decide(request: Request, principal: str, products: Iterable[Governed], at: datetime) -> None:
    """Raises AccessDenied unless `principal` owns every product that the request is about, and it is not their own."""
    wish = request.wish
    if principal == wish.principal:
        raise AccessDenied("nobody decides on a request of their own", rule="own-request", hint=_OTHER_OWNER)
    meant = [it for it in products if wish.is_about(it.contract)]
    if not meant or not all(principal in owners_of(it.contract, it.account, at) for it in meant):
        raise AccessDenied("only an owner decides on this request", rule="owner", hint=_OTHER_OWNER)


def narrowed(wish: Subscription, less: Less) -> Subscription:
    """What is left of `wish`. Raises UserError where that would be more, or is not less in a way that can be shown."""
    columns = _fewer(wish.columns, less.columns)
    if less.until is not None and less.until > wish.until:
        hint = "Grant it until then at most, and renew it."
        raise UserError(f"access is asked for until {wish.until:%Y-%m-%d %H:%M} UTC", hint=hint)
    masks = dict(wish.masks)
    for name, mask in less.masks:
        if masks.setdefault(name, mask) != mask:
            raise UserError(f"another mask on {name} is asked for", hint="Leave yours out, or deny the request.")
        if columns is not None and name not in columns:
            raise UserError(f"there is a mask on {name}, which is not granted", hint="Leave it out, or grant it.")
    kept = tuple((name, mask) for name, mask in masks.items() if columns is None or name in columns)
    if kept and columns is None and is_expression(wish.target):
        raise UserError("masks of what tags say are on columns that are named", hint="Name the columns, too.")
    return replace(wish, columns=columns, rows=_both(wish.rows, less.rows), masks=kept, until=less.until or wish.until)


def _fewer(asked: tuple[str, ...] | None, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if given is None:
        return asked
    if not given:
        raise UserError("this would grant no column", hint="Name columns, or deny the request.")
    if asked is not None and (beyond := sorted(set(given) - set(asked))):
        raise _more(beyond)
    return given


def _more(columns: Sequence[str]) -> UserError:
    hint = "An owner grants what was asked, or less. Who needs more asks for it."
    return UserError(f"{', '.join(columns)} is not asked for", hint=hint)


def _both(asked: str, given: str) -> str:
    rows = f"({asked}) AND ({given})" if asked and given and asked != given else given or asked
    if len(rows) > MOST_CHARACTERS["rows"]:
        raise UserError(
            f"with the asked one, the condition on rows has more than {MOST_CHARACTERS['rows']:,} characters",
            hint="Write a shorter one, or deny the request.",
        )
    return rows


def fitted(wish: Subscription, products: Iterable[Governed], less: Less = ALL) -> Subscription:
    """What is left of `wish`, with what its row condition reads, so that it can be granted.

    Raises UserError where that is more than was asked, where it names columns or rows that its product lacks, or masks
    that do not fit in one that it is about, or would open nothing of any; StatementRejected (row-filter) for what is no
    condition.
    """
    meant = [it.contract for it in products if wish.is_about(it.contract)]
    for contract in meant:  # each condition by itself: half a one may open what the other closes
        for rows in filter(None, (wish.rows, less.rows)):
            condition(rows, contract.table)
    given = narrowed(wish, less)
    fits = replace(given, row_columns=_read(given, meant))
    for contract in meant:
        _named(fits, contract)
        _within(fits, wish, contract)
        _masked(fits, contract)
    if not any(fits.columns_of(contract) != () for contract in meant):
        raise UserError("this request would open nothing", hint="Deny it, saying why.")
    return fits


def _read(given: Subscription, meant: Sequence[Contract]) -> tuple[tuple[str, str], ...]:
    read = {_reads(given.rows, contract.table) for contract in meant} if given.rows else {()}
    if len(read) > 1:
        raise UserError("its row condition reads columns of other types in each product", hint="Deny it, saying so.")
    return next(iter(read), ())


def _reads(rows: str, table: Table) -> tuple[tuple[str, str], ...]:
    names = {column.name for column in condition(rows, table).find_all(exp.Column)}
    return tuple((column.name, column.type.kind) for column in table.columns if column.name in names)


def _named(given: Subscription, contract: Contract) -> None:
    """What a product is asked by name, it has. Of what tags say, each product has some."""
    if is_expression(given.target):
        return
    names = {column.name for column in contract.table.columns}
    if unknown := sorted({*(given.columns or ()), *(name for name, _ in given.masks)} - names):
        hint = "Grant it without, or deny it, saying so."
        raise UserError(f"{contract.name} has no column {', '.join(unknown)}", hint=hint)


def _within(given: Subscription, wish: Subscription, contract: Contract) -> None:
    """Whoever asked for all columns did not ask for those that are read by their name only."""
    if beyond := _opened(given, contract) - _opened(wish, contract):
        raise _more(sorted(beyond))


def _masked(given: Subscription, contract: Contract) -> None:
    read = _opened(given, contract)
    for name, mask in given.masks:
        column = contract.table.column(name)
        if column is None or (name not in read and is_expression(given.target)):
            continue
        why = problem(mask, name, column.type.kind) if name in read else f"`{name}` is not opened"
        if why:
            hint = "Deny it, saying so: docs/access.md tells what masks fit which types."
            raise UserError(f"{contract.name}: {why}", hint=hint)


def _opened(held: Subscription, contract: Contract) -> frozenset[str]:
    """The columns that it opens in any row, whatever their masks are."""
    columns = opened(contract, replace(held, rows="", masks=()))
    return frozenset(c.name for c in contract.table.columns) if columns is None else frozenset(columns)


def approved_by_policy(request: Request, products: Iterable[Governed], at: datetime) -> Subscription | None:
    """What the request stands for, fitted, if every product that it is about declares that it is granted unasked."""
    wish = request.subscription
    meant = [it for it in products if wish.is_about(it.contract)]
    try:
        fits = fitted(wish, meant)
    except (UserError, StatementRejected):
        return None
    if not all(any(_covers(approval, fits, it, at) for approval in it.contract.approvals) for it in meant):
        return None
    return fits


def _covers(approval: Approval, wish: Subscription, product: Governed, at: datetime) -> bool:
    if wish.principal not in canonical_principals(approval.principals, product.account):
        return False
    if wish.until > at + timedelta(days=approval.days):
        return False
    return approval.columns is None or (wish.columns is not None and set(wish.columns) <= set(approval.columns))


_OTHER_OWNER = "The team of the product's contract names who decides."
