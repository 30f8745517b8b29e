"""One AWS for all tests of a process, emptied for each that asks for it; and what the doors leave behind in one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from unittest.mock import patch

import pytest
from aws_lambda_powertools import Metrics
from botocore.loaders import JSONFileLoader
from moto import mock_aws
from moto.server import ThreadedMotoServer

from datamesh import aws
from datamesh.contract.model import Owner
from tests.support import motoserver
from tests.support.accessdesk import Place, product
from tests.support.lakeside import environment


@pytest.fixture(scope="session", autouse=True)
def service_models_are_read_once() -> Iterator[None]:
    """Every session of botocore reads the descriptions of its services again, most of what a new client takes."""
    read = cache(JSONFileLoader().load_file)
    with patch.object(JSONFileLoader, "load_file", lambda self, path: read(path)):
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[ThreadedMotoServer]:
    with motoserver.running() as server:
        yield server


@pytest.fixture
def account(server: ThreadedMotoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty account: the environment points AWS's SDK and PyIceberg to it."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A desk of requests for access to `crm.people` and `crm.firms`, which others own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Place([product("crm.people"), product("crm.firms", owners=(Owner("role/bob"),))])


@pytest.fixture(autouse=True)
def a_catalog_for_each_test() -> Iterator[None]:
    """Tests that have a server and tests that have moto within the process share neither clients nor endpoints."""
    yield
    aws.client_once.cache_clear()


@pytest.fixture(autouse=True)
def metrics_of_one_function() -> Iterator[None]:
    """Powertools keeps metrics and their dimensions for the process: here functions of several domains share one."""
    yield
    for kept in (Metrics._metrics, Metrics._dimensions, Metrics._metadata, Metrics._default_dimensions):
        kept.clear()
