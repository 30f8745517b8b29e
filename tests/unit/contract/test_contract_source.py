"""A contract's text, read with its lines."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.contract.source import MAX_BYTES, UnreadableContract, load
from datamesh.errors import ContractError
from tests.support.contracts import STOPS, line_of


def test_each_path_knows_its_line() -> None:
    # Given a contract
    source = load(STOPS)
    # Then a path leads to its value and to the line it is written on
    assert source.get("schema[0].properties[2].logicalTypeOptions.maximum") == 2
    assert source.line("schema[0].properties[2].logicalTypeOptions") == line_of(STOPS, "logicalTypeOptions")
    assert source.line("schema[0].properties[1]") == line_of(STOPS, "name: line")
    assert source.line("domain") == line_of(STOPS, "domain: transit")


def test_a_missing_path_has_the_line_of_what_would_hold_it() -> None:
    source = load(STOPS)
    assert source.line("schema[0].properties[1].description") == line_of(STOPS, "name: line")
    assert source.line("price.priceAmount") == 1
    assert source.get("schema[9].name") is None
    assert source.get("domain.name") is None


def test_dates_stay_text_and_words_of_yaml_1_1_stay_words() -> None:
    source = load("a: 2013-01-01\nb: no\nc: 1.0\nd: 017\ne: null\nf: true\ng: 0x1F\nh: 12:30:00\n")
    assert source.data == {
        "a": "2013-01-01",
        "b": "no",
        "c": 1.0,
        "d": 17,
        "e": None,
        "f": True,
        "g": 31,
        "h": "12:30:00",
    }


def test_aliases_and_merges_are_followed() -> None:
    source = load("base: &b {x: 1, y: 2}\nsame: *b\nmore:\n  <<: *b\n  y: 3\nboth:\n  <<: [*b, {z: 4}]\n")
    assert source.data["same"] == {"x": 1, "y": 2}
    assert source.data["more"] == {"x": 1, "y": 3}
    assert source.data["both"] == {"x": 1, "y": 2, "z": 4}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        pytest.param(b"a: 1\nb: 2\na: 3\n", 3, "remove one", id="a key twice"),
        pytest.param(b"a:\n  b: {c: 1, c: 2}\n", 2, "remove one", id="a key twice in a flow mapping"),
        pytest.param(b"a:\n\t- b\n", 2, "spaces, not tabs", id="a tab"),
        pytest.param(b"a: 1\nb: \xff\xfe\n", 2, "UTF-8", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf- a\n- b\n", 1, "begins with", id="a list"),
        pytest.param(b"just words\n", 1, "begins with", id="a scalar"),
        pytest.param(b"", 1, "begins with", id="nothing"),
        pytest.param(b"# only a comment\n", 1, "begins with", id="a comment"),
        pytest.param(b"a: [1, 2\n", 2, "", id="a bracket left open"),
        pytest.param(b"a: 1\n---\nb: 2\n", 2, "", id="two documents"),
        pytest.param(b"a: 1\nb: &x {c: *x}\n", 2, "contain itself", id="an alias inside itself"),
        pytest.param(BOMB.encode(), 1, "sparingly", id="a bomb of aliases"),
        pytest.param(b"a: " + b"[" * 500 + b"]" * 500, 1, "", id="too deep"),
        pytest.param(b"a: 1\nb: !!python/object:os.system ls\n", 2, "tag", id="a tag"),
        pytest.param(b"? [a, b]\n: 1\n", 1, "", id="a key that is no text"),
        pytest.param(b"a: 1\n<<: 3\n", 2, "", id="a merge of a scalar"),
        pytest.param(b"a: !!int many\n", 1, "quotes", id="a number that is none"),
        pytest.param(b'a: 1\nb: "\\ud800"\n', 2, "itself", id="half a surrogate pair"),
        pytest.param(b"x" * (MAX_BYTES + 1), 1, "files", id="too large"),
    ],
)
def test_what_is_no_contract_is_refused_with_line_and_hint(text: bytes, line: int, hint: str) -> None:
    with pytest.raises(UnreadableContract) as caught:
        load(text)
    assert caught.value.line == line
    assert caught.value.message.startswith(f"line {line}: ")
    assert hint in caught.value.hint


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_the_error_is_a_contract_error_whatever_the_bytes(data: bytes) -> None:
    # Whatever else it raised would be ours, not the owner's mistake.
    with suppress(ContractError):
        assert isinstance(load(data).data, dict)


WORDS = st.text(st.characters(codec="latin-1", exclude_categories=("C",)), max_size=12)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | WORDS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=20,
    )
)
def test_json_is_read_as_json_reads_it(value: object) -> None:
    # JSON is YAML: both readers must agree on it.
    assert load(json.dumps({"value": value}, ensure_ascii=False)).data == {"value": value}
