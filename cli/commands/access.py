"""mesh access plan and repair"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from botocore.config import Config
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.commands.access_group import app
from cli.frame import OURS, Failure, Frame, command
from cli.screen import table
from cli.target import Target, parse_product
from datamesh.errors import InfrastructureError, UnknownProduct

__all__ = ["app", "plan", "repair"]

_PATIENT = Config(read_timeout=310, retries={"total_max_attempts": 1})
_sleep = time.sleep
_PAUSE = 2.0  # seconds between looks
_COLOURS = {"missing": "yellow", "too much": "red"}

_Products = Annotated[list[str] | None, typer.Argument(metavar="[DOMAIN.PRODUCT]...", help="Or all of them.")]

Drift = dict[str, Any]  # a product, its differences and gone tables, as check_access tells


@command(app)
def plan(frame: Frame, products: _Products = None) -> None:
    """Show in what Lake Formation differs from the policy: what is missing there, and what is too much."""
    found = _looked(frame, _by_domain(frame.target, products or []))
    frame.screen.result({"drift": found}, *_views(found))


@command(app)
def repair(
    frame: Frame,
    products: _Products = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait until it stands.")] = 120,
) -> None:
    """Bring Lake Formation to what the policy gives. Each domain's one writer does it."""
    asked = _by_domain(frame.target, products or [])
    found = _looked(frame, asked)
    left = found
    if found and not dry_run:
        left = _repaired(frame, found, wait)
    frame.screen.result(
        {"dry_run": dry_run, "drift": found, "left": left}, *_views(found), *_ending(found, left, dry_run)
    )
    if left and not dry_run:
        raise Failure(OURS)


def _repaired(frame: Frame, found: Sequence[Drift], seconds: float) -> list[Drift]:
    """Asks for what was found to be mended, and waits; what still differs after so many seconds.

    All of a domain is looked at then: of a product that is gone nothing is known once its grants are gone.
    """
    asked = _by_domain(frame.target, [drift["product"] for drift in found])
    for domain, names in asked.items():
        _checked(frame.target, domain, names, mend=True)
    left, waited = list(found), 0.0
    with frame.screen.step("apply_grants is mending") as step:
        while left and waited < seconds:
            _sleep(_PAUSE)
            waited += _PAUSE
            every = [drift for domain in asked for drift in _checked(frame.target, domain, [])]
            left = [drift for drift in every if drift["product"] in {it["product"] for it in found}]
        step.say("it stands" if not left else f"{len(left)} still differ", well=not left)
    return left


def _looked(frame: Frame, asked: dict[str, list[str]]) -> list[Drift]:
    with frame.screen.step("comparing the policy with Lake Formation"):
        return [drift for domain, names in asked.items() for drift in _checked(frame.target, domain, names)]


def _by_domain(target: Target, products: Sequence[str]) -> dict[str, list[str]]:
    """The products asked for, of each domain; none named: all of every domain."""
    if not products:
        return {domain: [] for domain in target.domains()}
    asked: dict[str, list[str]] = {}
    for name in map(parse_product, products):
        asked.setdefault(name.domain, []).append(name.product)
    return asked


def _checked(target: Target, domain: str, names: Sequence[str], *, mend: bool = False) -> list[Drift]:
    """What the domain's check_access finds; products are named with their domain."""
    target.parameters(domain)  # there is such a domain
    answer = target.client("lambda", config=_PATIENT).invoke(
        FunctionName=f"datamesh-{target.stage}-{domain}-check-access",
        Payload=json.dumps({"products": list(names), "mend": mend}),
    )
    said = json.loads(answer["Payload"].read())
    if said and said.get("errorType") == UnknownProduct.__name__:
        raise UnknownProduct(said["errorMessage"], hint="`mesh products` lists those that there are")
    if "FunctionError" in answer:
        raise InfrastructureError(f"{domain} could not be checked: {said.get('errorType')}", hint="try again later")
    return [{**drift, "product": f"{domain}.{drift['product']}"} for drift in said["drift"]]


def _ending(found: Sequence[Drift], left: Sequence[Drift], dry_run: bool) -> tuple[RenderableType, ...]:
    if dry_run or not found:
        return ()
    if not left:
        return ("", Text("Mended: Lake Formation stands as the policy wants.", style="green"))
    return ("", Text("Still so, or again:", style="red"), *_views(left))


def _views(found: Sequence[Drift]) -> tuple[RenderableType, ...]:
    if not found:
        return (Text("Lake Formation stands as the policy wants.", style="green"),)
    made: Table = table("product", "table", "", "principal", "permission", "on", "by")
    for drift in found:
        for each in drift["differences"]:
            made.add_row(
                drift["product"],
                each["table"] + (" (gone)" if each["table"] in drift["gone_tables"] else ""),
                Text(each["way"], style=_COLOURS[each["way"]]),
                each["principal"].rpartition(":")[2],
                each["permission"] or each["kind"],
                each["on"],
                each["rule"],
            )
    return (made,)
