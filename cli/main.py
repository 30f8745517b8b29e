"""The `mesh` command."""

from __future__ import annotations

import sys

import typer

from cli.commands import (
    access_requests,
    contract,
    domain,
    evaluate,
    maintain,
    mesh,
    products,
    publish,
    quarantine,
    questions,
    runs,
)
from cli.frame import USERS
from cli.screen import Screen

__all__ = ["app", "main"]

app = typer.Typer(
    name="mesh",
    help="A data mesh: files in, answers out. Talks to the local mesh (`mesh up`), or to an account with --stage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (mesh, publish, runs, products, questions, maintain, evaluate):
    group.register(app)
app.add_typer(access_requests.app, name="access")
app.add_typer(contract.app, name="contract")
app.add_typer(domain.app, name="domain")
app.add_typer(quarantine.app, name="quarantine")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. The exit code: 0 done, 1 something of ours failed, 2 the user's mistake, 3 refused."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(given, standalone_mode=False)
    except typer.TyperException as mistake:
        if not mistake.format_message():  # no command at all: the help was shown
            return USERS
        Screen(as_json="--json" in given).fail(mistake.format_message(), "`mesh --help` shows what there is")
        return USERS
    except (KeyboardInterrupt, typer.Abort):
        Screen().note("interrupted")
        return 130
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
