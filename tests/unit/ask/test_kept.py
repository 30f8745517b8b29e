"""Things are made once, and the ones asked for last are kept."""

from __future__ import annotations

from datamesh.ask.names.kept import Kept


def test_the_things_asked_for_last_are_kept() -> None:
    # Given room for two
    kept, made = Kept[str](2), []

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    # When a third is asked for after the first was asked for again
    assert [get(key) for key in "abacba"] == ["A", "B", "A", "C", "B", "A"]

    # Then the second was made anew, and then the first
    assert made == ["a", "b", "c", "b", "a"]
