"""The group `mesh access`, on which each of its modules registers commands."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(help="Who may read what: asked for, decided, and as Lake Formation has it.", no_args_is_help=True)
