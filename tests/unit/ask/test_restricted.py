"""What a caller may not see of a product is not in any answer: masks and rows, whatever the statement."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from datamesh.ask.answer import Desk, answer_question, answer_sql
from datamesh.ask.compile import compile_query
from datamesh.ask.guard import MASK_KEY, Guarded, Predicate, Scope, guard, raw_columns, scope_of, secured
from datamesh.ask.intent import Query
from datamesh.ask.names.vocabulary import build
from datamesh.ask.products import product_pages
from datamesh.ask.run import Limits, duck_run
from datamesh.ask.stop import Stop
from datamesh.ask.view import View, view_of
from datamesh.contract.masks import Mask
from datamesh.contract.model import EnumValue, Role
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.engine.dialect import PhysicalTable, parse, render
from datamesh.engine.query import query as duck_query
from datamesh.errors import DatameshError, StatementRejected
from datamesh.registry.knowledge import Knowledge
from tests.support.asking import CLERK, KNOWLEDGE, PUBLISHED, MemoryTables, Planned, Planner
from tests.support.intents import queries
from tests.support.meshes import Mesh
from tests.support.restricted import KEY, Restriction, copied, restrictions

ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@ANY
@given(data=st.data(), query=queries())
def test_a_statement_gives_what_it_gives_over_a_copy_without_what_is_hidden(
    data: st.DataObject, query: Query, shop: Mesh
) -> None:
    # Given rights, and the rows that they leave, made without SQL
    restricted = data.draw(restrictions(shop))
    scopes = _scopes(shop, restricted)
    with duckdb.connect() as copy:
        copied(shop, copy, restricted)
        # When a statement passes the guard
        with suppress(_NotReadable):
            guarded = _guarded(query, scopes)
            statement = guarded.asked.sql("duckdb")
            # Then it gives the same rows with the policy inside, and over the copy without one
            keyed = {MASK_KEY: KEY} if guarded.tree.find(exp.Parameter) else None
            inside = _rows(shop.connection, guarded.tree.sql("duckdb"), keyed)
            assert _alike(inside, _rows(copy, statement, None), query)
            assert _alike(inside, _rows(copy, guarded.bare.sql("duckdb"), None), query)


class _NotReadable(Exception):
    """A column of the statement is not granted."""


def _guarded(query: Query, scopes: dict[str, Scope]) -> Guarded:
    try:
        return guard(compile_query(query), scopes, max_rows=10_000)
    except StatementRejected as refused:
        if refused.rule != "unknown-column":
            raise
        raise _NotReadable from refused


def _scopes(shop: Mesh, restricted: dict[str, Restriction]) -> dict[str, Scope]:
    tables = {p.name: p.contract.table for p in shop.knowledge.products.values()}
    free = {name: Scope(columns) for name, columns in shop.readable.items()}
    return free | {name: scope_of(found.rights, tables[name]) for name, found in restricted.items()}


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, str] | None) -> Any:
    """Rows, or the kind of error: a number that grows out of its type is data's doing."""
    try:
        return connection.execute(sql, parameters).fetchall() if parameters else connection.execute(sql).fetchall()
    except duckdb.OutOfRangeException:
        return "out of range"


def _alike(one: Any, other: Any, query: Query) -> bool:
    """Of a limit, as many: which of those that tie is left open where nothing tells them apart."""
    if isinstance(one, str) or isinstance(other, str) or _limited(query):
        return bool(one == other) if isinstance(one, str) or isinstance(other, str) else len(one) == len(other)
    return Counter(map(_rounded, one)) == Counter(map(_rounded, other))


def _limited(query: Query) -> bool:
    return '"limit":{' in query.model_dump_json()


def _rounded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(float(f"{value:.9g}") if isinstance(value, float) else value for value in row)


@ANY
@given(data=st.data())
def test_cells_and_rows_are_those_of_the_rights(data: st.DataObject, shop: Mesh) -> None:
    restricted = data.draw(restrictions(shop))
    scopes = _scopes(shop, restricted)
    with duckdb.connect() as copy:
        copied(shop, copy, restricted)
        for name, found in restricted.items():
            domain, _, table = name.partition(".")
            select = secured(exp.table_(table, db=domain), scopes[name], found.rights.columns)
            keyed = {MASK_KEY: KEY} if select.find(exp.Parameter) else None
            shown = _rows(shop.connection, select.sql("duckdb"), keyed)
            assert Counter(shown) == Counter(_rows(copy, f"FROM {name}", None))
            # and it reads nothing but what it says
            raw = set(raw_columns(scopes[name], found.rights.columns))
            assert {column.name for column in select.find_all(exp.Column)} <= raw


# The small mesh: crm.customers has Ada (10, Berlin) and Bob (11, Paris); shop.orders three orders.

MASKED = Role("m", principals=("role/clerk",), masks=(("name", Mask("hash")),))
BERLIN = Role("b", principals=("role/clerk",), rows="city = 'Berlin'")


def mesh(*roles: Role) -> Knowledge:
    customers = KNOWLEDGE.products["crm.customers"]
    contract = replace(customers.contract, roles=roles)
    return Knowledge({**KNOWLEDGE.products, "crm.customers": replace(customers, contract=contract)})


def seen(*roles: Role) -> View:
    return view_of(mesh(*roles), CLERK)


def desk(tables: MemoryTables | None = None, plan: Planned | None = None) -> Desk:
    limits = Limits(scan_bytes=10_000, memory_mb=200, threads=1)
    return Desk(duck_run(tables or MemoryTables(), limits, lambda: KEY), Planner(plan or Planned()), date.today, 100)


def sql(statement: str, *roles: Role, tables: MemoryTables | None = None) -> list[list[Any]]:
    return [list(row) for row in answer_sql(statement, seen(*roles), desk(tables), Stop()).rows]


def test_hidden_rows_are_in_no_answer() -> None:
    assert sql("SELECT name FROM crm.customers", BERLIN) == [["Ada"]]
    assert sql("SELECT COUNT(*) FROM crm.customers", BERLIN) == [[1]]
    joined = "SELECT COUNT(*) FROM shop.orders o LEFT JOIN crm.customers c USING (customer_id) WHERE c.name IS NULL"
    assert sql(joined, BERLIN) == [[1]]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(name AS INTEGER) FROM crm.customers WHERE name = 'Bob'",
        "SELECT 1 / (customer_id - 11) FROM crm.customers WHERE CAST(REPLACE(name, 'Ada', '1') AS INTEGER) > 0",
        "SELECT (SELECT CAST(c.name AS INTEGER) FROM crm.customers c WHERE c.city = 'Paris') AS x",
        "SELECT COUNT(*) FROM crm.customers WHERE city = 'Paris' AND CAST(name AS DATE) > DATE '2020-01-01'",
        "SELECT city FROM crm.customers WHERE STRPTIME(REPLACE(city, 'Berlin', '2020'), '%Y') IS NULL",
    ],
)
def test_no_error_tells_of_a_hidden_row(statement: str) -> None:
    """Each would fail at Bob, of Paris, did the engine ever look at him."""
    whole = Role("all", principals=("role/clerk",))
    with pytest.raises(StatementRejected) as refused:
        sql(statement.replace("'Ada', '1'", "'Eve', '1'"), whole)
    assert refused.value.rule == "value"
    sql(statement, BERLIN)


def test_a_masked_value_is_not_compared_with_but_its_mask() -> None:
    tables = MemoryTables()
    assert sql("SELECT customer_id FROM crm.customers WHERE name = 'Ada'", MASKED, tables=tables) == []
    # not by the scan either
    assert tables.reads["crm.customers"][1] == ()
    assert sql("SELECT customer_id FROM crm.customers WHERE name LIKE 'A%'", MASKED) == []
    (shown,) = sql("SELECT name FROM crm.customers WHERE customer_id = 10", MASKED)
    assert sql(f"SELECT customer_id FROM crm.customers WHERE name = '{shown[0]}'", MASKED) == [[10]]


def test_conditions_on_what_is_shown_are_pushed_into_the_scan() -> None:
    tables = MemoryTables()
    sql("SELECT name FROM crm.customers WHERE customer_id = 10", BERLIN, tables=tables)
    columns, conditions = tables.reads["crm.customers"]
    assert (set(columns), conditions) == ({"name", "city", "customer_id"}, (Predicate("customer_id", "=", (10,)),))


def test_a_condition_that_is_not_understood_gives_no_row() -> None:
    broken = Role("b", principals=("role/clerk",), rows="city = upper('Berlin')")
    assert sql("SELECT name FROM crm.customers", broken) == []


def test_the_key_of_hashes_stands_in_no_text() -> None:
    guarded = guard("SELECT name FROM crm.customers", seen(MASKED).scopes, max_rows=10)
    names = {"crm.customers": PhysicalTable("customers")}
    assert "$mask_key" in render(guarded.tree, "duckdb", names)
    athena = render(guarded.tree, "athena", names)
    assert 'LOWER(TO_HEX(SHA256(TO_UTF8(? || CAST("name" AS VARCHAR)))))' in athena
    assert KEY not in athena


def test_the_key_is_asked_for_only_where_something_is_hashed() -> None:
    def never() -> str:
        raise AssertionError("nothing is hashed")

    run = duck_run(MemoryTables(), Limits(10_000, 200, 1), never)
    view = seen(BERLIN)
    ran = run(guard("SELECT name FROM crm.customers", view.scopes, max_rows=10), view.products, Stop())
    assert ran.rows == [["Ada"]]


@pytest.mark.parametrize(
    ("statement", "hidden"),
    [
        ("SELECT name, customer_id FROM crm.customers", False),
        ("SELECT name AS who FROM crm.customers ORDER BY customer_id, name", False),
        ("SELECT x.name FROM (SELECT name, RANK() OVER (ORDER BY customer_id) AS r FROM crm.customers) x", False),
        ("WITH c AS (SELECT name FROM crm.customers) SELECT name FROM c", False),
        ("SELECT COUNT(*) FROM crm.customers", False),
        ("SELECT COUNT(name) FROM crm.customers", True),
        ("SELECT UPPER(name) AS name FROM crm.customers", True),
        ("SELECT DISTINCT name FROM crm.customers", True),
        ("SELECT customer_id FROM crm.customers WHERE name = 'Ada'", True),
        ("SELECT customer_id FROM crm.customers ORDER BY name", True),
        ("SELECT name, COUNT(*) FROM crm.customers GROUP BY name", True),
        ("SELECT name FROM crm.customers UNION SELECT 'x' AS name", True),
        ("SELECT MAX(x.who) FROM (SELECT name AS who FROM crm.customers) x", True),
        ("WITH c AS (SELECT name AS w FROM crm.customers) SELECT w FROM c WHERE w > 'a'", True),
        ("SELECT o.order_id FROM shop.orders o WHERE EXISTS (SELECT 1 FROM crm.customers c WHERE c.name = 'x')", True),
        ("SELECT 1 FROM shop.orders o JOIN crm.customers c ON c.name = CAST(o.order_id AS TEXT)", True),
        ("SELECT name, RANK() OVER (PARTITION BY name ORDER BY customer_id) AS r FROM crm.customers", True),
        ("SELECT customer_id FROM crm.customers GROUP BY 1 HAVING MAX(name) > 'a'", True),
        ("SELECT name AS who FROM crm.customers ORDER BY who", True),
        ("SELECT name AS who, customer_id FROM crm.customers ORDER BY customer_id, who", False),
        ("SELECT order_id FROM shop.orders WHERE 'Ada' IN (SELECT name FROM crm.customers)", True),
        ("SELECT order_id FROM shop.orders WHERE (SELECT name FROM crm.customers LIMIT 1) = 'Ada'", True),
        ("SELECT order_id FROM shop.orders WHERE customer_id IN (SELECT customer_id FROM crm.customers)", False),
    ],
)
def test_to_show_a_mask_is_not_to_compute_with_it(statement: str, *, hidden: bool) -> None:
    guarded = guard(statement, seen(MASKED).scopes, max_rows=10)
    assert guarded.hidden == (("crm.customers.name",) if hidden else ())


def ask(statement: str, *roles: Role) -> Any:
    planned = Planned("answered", parse(statement), "Something.")
    return answer_question("What?", seen(*roles), desk(plan=planned), Stop())


def test_a_number_over_a_column_of_some_rows_only_is_no_answer() -> None:
    # Given a clerk who reads all ids, and names of Berlin
    ids = Role("ids", principals=("role/clerk",), columns=("customer_id",))
    names = Role("names", principals=("role/clerk",), rows="city = 'Berlin'")
    assert sql("SELECT customer_id, name FROM crm.customers ORDER BY 1", ids, names) == [[10, "Ada"], [11, None]]
    assert ask("SELECT COUNT(name) AS n FROM crm.customers", ids, names).status == "refused"
    assert ask("SELECT COUNT(*) AS n FROM crm.customers", ids, names).rows == [[2]]


def test_what_is_text_in_some_rows_is_text_in_all() -> None:
    # Given keys that are hashed outside of Berlin
    berlin = Role("clear", principals=("role/clerk",), rows="city = 'Berlin'")
    other = Role("masked", principals=("role/clerk",), masks=(("customer_id", Mask("hash")),))
    shown = sql("SELECT customer_id FROM crm.customers ORDER BY LENGTH(customer_id)", berlin, other)
    assert (shown[0], len(shown[1][0])) == (["10"], 64)
    (column,) = (c for c in seen(berlin, other).products["crm.customers"].contract.table.columns[:1])
    assert column.type.kind == "string"


def test_how_much_is_there_is_not_told_to_who_may_not_read_all_of_it() -> None:
    for roles, much in ((MASKED, "about 0 MB"), (BERLIN, "more")):
        with pytest.raises(StatementRejected) as refused:
            sql("SELECT COUNT(*) FROM crm.customers, shop.orders", roles, tables=MemoryTables(bytes_each=6_000))
        assert refused.value.message.startswith(f"this would read {much};")


def test_no_question_is_answered_with_a_number_made_of_masks() -> None:
    answer = ask("SELECT COUNT(DISTINCT name) AS n FROM crm.customers", MASKED)
    assert (answer.status, answer.rows) == ("refused", ())
    assert "crm.customers.name" in answer.explanation


def test_an_answer_says_what_of_it_is_masked_and_that_rows_are_missing() -> None:
    answer = ask("SELECT name FROM crm.customers", MASKED)
    assert [(p.rows, p.masked) for p in answer.products] == [("all", ["name"])]
    partly = ask("SELECT COUNT(*) AS n FROM crm.customers", BERLIN)
    assert partly.explanation == "Something. Only over the rows of crm.customers that you may read."
    assert [(p.rows, p.masked) for p in partly.products] == [("some", [])]


def test_an_owners_statement_is_not_run_over_masks() -> None:
    # Given a verified question that counts by name
    view = seen(MASKED)
    answer = answer_question("Who ordered most?", view, desk(), Stop())
    assert (answer.status, answer.tier) == ("refused", "none")
    assert "Who ordered most?" not in answer.suggestions


def test_every_failure_names_no_value() -> None:
    for statement in ("SELECT CAST(name AS INTEGER) FROM crm.customers", "SELECT SUM(name) FROM crm.customers"):
        with pytest.raises(DatameshError) as refused:
            sql(statement, MASKED)
        assert "Ada" not in f"{refused.value} {refused.value.hint}"


def test_a_parameter_is_bound_and_not_written() -> None:
    found = duck_query(
        "SELECT $mask_key AS k",
        {"t": pa.table({"x": [1]})},
        memory_mb=100,
        threads=1,
        interrupting=Stop().interrupting,
        parameters={"mask_key": "it's"},
    )
    assert found.column("k").to_pylist() == ["it's"]


VALUES = {"customer_id": None, "name": ("Ada", "Bob"), "city": ("Berlin", "Paris")}


def profiled(*roles: Role) -> View:
    """What a clerk sees of customers of whom a profile knows the values."""
    columns = (ColumnProfile(name=n, values=v, distinct=2, minimum=v and v[0]) for n, v in VALUES.items())
    knowledge = mesh(*roles)
    customers = knowledge.products["crm.customers"]
    profile = Profile(product="crm.customers", rows=2, columns=tuple(columns))
    enum = tuple(
        replace(c, enum=(EnumValue("Ada"),)) if c.name == "name" else c for c in customers.contract.table.columns
    )
    table = replace(customers.contract.table, columns=enum)
    held = replace(customers, contract=replace(customers.contract, tables=(table,)), profile=profile)
    return view_of(Knowledge({**knowledge.products, "crm.customers": held}), CLERK)


def words(view: View) -> str:
    """Everything that questions are read with."""
    vocabulary = build(view.knowledge, view.columns)
    known = [vocabulary.values.near(word) for word in ("Ada", "Bob", "Berlin", "Paris")]
    return f"{known} {view.products['crm.customers']}"


def test_questions_are_read_without_values_that_are_not_shown() -> None:
    clear, masked = words(profiled(Role("all", principals=("role/clerk",)))), words(profiled(MASKED))
    assert "Bob" in clear
    assert "Paris" in masked
    assert not any(name in masked for name in ("Ada", "Bob"))


def test_nothing_is_told_of_all_rows_where_some_are_hidden() -> None:
    view = profiled(BERLIN)
    assert not any(value in words(view).replace(BERLIN.rows, "") for value in ("Bob", "Paris"))
    (page,) = [page for page in product_pages(view, PUBLISHED) if page["name"] == "crm.customers"]
    assert {page[name] for name in ("total_rows", "rows_in", "rows_published", "rows_quarantined")} == {None}


def test_what_is_seen_of_a_product_is_kept_while_it_is_the_same() -> None:
    knowledge = mesh(MASKED)
    first, second = (view_of(knowledge, CLERK).products["crm.customers"] for _ in range(2))
    assert first is second
    assert first.contract.table.columns[1].type.kind == "string"
