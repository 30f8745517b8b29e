"""A contract with any one value replaced by any other: findings, never an exception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from datamesh.contract.compatibility import compare
from datamesh.contract.lint import has_errors, lint
from datamesh.contract.parse import parse
from datamesh.contract.source import load
from tests.support.contracts import STOPS

CONTRACT = load(STOPS).data
Step = str | int


def steps(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield (*path, key)
        yield from steps(item, (*path, key))


def replaced(path: tuple[Step, ...], value: Any) -> dict[str, Any]:
    document = deepcopy(CONTRACT)
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return document


WORDS = ["", "a", "measure", "integer", "decimal(99,1)", "timestamp", "(", "2013", "schema/x/properties/y", "sql"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.floats(-2, 2) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "name", "to"]), inner),
    max_leaves=4,
)
PATHS = sorted(steps(CONTRACT), key=str)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(PATHS), VALUES)
@example(("schema", 0, "properties", 0, "primaryKeyPosition"), [1])
@example(
    ("schema", 0, "quality", 0), {"type": "library", "metric": "duplicateValues", "arguments": {"properties": [{}]}}
)
@example(("schema", 0, "quality", 0, "mustBeGreaterThan"), [1, "a"])
@example(("roles", 0, "customProperties", 0, "value"), [["x"], {}])
def test_one_value_replaced(path: tuple[Step, ...], value: Any) -> None:
    # Given a contract with one value replaced
    text = json.dumps(replaced(path, value)).encode()
    # When it is linted, every finding has its words and its line
    findings = lint(text, file="stops.odcs.yaml")
    assert all(finding.message and finding.fix and finding.line == 1 for finding in findings)
    # Then, sound or not, it can be read and compared, and comparing it with itself finds nothing
    contract = parse(text)
    assert compare(contract, contract) == ()
    assert isinstance(compare(parse(STOPS), contract), tuple)
    assert has_errors(findings) or contract.product == "stops"
