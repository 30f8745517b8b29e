"""The small meshes that questions are asked of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.support.meshes import Mesh, opened


@pytest.fixture(scope="session")
def meshes() -> Iterator[Mapping[str, Mesh]]:
    """Nobody changes their rows."""
    with opened() as found:
        yield found


@pytest.fixture(scope="session")
def shop(meshes: Mapping[str, Mesh]) -> Mesh:
    return meshes["shop"]
