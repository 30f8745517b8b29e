"""What a Python file imports, and what that imports in turn, without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["reached"]

PACKAGES = Path(__file__).parents[2] / "layers/core"


def reached(path: Path) -> set[str]:
    """Every name that `path`, or a module of the package that it comes to import, imports.

    Imports inside of functions count, those for type checkers only do not.
    """
    seen: set[Path] = set()
    names: set[str] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        found = set(_imports(ast.parse(current.read_text(encoding="utf-8"))))
        names |= found
        waiting.extend(file for name in found for file in _files(name))
    return names


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        for other in node.orelse:
            yield from _imports(other)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _imports(child)


def _files(name: str) -> Iterator[Path]:
    """The files that importing `name` runs, if it is the package's: its parents' __init__ and its own."""
    parts = name.split(".")
    if parts[0] != "datamesh":
        return
    for end in range(1, len(parts) + 1):
        place = PACKAGES.joinpath(*parts[:end])
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
        elif place.with_suffix(".py").is_file():
            yield place.with_suffix(".py")
