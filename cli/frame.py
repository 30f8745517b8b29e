"""The frame of every command: the options all of them have, and how a failure ends.

A command is a function whose first parameter is a `Frame`. It returns nothing; failures are raised.
Exit codes: 0 done, 1 something of ours failed, 2 the user's mistake, 3 refused.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from cli.local import state
from cli.screen import Screen
from cli.target import ANALYST, Target, account, local
from datamesh.errors import DatameshError, Refusal, UserError

__all__ = ["OURS", "PARTIAL", "REFUSED", "USERS", "Failure", "Frame", "command", "report"]

OURS, USERS, REFUSED, PARTIAL = 1, 2, 3, 4

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}

_Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]
_Home = Annotated[
    Path | None,
    typer.Option("--home", envvar="MESH_HOME", metavar="DIR", help="Where the local mesh keeps its state [.mesh]."),
]
_Stage = Annotated[
    str | None,
    typer.Option("--stage", envvar="MESH_STAGE", help="Talk to this stage of an AWS account, not to the local mesh."),
]
_Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")]


class Failure(Exception):
    """Raised when a command ends with `code` after it has shown its result: an outcome, not an error to explain."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Frame:
    """What a command is given."""

    screen: Screen
    home: Path
    stage: str | None = None

    @cached_property
    def target(self) -> Target:
        """The mesh that is meant. Raises UserError when it is the local one and that is not running."""
        return account(self.stage) if self.stage else local(self.home)

    def asking_as(self, role: str | None) -> Target:
        """The mesh with the rights of `role`; of an analyst where nobody is named and the mesh is the local one."""
        role = role or (ANALYST if self.target.is_local else None)
        if role is None:
            return self.target
        asker = self.target.as_role(role)
        self.screen.note(f"asking as {asker.role}")
        return asker


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers `function(frame, ...)` as a command of `app`, with --json, --home, --stage and --debug."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        _, *own = inspect.signature(function).parameters.values()
        common = {"as_json": (_Json, False), "home": (_Home, None), "stage": (_Stage, None), "debug": (_Debug, False)}

        @functools.wraps(function)
        def run(**values: Any) -> None:
            as_json, home, stage, debug = (values.pop(option) for option in common)
            screen = Screen(as_json=as_json)
            frame = Frame(screen=screen, home=(home or state.default_home()).resolve(), stage=stage)
            try:
                function(frame, **values)
            except BrokenPipeError:  # who reads us has read enough
                raise
            except Exception as error:  # the one place where everything ends as a line and an exit code
                if debug:
                    traceback.print_exc()
                raise typer.Exit(report(error, screen)) from error

        parameters = [p.replace(kind=p.KEYWORD_ONLY, annotation=hints[p.name]) for p in own]
        options = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for option, (kind, default) in common.items()
        ]
        run.__signature__ = inspect.Signature(parameters + options)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters + options}
        app.command(name, no_args_is_help=False)(run)
        return function

    return register


def report(error: Exception, screen: Screen) -> int:
    """Says what went wrong, and gives the exit code for it."""
    if isinstance(error, Failure):
        return error.code
    if isinstance(error, DatameshError):
        rule = {"rule": error.rule} if isinstance(error, Refusal) else {}
        screen.fail(error.message, error.hint, **rule)
        return REFUSED if isinstance(error, Refusal) else USERS if isinstance(error, UserError) else OURS
    code, message, hint = _of_aws(error)
    screen.fail(message, hint)
    return code


def _of_aws(error: Exception) -> tuple[int, str, str]:
    match error:
        case NoCredentialsError() | PartialCredentialsError() | ProfileNotFound():
            return USERS, str(error), "set AWS_PROFILE, or sign in"
        case EndpointConnectionError():
            return OURS, str(error), "`mesh status` says whether the local mesh is well"
        case ClientError() if error.response["Error"].get("Code") in _DENIED:
            return REFUSED, f"AWS refused {error.operation_name}", error.response["Error"].get("Message", "")
        case ClientError() if error.response["Error"].get("Code") in _EXPIRED:
            return USERS, "your AWS credentials are not valid any more", "sign in again"
        case ClientError() | BotoCoreError():
            return OURS, str(error), "--debug shows more"
        case _:
            return OURS, f"{type(error).__name__}: {error}", "this is a fault of mesh; --debug shows where"
