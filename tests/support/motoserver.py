"""One moto server for all tests of a process, without what moto does again for every request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto import backends
from moto.server import ThreadedMotoServer

__all__ = ["running"]


@contextmanager
def running() -> Iterator[ThreadedMotoServer]:
    """A server on a free port; `lakeside.environment` points to it, and empties it.

    For each request moto lists its own directory and writes a line of log: a third of the time that it takes.
    """
    modules = tuple(backends.list_of_moto_modules())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with patch.object(backends, "list_of_moto_modules", lambda: modules):
        server.start()
        try:
            yield server
        finally:
            server.stop()
