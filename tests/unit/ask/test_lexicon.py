"""The lexicon is English: nothing in it is about one database, and nothing needs believing that few questions need."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from datamesh.ask.lexicon.synonyms import EVERYDAY, KINDS, PHRASES, SEEN
from datamesh.ask.lexicon.verbs import FAMILIES, VERBS
from datamesh.ask.names.spelling import Spelling, family
from datamesh.ask.names.words import name_words, stem, tokens
from datamesh.contract.parse import parse
from tests.support.kits import SHARED, needs_shared

ASK = Path(__file__).parents[3] / "layers/core/datamesh/ask"
KIT = SHARED / "train"
NEEDED = 3  # databases


@cache
def databases() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Name to the stems of its questions and of its contract's names."""
    return {folder.name: (asked(folder), named(folder)) for folder in KIT.iterdir() if folder.is_dir()}


def asked(folder: Path) -> frozenset[str]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return frozenset(token.stem for line in lines for token in tokens(json.loads(line)["question"]))


def named(folder: Path) -> frozenset[str]:
    tables = parse((folder / "contract.odcs.yaml").read_bytes()).tables
    names = [name for table in tables for name in (table.name, *(column.name for column in table.columns))]
    return frozenset(stem(word) for name in names for word in name_words(name))


@needs_shared
@pytest.mark.parametrize("line", SEEN, ids=lambda line: line[0])
def test_what_is_no_everyday_english_is_needed_by_several_databases(line: tuple[str, ...]) -> None:
    # Given a word, and those that it may stand for
    word, others = stem(line[0]), {stem(other) for other in line[1:]}

    # Then so many databases are asked with the one and only have the other
    needing = [name for name, (said, has) in databases().items() if word in said - has and others & has]
    assert len(needing) >= NEEDED


@needs_shared
def test_no_rule_knows_a_database_by_name() -> None:
    # Given names that are no plain words
    names = [name for name in databases() if "_" in name]

    # Then none stands in the code that reads questions
    code = {path: path.read_text(encoding="utf-8").lower() for path in ASK.rglob("*.py")}
    assert names
    assert not [(name, path.name) for name in names for path, text in code.items() if name in text]


@pytest.mark.parametrize("lists", [EVERYDAY, KINDS, SEEN, PHRASES, FAMILIES], ids=lambda lists: lists[0][0])
def test_a_group_says_each_word_once_and_more_than_one(lists: tuple[tuple[str, ...], ...]) -> None:
    assert all(len(group) > 1 and len(set(group)) == len(group) for group in lists)


def test_a_word_is_in_one_group_of_everyday_words() -> None:
    words = [word for group in EVERYDAY for word in group]
    assert sorted(set(words)) == sorted(words)


@pytest.mark.parametrize(
    "denying", ["lack", "miss", "cancel", "reject", "exclude", "decline", "refuse", "deny", "skip"]
)
def test_what_denies_is_no_verb_that_may_go_unread(denying: str) -> None:
    assert denying not in VERBS


@pytest.mark.parametrize(
    ("one", "other"),
    [("teacher", "teach"), ("nominee", "nominated"), ("enrolment", "enrolled"), ("founder", "founded")],
)
def test_a_verb_and_its_nouns_are_one_family(one: str, other: str) -> None:
    assert family(stem(one)) & family(stem(other))


@pytest.mark.parametrize(("one", "other"), [("number", "numb"), ("order", "ord"), ("table", "tab"), ("price", "prize")])
def test_words_that_only_look_alike_are_none(one: str, other: str) -> None:
    assert not family(stem(one)) & family(stem(other))


def meant(said: str, named: str) -> list[str]:
    """The words that `said` may stand for in a schema with the one name."""
    schema = Spelling()
    schema.add(stem(named))
    return [word for word, _ in schema.meant(tokens(said)[0])]


@pytest.mark.parametrize(
    ("said", "named"),
    [("people", "plumber"), ("persons", "violinists"), ("companies", "winery"), ("company", "wholesaler")],
)
def test_a_general_word_stands_for_the_kinds_of_it(said: str, named: str) -> None:
    assert meant(said, named) == [stem(named)]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        *(("people", thing) for thing in ("office", "engine", "review", "prison", "contest", "biology", "town")),
        *(("people", whose) for whose in ("friend", "parent", "mother")),
        *(("company", thing) for thing in ("insurance", "operation", "product", "import", "person")),
    ],
)
def test_a_general_word_does_not_stand_for_a_thing_that_is_none_of_its_kinds(said: str, named: str) -> None:
    assert meant(said, named) == []
