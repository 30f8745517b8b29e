"""For every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.support.unmeasured import untraced


@pytest.fixture(scope="session", autouse=True)
def only_what_is_measured_is_traced() -> Iterator[None]:
    with untraced():
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no garbage collection need look at it again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()
