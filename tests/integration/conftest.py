"""What the doors leave in a process that, on AWS, would be theirs alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_lambda_powertools import Metrics


@pytest.fixture(autouse=True)
def metrics_of_one_function() -> Iterator[None]:
    """Powertools keeps metrics and their dimensions for the process: here functions of several domains share one."""
    yield
    for kept in (Metrics._metrics, Metrics._dimensions, Metrics._metadata, Metrics._default_dimensions):
        kept.clear()
