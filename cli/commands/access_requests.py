"""mesh access request, list, show, approve, deny, withdraw, revoke and renew"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli import api
from cli.commands.access import app
from cli.frame import REFUSED, Failure, Frame, command
from cli.screen import table
from cli.target import Target
from datamesh.contract.masks import SPELLINGS
from datamesh.errors import InfrastructureError, UnknownProduct, UserError

__all__ = ["app", "approve", "deny", "list_requests", "renew", "request", "request_view", "revoke", "show", "withdraw"]

_POLL = 1.0
_SHORT = 8  # characters of an id that are shown, after what it has of its principal
_FULL = 16 + 1  # characters of an id before those
_COLOURS = {"requested": "yellow", "granted": "green", "denied": "red"}

_As = Annotated[str | None, typer.Option("--as", metavar="ROLE", help="Act with the rights of this role.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="A request's id, or how it begins.")]
_Note = Annotated[str, typer.Option("--note", help="Why.")]
_Columns = Annotated[str | None, typer.Option("--columns", metavar="A,B", help="These only.")]
_Rows = Annotated[str, typer.Option("--rows", metavar="CONDITION", help="Rows for which it holds only.")]
_Masks = Annotated[
    list[str] | None,
    typer.Option("--mask", metavar="COLUMN=MASK", help=f"Show a column masked: {SPELLINGS}. May be repeated."),
]
_Until = Annotated[str, typer.Option("--until", metavar="2026-12-31|30d", help="The last day, or for how long.")]

_NO_PATH = (
    "what path your role has is not known (iam:GetRole): if it has one, Lake Formation will not know who you are; "
    "mesh ask and mesh sql will"
)

Page = Mapping[str, Any]  # a request, as the API gives it


@command(app)
def request(
    frame: Frame,
    target: Annotated[str, typer.Argument(metavar='DOMAIN.PRODUCT|"domain=sales, classification=internal"')],
    *,
    purpose: Annotated[str, typer.Option("--purpose", help="What the data is needed for.")],
    columns: _Columns = None,
    rows: _Rows = "",
    mask: _Masks = None,
    until: _Until = "90d",
    wait: Annotated[int, typer.Option("--wait", min=0, metavar="SECONDS", help="Wait for a decision.")] = 0,
    role: _As = None,
) -> None:
    """Ask for access to a product, or to all that tags say. Its owners decide."""
    asker = frame.asking_as(role)
    wish = {
        "target": target,
        "columns": _named(columns),
        "rows": rows,
        "masks": _masked(mask),
        "purpose": purpose,
        "until": until,
        "arn": asker.own_arn(),
        "request_id": secrets.token_hex(8),  # so that it is one request, though the call be made again
    }
    if not wish["arn"]:
        frame.screen.note(_NO_PATH)
    made = api.post(asker, frame.screen, ("access", "requests"), wish, doing="asking for access")
    made = _decided(frame, asker, made, wait) if wait else made
    frame.screen.result(made, *request_view(made))
    if made["state"] in ("denied", "lapsed", "withdrawn"):
        raise Failure(REFUSED)


@command(app, "list")
def list_requests(
    frame: Frame,
    domain: Annotated[str | None, typer.Option("--domain", help="Those about products of it that you own.")] = None,
    *,
    to_decide: Annotated[bool, typer.Option("--to-decide", help="Those that wait for a decision of yours.")] = False,
    role: _As = None,
) -> None:
    """Show your requests for access, or those that you decide on."""
    found = _listed(frame.asking_as(role), domain=domain, to_decide=to_decide)
    frame.screen.result({"requests": found}, _table(found))


@command(app)
def show(frame: Frame, request_id: _Id, role: _As = None) -> None:
    """Show a request and all that happened to it."""
    asker = frame.asking_as(role)
    found = api.get(asker, "access", "requests", _whole(asker, request_id))
    frame.screen.result(found, *request_view(found))


@command(app)
def approve(
    frame: Frame,
    request_id: _Id,
    *,
    columns: _Columns = None,
    rows: _Rows = "",
    mask: _Masks = None,
    until: Annotated[str | None, typer.Option("--until", metavar="2026-12-31|30d", help="Until then only.")] = None,
    note: _Note = "",
    role: _As = None,
) -> None:
    """Grant a request about products that you own: what was asked, or less."""
    less = {"columns": _named(columns), "rows": rows, "masks": _masked(mask), "until": until}
    _stepped(frame, role, request_id, "approve", {name: it for name, it in less.items() if it} | {"note": note})


@command(app)
def deny(
    frame: Frame, request_id: _Id, *, note: Annotated[str, typer.Option("--note", help="Why.")], role: _As = None
) -> None:
    """Deny a request about products that you own, saying why."""
    _stepped(frame, role, request_id, "deny", {"note": note})


@command(app)
def withdraw(frame: Frame, request_id: _Id, note: _Note = "", role: _As = None) -> None:
    """Take back your own request, on which nobody has decided."""
    _stepped(frame, role, request_id, "withdraw", {"note": note})


@command(app)
def revoke(frame: Frame, request_id: _Id, note: _Note = "", role: _As = None) -> None:
    """Take access back before its time, or give back your own."""
    _stepped(frame, role, request_id, "revoke", {"note": note})


@command(app)
def renew(frame: Frame, request_id: _Id, *, until: _Until, note: _Note = "", role: _As = None) -> None:
    """Let access hold until another time."""
    _stepped(frame, role, request_id, "renew", {"until": until, "note": note})


def _stepped(frame: Frame, role: str | None, given: str, step: str, body: Mapping[str, Any]) -> None:
    asker = frame.asking_as(role)
    path = ("access", "requests", _whole(asker, given), step)
    done = api.post(asker, frame.screen, path, body, doing=f"request {given}: {step}")
    frame.screen.result(done, *request_view(done))


def _named(columns: str | None) -> list[str] | None:
    return None if columns is None else [name.strip() for name in columns.split(",")]


def _masked(given: Sequence[str] | None) -> dict[str, str]:
    masks: dict[str, str] = {}
    for each in given or ():
        column, said, mask = each.partition("=")
        if not said or masks.setdefault(column.strip(), mask.strip()) != mask.strip():
            raise UserError(f"{each} is no mask, or {column} has two", hint=f"write COLUMN={SPELLINGS}")
    return masks


def _decided(frame: Frame, asker: Target, made: api.Answer, seconds: int) -> api.Answer:
    """The request once it is decided on. Raises InfrastructureError when that takes longer."""
    path, deadline = ("access", "requests", str(made["request_id"])), time.monotonic() + seconds
    with frame.screen.step("waiting for a decision") as step:
        while made["state"] == "requested":
            if time.monotonic() > deadline:
                step.well = False
                hint = f"`mesh access show {_short(made)}` tells later"
                raise InfrastructureError(f"nobody has decided within {seconds} s", hint=hint)
            time.sleep(_POLL)
            made = api.get(asker, *path)
    return made


def _listed(asker: Target, *, domain: str | None = None, to_decide: bool = False) -> list[api.Answer]:
    query = ({"domain": domain} if domain else {}) | ({"to_decide": "1"} if to_decide else {})
    found: list[api.Answer] = api.get(asker, "access", "requests", query=query)["requests"]
    return found


def _whole(asker: Target, given: str) -> str:
    """The id that `given` begins, of one's own requests or those that wait for one's decision; a whole one as it is.

    Raises UnknownProduct where there is none, UserError where there are several.
    """
    if len(given) > _FULL:
        return given
    found = _beginning(given, _listed(asker)) or _beginning(given, _listed(asker, to_decide=True))
    if not found:
        raise UnknownProduct(
            f"no request {given} of yours, or for you to decide on", hint="others are named by their whole id"
        )
    if len(found) > 1:
        raise UserError(f"several requests begin with {given}", hint=", ".join(sorted(found)))
    return found.pop()


def _beginning(given: str, pages: Sequence[Page]) -> set[str]:
    ids = (str(page["request_id"]) for page in pages)
    return {it for it in ids if it.startswith(given) or it[_FULL:].startswith(given)}


def _short(page: Page) -> str:
    return str(page["request_id"])[_FULL:][:_SHORT]


def _table(pages: Sequence[Page]) -> Table:
    """What stands of each, and below it what was asked for where that is more."""
    made = table("id", "state", "who", "what", "columns", "rows", "until", "purpose")
    for page in pages:
        terms = zip(_terms(page), _terms(page["asked"]), strict=True)
        made.add_row(
            Text(_short(page)),
            Text(str(page["state"]), style=_COLOURS.get(str(page["state"]), "dim")),
            Text(_who(page["principal"])),
            Text(str(page["target"])),
            *(Text(now) if _same(page) or now == asked else _below(now, asked) for now, asked in terms),
            Text(str(page["purpose"])),
        )
    return made


def _below(now: str, asked: str) -> Text:
    return Text(now) + Text(f"\nasked: {asked or 'all'}", style="dim")


def request_view(page: Page) -> Iterator[RenderableType]:
    """A request for people to read: what is asked for, what was granted where that is less, and every step."""
    yield Text(f"{page['request_id']}: ") + Text(str(page["state"]), style=_COLOURS.get(str(page["state"]), "dim"))
    yield Text(f"{_who(page['principal'])} asks to read {_said(page['asked'], str(page['target']))}")
    if not _same(page):
        yield Text(f"granted: {_said(page, str(page['target']))}")
    yield Text(f"for: {page['purpose']}")
    for step in page["steps"]:
        note = f": {step['note']}" if step["note"] else ""
        yield Text(f"  {_when(step['at'])} {step['kind']} by {_who(step['by'])}{note}", style="dim")


def _same(page: Page) -> bool:
    """Whether what was granted is what was asked for."""
    return bool(_terms(page) == _terms(page["asked"]))


def _said(terms: Page, target: str) -> str:
    columns, rows, until = _terms(terms)
    return f"{columns} of {target}{f', rows where {rows}' if rows else ''}, until {until}"


def _terms(page: Page) -> tuple[str, str, str]:
    """Columns, rows and end, of what stands or of what was asked."""
    columns = [_masked_as(name, page["masks"]) for name in page["columns"] or ["all columns", *page["masks"]]]
    return ", ".join(columns), str(page["rows"]), _when(page["until"])


def _masked_as(column: str, masks: Mapping[str, str]) -> str:
    return f"{column} ({masks[column]})" if column in masks else column


def _who(principal: str) -> str:
    return principal.rpartition("/")[2]


def _when(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"
