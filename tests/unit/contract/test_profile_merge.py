"""Profiles of batches add up to the profile of the table."""

from __future__ import annotations

from datamesh.contract.model import Column, ColumnType
from datamesh.contract.profile import VALUES_CAP, ColumnProfile, Profile, keeps_values, merged

TEXT, NUMBER = ColumnType("string"), ColumnType("integer")


def profile(rows: int, *columns: ColumnProfile, snapshot_id: int | None = None) -> Profile:
    return Profile(product="things", snapshot_id=snapshot_id, rows=rows, columns=columns)


def test_rows_nulls_bounds_and_values_add_up() -> None:
    columns = (Column("name", TEXT), Column("n", NUMBER))
    first = profile(
        3,
        ColumnProfile(name="name", nulls=1, distinct=2, minimum="a", maximum="c", values=("a", "c")),
        ColumnProfile(name="n", distinct=3, minimum=1, maximum=5),
    )
    second = profile(
        2,
        ColumnProfile(name="name", distinct=2, minimum="b", maximum="c", values=("b", "c")),
        ColumnProfile(name="n", nulls=2, distinct=0),
        snapshot_id=7,
    )

    whole = merged(first, second, columns)

    assert (whole.rows, whole.snapshot_id) == (5, 7)
    name, number = whole.columns
    assert (name.nulls, name.distinct, name.minimum, name.maximum, name.values) == (1, 3, "a", "c", ("a", "b", "c"))
    assert (number.nulls, number.distinct, number.minimum, number.maximum, number.values) == (2, 3, 1, 5, None)


def test_a_column_that_came_later_is_null_in_the_rows_before() -> None:
    second = profile(2, ColumnProfile(name="new", distinct=1, minimum="x", maximum="x", values=("x",)))

    [column] = merged(profile(3), second, (Column("new", TEXT),)).columns

    assert (column.nulls, column.values) == (3, ("x",))


def test_a_column_that_became_sensitive_forgets_its_values() -> None:
    seen = ColumnProfile(name="mail", distinct=1, minimum="a@b", maximum="a@b", values=("a@b",))

    [column] = merged(profile(1, seen), profile(1, seen), (Column("mail", TEXT, classification="PII"),)).columns

    assert (column.distinct, column.minimum, column.maximum, column.values) == (1, None, None, None)
    assert not keeps_values(Column("mail", TEXT, classification="restricted"))


def test_too_many_values_are_not_kept() -> None:
    half = VALUES_CAP // 2 + 1
    one, two = (
        profile(half, ColumnProfile(name="n", distinct=half, values=tuple(f"{p}{i}" for i in range(half))))
        for p in "ab"
    )

    [column] = merged(one, two, (Column("n", TEXT),)).columns

    assert (column.distinct, column.values) == (2 * half, None)


def test_a_renamed_column_keeps_what_was_seen_of_it() -> None:
    """Its id is in the profile from the first batch on, which itself knows names only."""
    batch = profile(2, ColumnProfile(name="fare", nulls=1, distinct=1, minimum=3, maximum=3))
    first = merged(profile(0), batch, (Column("fare", NUMBER, id="c2"),))
    second = profile(1, ColumnProfile(name="price", distinct=1, minimum=9, maximum=9))

    [column] = merged(first, second, (Column("price", NUMBER, id="c2"),)).columns

    assert (column.name, column.nulls, column.minimum, column.maximum) == ("price", 1, 3, 9)
