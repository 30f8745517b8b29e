"""A request for access and what becomes of it: every step as a value. Pure.

    requested --granted--> granted --renewed--> granted --revoked--> revoked
        |                     `--expired--> expired
        |--denied--> denied
        `--lapsed--> lapsed       nobody decided in time

A step that stands already is taken again without effect, so that a call may be repeated; any other step that the state
does not allow is refused. Whoever asks learns nothing of what they may not read: a request about a product that does
not exist is taken like any other, and lapses.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlglot import exp

from datamesh.contract.model import Approval, Contract, Table
from datamesh.contract.rowfilter import condition
from datamesh.errors import AccessDenied, StatementRejected, UserError
from datamesh.govern.policy import Governed, canonical_principals, owners_of
from datamesh.govern.subscription import Subscription
from datamesh.govern.tags import is_expression, parse_expression

__all__ = [
    "DECIDE_WITHIN",
    "LONGEST",
    "MESH",
    "Kind",
    "Request",
    "State",
    "Step",
    "approved_by_policy",
    "asked",
    "decided",
    "ended",
    "fitted",
    "holder_id",
    "may_decide",
    "renewed",
    "request_id",
]

LONGEST = timedelta(days=366)
DECIDE_WITHIN = timedelta(days=14)

State = Literal["requested", "granted", "denied", "revoked", "expired", "lapsed"]
Kind = Literal["requested", "granted", "denied", "revoked", "renewed", "expired", "lapsed"]

MESH = "mesh"
"""Who decides where no person does: a declared rule, or the time."""

_LENGTHS = {"purpose": 500, "note": 500, "rows": 2_000}  # characters
_MOST_COLUMNS = 500
_TOKEN = re.compile(r"[0-9A-Za-z_-]{8,40}", re.ASCII)


@dataclass(frozen=True)
class Step:
    """What happened, when, by whom (canonical, or `mesh`), and until when access holds after it."""

    sequence: int
    kind: Kind
    by: str
    at: datetime
    until: datetime
    note: str = ""


@dataclass(frozen=True)
class Request:
    """A subscription that is asked for, and every step since. `sequence` is that of the last one."""

    subscription: Subscription
    purpose: str
    decide_by: datetime
    state: State
    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        return self.subscription.id

    @property
    def sequence(self) -> int:
        return self.steps[-1].sequence

    @property
    def domain(self) -> str:
        """Whose owners decide."""
        target = self.subscription.target
        return parse_expression(target).domain if is_expression(target) else target.partition(".")[0]


def holder_id(principal: str) -> str:
    """How the ids of all requests of `principal` begin: nobody can take the id of another's."""
    return hashlib.sha256(principal.encode()).hexdigest()[:16]


def request_id(principal: str, token: str = "") -> str:
    """The id of a request of `principal`: the same for the same `token`, another each time without one.

    Raises ValueError for a token that is not 8 to 40 letters, digits, `-` or `_`.
    """
    if token and not _TOKEN.fullmatch(token):
        raise ValueError(token)
    return f"{holder_id(principal)}-{token or secrets.token_hex(8)}"


def asked(wish: Subscription, purpose: str, at: datetime) -> Request:
    """A request for `wish`. Raises UserError, saying what to change, for what nobody could decide on."""
    if not is_expression(wish.target) and not _is_product(wish.target):
        raise UserError("this names no product", hint="Write domain.product, or a tag expression: domain=sales, ...")
    if is_expression(wish.target):
        parse_expression(wish.target)
    if not purpose.strip():
        raise UserError("a request says what the data is needed for", hint="Give a purpose.")
    for name, value in (("purpose", purpose), ("rows", wish.rows)):
        _bounded(name, value)
    if wish.columns is not None and not 0 < len(wish.columns) <= _MOST_COLUMNS:
        raise UserError(f"a request names 1 to {_MOST_COLUMNS} columns, or none for all")
    _future(wish.until, at)
    first = Step(1, "requested", wish.principal, at, wish.until)
    return Request(wish, purpose.strip(), at + DECIDE_WITHIN, "requested", (first,))


def decided(request: Request, kind: Literal["granted", "denied"], by: str, at: datetime, note: str = "") -> Request:
    """Granted (once `fitted`) or denied by `by`, who may (`may_decide`). Raises UserError when it is too late."""
    if request.state == kind:
        return request
    if request.state != "requested":
        raise UserError(f"this request is {request.state} already", hint=_AGAIN)
    if at >= request.decide_by or at >= request.subscription.until:
        raise UserError("the time to decide on this request is over", hint=_AGAIN)
    return _with(request, kind, by, at, note)


def ended(
    request: Request, kind: Literal["revoked", "expired", "lapsed"], by: str, at: datetime, note: str = ""
) -> Request:
    """Taken back, or over: access that was granted is revoked or expires, a request that nobody decided on lapses."""
    if request.state == kind:
        return request
    needed = "requested" if kind == "lapsed" else "granted"
    if request.state != needed:
        raise UserError(f"this request is {request.state}, not {needed}")
    if kind == "expired" and at < request.subscription.until:
        return request  # it was renewed meanwhile
    return _with(request, kind, by, at, note)


def renewed(request: Request, until: datetime, by: str, at: datetime, note: str = "") -> Request:
    """Access that holds now holds until another time. Raises UserError where it does not hold any more."""
    if request.state != "granted" or at >= request.subscription.until:
        raise UserError(f"access that is {_ended_state(request)} is not renewed", hint=_AGAIN)
    if until == request.subscription.until:
        return request
    _future(until, at)
    later = replace(request, subscription=replace(request.subscription, until=until))
    return _with(later, "renewed", by, at, note)


def _ended_state(request: Request) -> str:
    return "expired" if request.state == "granted" else request.state


def _with(request: Request, kind: Kind, by: str, at: datetime, note: str) -> Request:
    _bounded("note", note)
    step = Step(request.sequence + 1, kind, by, at, request.subscription.until, note)
    return replace(request, state="granted" if kind == "renewed" else kind, steps=(*request.steps, step))


def may_decide(request: Request, principal: str, products: Iterable[Governed]) -> None:
    """Raises AccessDenied unless `principal` owns every product that the request is about, and it is not their own."""
    if principal == request.subscription.principal:
        raise AccessDenied("nobody decides on a request of their own", rule="own-request", hint=_OTHER_OWNER)
    meant = [it for it in products if _is_about(request, it.contract)]
    if not meant or not all(principal in owners_of(it.contract, it.account) for it in meant):
        raise AccessDenied("only an owner decides on this request", rule="owner", hint=_OTHER_OWNER)


def fitted(request: Request, products: Iterable[Governed]) -> Request:
    """The request with what its row condition reads, so that it can be granted.

    Raises UserError where it names columns or rows that its product lacks, or would open nothing of any;
    StatementRejected (row-filter) for what is no condition.
    """
    wish = request.subscription
    meant = [it.contract for it in products if _is_about(request, it.contract)]
    for contract in () if is_expression(wish.target) else meant:
        names = {column.name for column in contract.table.columns}
        if unknown := sorted(set(wish.columns or ()) - names):
            raise UserError(f"{contract.name} has no column {', '.join(unknown)}", hint="Deny it, saying so.")
    read = {_reads(wish.rows, contract.table) for contract in meant} if wish.rows else {()}
    if len(read) > 1:
        raise UserError("its row condition reads columns of other types in each product", hint="Deny it, saying so.")
    fits = replace(wish, row_columns=next(iter(read), ()))
    if not any(fits.columns_of(contract) != () for contract in meant):
        raise UserError("this request would open nothing", hint="Deny it, saying why.")
    return replace(request, subscription=fits)


def _reads(rows: str, table: Table) -> tuple[tuple[str, str], ...]:
    names = {column.name for column in condition(rows, table).find_all(exp.Column)}
    return tuple((column.name, column.type.kind) for column in table.columns if column.name in names)


def _is_about(request: Request, contract: Contract) -> bool:
    target = request.subscription.target
    return bool(parse_expression(target).columns(contract)) if is_expression(target) else contract.name == target


def approved_by_policy(request: Request, products: Iterable[Governed], at: datetime) -> Request | None:
    """The request, fitted, if every product that it is about declares that it is granted without asking."""
    meant = [it for it in products if _is_about(request, it.contract)]
    try:
        fits = fitted(request, meant)
    except (UserError, StatementRejected):
        return None
    if not all(any(_covers(approval, fits, it, at) for approval in it.contract.approvals) for it in meant):
        return None
    return fits


def _covers(approval: Approval, request: Request, product: Governed, at: datetime) -> bool:
    wish = request.subscription
    if wish.principal not in canonical_principals(approval.principals, product.account):
        return False
    if wish.until > at + timedelta(days=approval.days):
        return False
    return approval.columns is None or (wish.columns is not None and set(wish.columns) <= set(approval.columns))


def _is_product(target: str) -> bool:
    domain, dot, product = target.partition(".")
    return bool(dot) and all(part.isidentifier() and part.isascii() for part in (domain, product))


def _bounded(name: str, value: str) -> None:
    if len(value) > _LENGTHS[name]:
        raise UserError(f"the {name} has more than {_LENGTHS[name]} characters")
    if any(not character.isprintable() for character in value):
        raise UserError(f"the {name} holds characters that cannot be printed")


def _future(until: datetime, at: datetime) -> None:
    if until <= at:
        raise UserError("access ends in the future", hint="Give a later date.")
    if until > at + LONGEST:
        raise UserError(f"access is given for {LONGEST.days} days at most", hint="Ask for less, and renew it.")


_AGAIN = "Ask again: a new request."
_OTHER_OWNER = "The team of the product's contract names who decides."
