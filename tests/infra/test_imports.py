"""Imports only run downwards, a wing never imports the other, and the pure parts stay pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/core/datamesh"

# A floor may import the floors under it, and nothing beside it.
FLOORS: list[list[str]] = [
    ["ask", "publish", "access"],
    ["rest"],
    ["registry", "govern", "lake"],
    ["contract"],
    ["engine", "messages", "problem", "settings", "aws"],
    ["events"],
    ["errors"],
]
ROOMS = {room for floor in FLOORS for room in floor}

# Values in, values out: these see no AWS, no clock and no environment. A path is a module or a whole package.
PURE = [
    "access/record.py",
    "access/wish.py",
    "contract",
    "govern/calls.py",
    "govern/deciding.py",
    "govern/differences.py",
    "govern/filters.py",
    "govern/policy.py",
    "govern/principal.py",
    "govern/projection.py",
    "govern/requests.py",
    "govern/rights.py",
    "govern/subscription.py",
    "govern/tags.py",
    "lake/layout.py",
    "publish/conform.py",
    "publish/gate.py",
    "publish/reading.py",
    "publish/rules.py",
    "publish/slices.py",
    "ask/annotate.py",
    "ask/choosing.py",
    "ask/compile",
    "ask/explain.py",
    "ask/guard",
    "ask/intent",
    "ask/lexicon",
    "ask/names",
    "ask/planner.py",
    "ask/proposals",
    "ask/read",
]
IMPURE = {"boto3", "botocore", "datamesh.aws", "datamesh.settings", "os", "time", "random", "socket", "subprocess"}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def imported(path: Path) -> Iterator[str]:
    """Every module that `path` imports, `from datamesh import x` counted as datamesh.x."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            assert node.module is not None
            yield node.module
            if node.module == "datamesh":
                yield from (f"datamesh.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def below(room: str) -> set[str]:
    level = next(i for i, floor in enumerate(FLOORS) if room in floor)
    return {r for floor in FLOORS[level + 1 :] for r in floor} | {room}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downwards(path: Path) -> None:
    allowed = below(room_of(path))
    for name in imported(path):
        assert not name.startswith(("functions", "cli")), f"{path.name} imports a door: {name}"
        parts = name.split(".")
        if parts[0] == "datamesh" and len(parts) > 1:
            assert parts[1] in allowed, f"{path.relative_to(PACKAGE)} may not import {name}"


def test_every_room_stands_on_a_floor() -> None:
    assert {room_of(p) for p in modules()} <= ROOMS


@pytest.mark.parametrize("place", PURE)
def test_pure_parts_touch_nothing_outside(place: str) -> None:
    target = PACKAGE / place
    paths = sorted(target.rglob("*.py")) if target.is_dir() else [target]
    assert paths
    for path in paths:
        bad = {n for n in imported(path) if n in IMPURE or n.split(".")[0] in IMPURE}
        assert not bad, f"{path.relative_to(PACKAGE)} imports {sorted(bad)}"


@pytest.mark.parametrize("app", sorted((ROOT / "functions").glob("*/app.py")), ids=lambda p: p.parent.name)
def test_doors_are_thin(app: Path) -> None:
    lines = [line for line in app.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 60, f"{app.parent.name}: {len(lines)} lines; move the logic into datamesh"
    assert not any(n.startswith(("functions", "cli")) for n in imported(app))
