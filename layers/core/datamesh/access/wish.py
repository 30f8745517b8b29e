"""What a caller asks for, out of the body of a call. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from datamesh.contract.masks import SPELLINGS, Mask, read_mask
from datamesh.errors import UserError
from datamesh.govern.deciding import Less
from datamesh.govern.principal import own_arn
from datamesh.govern.requests import Request, asked, request_id
from datamesh.govern.subscription import Subscription
from datamesh.govern.tags import is_expression

__all__ = ["Consent", "Decision", "Renewal", "Wish", "less_of", "moment", "parsed", "wished"]

B = TypeVar("B", bound=BaseModel)

_SPAN = re.compile(r"([1-9][0-9]{0,5})([dhms])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_LONGEST_NAME = 255
_MOST = 20_000  # characters of a body


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Wish(_Body):
    """A request for access. `request_id` makes it the same request when it is sent again; `arn` is the caller's, with
    its path; `masks` are written as `contract.masks.spelled` does, by column."""

    target: str
    columns: list[str] | None = None
    rows: str = ""
    masks: dict[str, str] = {}
    purpose: str
    until: str = "90d"
    arn: str = ""
    request_id: str = ""


class Decision(_Body):
    note: str = ""


class Consent(Decision):
    """Grants what was asked, or less: see `govern.deciding.Less`."""

    columns: list[str] | None = None
    rows: str = ""
    masks: dict[str, str] = {}
    until: str | None = None


class Renewal(_Body):
    until: str
    note: str = ""


def parsed(kind: type[B], body: str | None) -> B:
    """Raises UserError naming the fields that are wrong, without what they hold."""
    try:
        if len(body or "") > _MOST:
            raise UserError(f"the body has more than {_MOST:,} characters")
        return kind.model_validate_json(body or "{}")
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in it["loc"]) or "body" for it in error.errors()})
        hint = f"Send a JSON object with {', '.join(kind.model_fields)}."
        raise UserError(f"wrong or missing: {', '.join(fields)}"[:200], hint=hint) from None


def wished(wish: Wish, principal: str, at: datetime) -> Request:
    """The request of `principal` (canonical). Raises UserError as `asked` does."""
    try:
        named = request_id(principal, wish.request_id)
    except ValueError:
        raise UserError("a request id is 8 to 40 letters, digits, - or _") from None
    target = wish.target.strip() if is_expression(wish.target) else wish.target
    subscription = Subscription(
        id=named,
        principal=principal,
        arn=own_arn(wish.arn, principal) if wish.arn else principal,
        target=target,
        columns=_columns(wish.columns),
        rows=wish.rows.strip(),
        until=moment(wish.until, at),
        masks=_masks(wish.masks),
    )
    return asked(subscription, wish.purpose, at)


def less_of(consent: Consent, at: datetime) -> Less:
    """What is granted, said `at` that moment. Raises UserError."""
    until = None if consent.until is None else moment(consent.until, at)
    return Less(_columns(consent.columns), consent.rows.strip(), _masks(consent.masks), until)


def _columns(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(_column(name) for name in dict.fromkeys(given))


def _masks(given: Mapping[str, str]) -> tuple[tuple[str, Mask], ...]:
    return tuple((_column(name), _mask(name, text)) for name, text in given.items())


def _mask(column: str, text: str) -> Mask:
    try:
        return read_mask(text)
    except ValueError:
        raise UserError(f"the mask of {column} is none", hint=f"Write {SPELLINGS}.") from None


def _column(name: str) -> str:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UserError("this names no column", hint="Name columns as the product's page does.")
    return name


def moment(text: str, at: datetime) -> datetime:
    """The first moment after `text`: a day (2026-12-31), a time with its zone, or a span from `at` on (30d, 12h)."""
    try:
        if span := _SPAN.fullmatch(text):
            return at + timedelta(**{_UNITS[span[2]]: int(span[1])})
        if len(text) == len("2026-12-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        said = datetime.fromisoformat(text)
        if said.tzinfo is not None:
            return said.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UserError("this is no time until which access is wanted", hint="Write 2026-12-31, or 30d.")
