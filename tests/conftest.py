"""For every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.unmeasured import untraced


@pytest.fixture(scope="session", autouse=True)
def only_what_is_measured_is_traced() -> Iterator[None]:
    with untraced():
        yield
