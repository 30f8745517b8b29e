"""What is not measured is not traced either: coverage costs most in the code of others, where it finds nothing.

Until Python 3.12 a tracer slows down everything that runs under it, measured or not, to half its speed and less.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient, ClientCreator
from ruamel.yaml import YAML
from werkzeug.serving import ThreadedWSGIServer

__all__ = ["untraced"]

# Whole calls into the code of others. What little of ours they call back goes unmeasured: a refresh of credentials.
_OTHERS: tuple[tuple[type, str], ...] = (
    (BaseClient, "_make_api_call"),  # and moto, where it stands in for AWS within the process
    (ThreadedWSGIServer, "process_request_thread"),  # moto's server: a thread for each request
    (ClientCreator, "create_client"),
    (YAML, "compose"),
)


def _without_tracer(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        tracer: Any = sys.gettrace()
        if tracer is None:
            return function(*arguments, **named)
        sys.settrace(None)
        try:
            return function(*arguments, **named)
        finally:
            sys._getframe().f_trace = tracer  # so that the tracer sees this call end that it saw begin
            sys.settrace(tracer)

    return wrapped


@contextmanager
def untraced() -> Iterator[None]:
    """While inside, no tracer follows into calls that only run the code of others."""
    with ExitStack() as stack:
        for owner, name in _OTHERS:
            stack.enter_context(patch.object(owner, name, _without_tracer(getattr(owner, name))))
        yield
