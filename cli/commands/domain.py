"""mesh domain add"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.frame import Frame, command
from cli.joining import Joined, check, join, section
from cli.local import state
from cli.target import elsewhere
from datamesh.errors import UserError

__all__ = ["app", "next_steps"]

app = typer.Typer(help="Domains: where they live.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `add` a command of its own, while it is the only one."""


@command(app)
def add(
    frame: Frame,
    name: Annotated[str, typer.Argument(metavar="DOMAIN")],
    account: Annotated[str, typer.Option("--account", help="The account that the domain lives in.")],
    profile: Annotated[
        str | None, typer.Option("--profile", help="The profile with credentials of that account.")
    ] = None,
) -> None:
    """Let a domain live in another account than the platform, and say how to deploy it there.

    Run it with the platform's credentials, and again whenever the platform has a new engine layer.
    """
    templates = state.project_root() / "accounts"
    if not templates.is_dir():
        raise UserError("this is no clone of the project", hint="run mesh inside one")
    check(name, account, frame.target)
    guest = elsewhere(frame.target, account, profile)
    joined = join(frame.target, guest, name, templates=templates, screen=frame.screen)
    told = section(joined, frame.target.stage)
    steps = next_steps(joined, frame.target.stage, profile)
    frame.screen.result(
        asdict(joined) | {"samconfig": told, "next": steps},
        f"{name} may live in {account} (its side: {joined.guest}, the platform's: {joined.host}).",
        "\nIn samconfig.toml:\n",
        told,
        "Then:\n",
        *(f"  {step}" for step in steps),
    )


def next_steps(joined: Joined, stage: str, profile: str | None) -> list[str]:
    """The commands that deploy the domain and put a contract of it in force."""
    of_account = f"AWS_PROFILE={profile} " if profile else ""
    return [
        f"sam build --config-env {joined.domain}",
        f"{of_account}sam deploy --config-env {joined.domain}",
        f"{of_account}mesh contract push CONTRACT --stage {stage}",
    ]
