"""A request for access and what becomes of it: every step as a value. Pure.

    requested --granted--> granted --renewed--> granted --revoked--> revoked
        |                     `--expired--> expired
        |--denied--> denied
        |--withdrawn--> withdrawn   by who asked
        `--lapsed--> lapsed         nobody decided in time

Every step says what is asked for, or granted, after it: so what was asked stays beside what was granted of it. A step
that stands already is taken again without effect, so that a call may be repeated; any other step that the state does
not allow is refused. Whoever asks learns nothing of what they may not read: a request about a product that does not
exist is taken like any other, and lapses.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from datamesh.errors import UserError
from datamesh.govern.subscription import Subscription
from datamesh.govern.tags import is_expression, parse_expression

__all__ = [
    "DECIDE_WITHIN",
    "LONGEST",
    "MESH",
    "MOST_CHARACTERS",
    "Kind",
    "Request",
    "State",
    "Step",
    "asked",
    "decided",
    "ended",
    "holder_id",
    "renewed",
    "request_id",
]

LONGEST = timedelta(days=366)
DECIDE_WITHIN = timedelta(days=14)

State = Literal["requested", "granted", "denied", "withdrawn", "revoked", "expired", "lapsed"]
Kind = Literal[State, "renewed"]

MESH = "mesh"
"""Who decides where no person does: a declared rule, or the time."""

MOST_CHARACTERS = {"purpose": 500, "note": 500, "rows": 2_000}
_MOST_COLUMNS = 500
_TOKEN = re.compile(r"[0-9A-Za-z_-]{8,40}", re.ASCII)
_UNDECIDED = ("lapsed", "withdrawn")  # ends of what nobody decided on


@dataclass(frozen=True)
class Step:
    """What happened, when, by whom (canonical, or `mesh`), and what is asked for or granted after it."""

    sequence: int
    kind: Kind
    by: str
    at: datetime
    subscription: Subscription
    note: str = ""


@dataclass(frozen=True)
class Request:
    """What access is wanted for, and every step, the first of which asks for it."""

    purpose: str
    decide_by: datetime
    steps: tuple[Step, ...]

    @property
    def wish(self) -> Subscription:
        """As it was asked for."""
        return self.steps[0].subscription

    @property
    def subscription(self) -> Subscription:
        """As it stands: what was granted, once it was."""
        return self.steps[-1].subscription

    @property
    def granted(self) -> Step | None:
        """The step that granted it, if any did."""
        return next((step for step in self.steps if step.kind == "granted"), None)

    @property
    def state(self) -> State:
        kind = self.steps[-1].kind
        return "granted" if kind == "renewed" else kind

    @property
    def sequence(self) -> int:
        """That of the last step."""
        return self.steps[-1].sequence

    @property
    def id(self) -> str:
        return self.wish.id

    @property
    def domain(self) -> str:
        """Whose owners decide."""
        target = self.wish.target
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
    _masks_named(wish)
    _future(wish.until, at)
    return Request(purpose.strip(), at + DECIDE_WITHIN, (Step(1, "requested", wish.principal, at, wish),))


def _masks_named(wish: Subscription) -> None:
    """Where columns are named, a mask is on one of them; of tags they are: a column that nobody names has no mask."""
    masked = [name for name, _ in wish.masks]
    if wish.columns is None and masked and is_expression(wish.target):
        raise UserError("masks of what tags say are on columns that are named", hint="Name the columns, too.")
    if wish.columns is not None and (beside := sorted(set(masked) - set(wish.columns))):
        hint = "Ask for the column, or leave its mask out."
        raise UserError(f"there is a mask on {', '.join(beside)}, which is not asked for", hint=hint)


def decided(
    request: Request,
    kind: Literal["granted", "denied"],
    by: str,
    at: datetime,
    note: str = "",
    *,
    given: Subscription | None = None,
) -> Request:
    """Granted, as `given` says (None: as asked), or denied by `by`, who may.

    Raises UserError when it is too late, or was granted otherwise.
    """
    if request.state == kind:
        if given is not None and request.granted and not _alike(given, request.granted.subscription):
            raise UserError("this request is granted already, and not as you say", hint=_OTHERWISE)
        return request
    if request.state != "requested":
        raise UserError(f"this request is {request.state} already", hint=_AGAIN)
    if at >= request.decide_by or at >= request.wish.until:
        raise UserError("the time to decide on this request is over", hint=_AGAIN)
    terms = request.wish if kind == "denied" or given is None else given
    _future(terms.until, at)
    return _with(request, kind, by, at, note=note, terms=terms)


def _alike(one: Subscription, other: Subscription) -> bool:
    """But for what the condition reads: that was looked up when it was granted."""
    return replace(one, row_columns=()) == replace(other, row_columns=())


def ended(
    request: Request,
    kind: Literal["withdrawn", "revoked", "expired", "lapsed"],
    by: str,
    at: datetime,
    note: str = "",
) -> Request:
    """Not wanted any more, taken back, or over: access that was granted is revoked or expires; a request that nobody
    decided on is withdrawn or lapses."""
    if request.state == kind:
        return request
    needed = "requested" if kind in _UNDECIDED else "granted"
    if request.state != needed:
        hint = _INSTEAD.get((request.state, kind), "")
        raise UserError(f"this request is {request.state}, not {needed}", hint=hint)
    if kind == "expired" and at < request.subscription.until:
        return request  # it was renewed meanwhile
    return _with(request, kind, by, at, note=note, terms=request.subscription)


def renewed(request: Request, until: datetime, by: str, at: datetime, note: str = "") -> Request:
    """Access that holds now holds until another time. Raises UserError where it does not hold any more."""
    if request.state != "granted" or at >= request.subscription.until:
        raise UserError(f"access that is {_ended_state(request)} is not renewed", hint=_AGAIN)
    if until == request.subscription.until:
        return request
    _future(until, at)
    return _with(request, "renewed", by, at, note=note, terms=replace(request.subscription, until=until))


def _ended_state(request: Request) -> str:
    return "expired" if request.state == "granted" else request.state


def _with(request: Request, kind: Kind, by: str, at: datetime, *, note: str, terms: Subscription) -> Request:
    _bounded("note", note)
    step = Step(request.sequence + 1, kind, by, at, terms, note)
    return replace(request, steps=(*request.steps, step))


def _is_product(target: str) -> bool:
    domain, dot, product = target.partition(".")
    return bool(dot) and all(part.isidentifier() and part.isascii() for part in (domain, product))


def _bounded(name: str, value: str) -> None:
    if len(value) > MOST_CHARACTERS[name]:
        raise UserError(f"the {name} has more than {MOST_CHARACTERS[name]} characters")
    if any(not character.isprintable() for character in value):
        raise UserError(f"the {name} holds characters that cannot be printed")


def _future(until: datetime, at: datetime) -> None:
    if until <= at:
        raise UserError("access ends in the future", hint="Give a later date.")
    if until > at + LONGEST:
        raise UserError(f"access is given for {LONGEST.days} days at most", hint="Ask for less, and renew it.")


_AGAIN = "Ask again: a new request."
_OTHERWISE = "`mesh access show` tells how. Revoke it, and let it be asked for again."
_INSTEAD = {
    ("granted", "withdrawn"): "Give it back: revoke it.",
    ("requested", "revoked"): "Nobody decided yet: who asked withdraws it, an owner denies it.",
}
