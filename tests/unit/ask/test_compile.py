"""From intents to SQL: each node alone, in DuckDB's spelling; all of it runs, and Athena's spelling exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from datamesh.ask.compile import compile_query
from datamesh.ask.intent import (
    AllColumns,
    And,
    Any_,
    Attr,
    Between,
    Bucket,
    Calc,
    Cmp,
    CountOf,
    Edge,
    Entity,
    EntityKey,
    Every,
    Exists,
    In,
    Item,
    Limit,
    Measure,
    Missing,
    Not,
    Or,
    Order,
    Output,
    Part,
    Pred,
    Query,
    Scalar,
    Select,
    SetOp,
    Text,
    Value,
    Within,
)

SHOP = Path(__file__).parent / "fixtures/shop/data.sql"
ORDERS, PRODUCTS, CUSTOMERS = (Entity(table=t) for t in ("sales.orders", "catalog.products", "crm.customers"))
CUSTOMER = Edge(to="crm.customers", columns=("customer_id",), to_columns=("customer_id",))
PRODUCT = Edge(to="catalog.products", columns=("product_id",), to_columns=("product_id",))
ITS_ORDERS = Edge(to="sales.orders", columns=("customer_id",), to_columns=("customer_id",), cardinality="to_many")
AMOUNT, STATUS = Attr(column="amount", kind="number"), Attr(column="order_status")
DAY, PRICE = Attr(column="ordered_on", kind="date"), Attr(column="list_price", kind="number")
TITLE, BRAND, COUNT = Attr(column="title"), Attr(column="brand"), Measure(fn="count")
BY_CUSTOMER = EntityKey(
    table="crm.customers",
    path=(CUSTOMER,),
    keys=("customer_id",),
    labels=("customer_name",),
    optional=True,
    key_kind="number",
)


def number(value: float) -> Value:
    return Value(value=value, kind="number")


def select(subject: Entity, *items: Item, **rest: Any) -> Select:
    return Select(subject=subject, outputs=tuple(Output(item=item) for item in items), **rest)


def where(pred: Pred) -> Select:
    return select(ORDERS, COUNT, where=pred)


OF_BOOKS = In(left=Attr(column="product_id"), query=select(PRODUCTS, Attr(column="product_id")))
MEAN = select(ORDERS, Measure(fn="avg", of=AMOUNT))
SHARE = Measure(fn="count", share_of=Measure(fn="count", over="all"))
CASES: list[tuple[str, Query, str]] = [
    (
        "a reserved word",
        select(ORDERS, Measure(fn="sum", of=AMOUNT, name="order")),
        'SELECT SUM(orders.amount) AS "order"',
    ),
    (
        "text as number",
        select(PRODUCTS, Attr(column="rating_text", as_number=True)),
        "TRY_CAST(products.rating_text AS DOUBLE)",
    ),
    ("median", select(ORDERS, Measure(fn="median", of=AMOUNT)), "MEDIAN(orders.amount) AS median_amount"),
    (
        "different values",
        select(ORDERS, Measure(fn="count_distinct", of=STATUS)),
        "COUNT(DISTINCT orders.order_status)",
    ),
    (
        "different things",
        select(ORDERS, Measure(fn="count_distinct", of=BY_CUSTOMER)),
        "COUNT(DISTINCT orders.customer_id)",
    ),
    (
        "a measure's own rows",
        select(ORDERS, Measure(fn="sum", of=AMOUNT, where=Missing(of=STATUS))),
        "SUM(orders.amount) FILTER(WHERE orders.order_status IS NULL)",
    ),
    (
        "a contract's measure",
        select(ORDERS, Measure(fn="contract", expression="SUM(amount) / COUNT(*)", name="Mean value")),
        "SUM(orders.amount) / COUNT(*) AS mean_value",
    ),
    (
        "part of a date",
        select(ORDERS, Part(of=DAY, part="month"), COUNT, group=(Part(of=DAY, part="month"),)),
        "GROUP BY EXTRACT(MONTH FROM orders.ordered_on)",
    ),
    (
        "bucket",
        select(ORDERS, Bucket(of=DAY, grain="week"), COUNT, group=(Bucket(of=DAY, grain="week"),)),
        "CAST(DATE_TRUNC('WEEK', orders.ordered_on) AS DATE) AS week",
    ),
    (
        "division",
        select(ORDERS, Calc(op="/", left=Measure(fn="sum", of=AMOUNT), right=COUNT)),
        "(CAST(SUM(orders.amount) AS DOUBLE)) / (NULLIF(COUNT(*), 0)) AS value",
    ),
    (
        "all columns",
        select(ORDERS, AllColumns(columns=("order_id", "amount"))),
        "SELECT orders.order_id, orders.amount FROM",
    ),
    (
        "two of one name",
        select(ORDERS, Attr(column="customer_id"), Attr(column="customer_id", path=(CUSTOMER,))),
        "SELECT orders.customer_id, customers.customer_id AS customer_id_2",
    ),
    (
        "a walk to one",
        where(Cmp(left=Attr(column="country", path=(CUSTOMER,)), op="=", right=Value(value="France"))),
        "customers.customer_id = orders.customer_id WHERE customers.country = 'France'",
    ),
    (
        "one join for one path",
        select(ORDERS, BY_CUSTOMER, Attr(column="city", path=(CUSTOMER,))),
        "FROM sales.orders AS orders JOIN crm.customers AS customers ON customers.customer_id = orders.customer_id",
    ),
    (
        "a label that may be missing",
        select(ORDERS, BY_CUSTOMER, COUNT, group=(BY_CUSTOMER,)),
        "SELECT COALESCE(customers.customer_name, CAST(orders.customer_id AS TEXT)) AS customers, COUNT(*) AS count "
        "FROM sales.orders AS orders LEFT JOIN crm.customers",
    ),
    ("a quote in a value", where(Cmp(left=STATUS, op="<>", right=Value(value="O'x"))), "orders.order_status <> 'O''x'"),
    ("several values", where(In(left=STATUS, values=(Value(value="O"), Value(value="C")))), "IN ('O', 'C')"),
    ("not", where(Not(pred=Missing(of=STATUS))), "NOT orders.order_status IS NULL"),
    (
        "and under or",
        where(Or(preds=(Missing(of=STATUS), And(preds=(Missing(of=AMOUNT), Missing(of=DAY)))))),
        "WHERE orders.order_status IS NULL OR (orders.amount IS NULL AND orders.ordered_on IS NULL)",
    ),
    ("between", where(Between(left=AMOUNT, low=number(10), high=number(20.5))), "orders.amount BETWEEN 10 AND 20.5"),
    ("an open period", where(Within(of=DAY, end="2024-03-01")), "WHERE orders.ordered_on < CAST('2024-03-01' AS DATE)"),
    ("a sign of LIKE", where(Text(of=STATUS, how="starts", value="50%_")), "LIKE '50!%!_%' ESCAPE '!'"),
    (
        "there are rows",
        select(CUSTOMERS, COUNT, where=Exists(path=(ITS_ORDERS,))),
        "EXISTS(SELECT 1 FROM sales.orders AS orders WHERE orders.customer_id = customers.customer_id)",
    ),
    (
        "there are rows beyond",
        select(CUSTOMERS, COUNT, where=Exists(path=(ITS_ORDERS, PRODUCT), where=Missing(of=BRAND))),
        "JOIN catalog.products AS products ON products.product_id = orders.product_id "
        "WHERE orders.customer_id = customers.customer_id AND products.brand IS NULL)",
    ),
    (
        "so many rows",
        select(CUSTOMERS, COUNT, where=Exists(path=(ITS_ORDERS,), count=CountOf(op=">", n=2))),
        "customers.customer_id IN (SELECT orders.customer_id FROM sales.orders AS orders "
        "GROUP BY orders.customer_id HAVING COUNT(*) > 2)",
    ),
    (
        "above the average",
        where(Cmp(left=AMOUNT, op=">", right=Scalar(query=MEAN))),
        "orders.amount > (SELECT AVG(orders_2.amount) AS average_amount FROM sales.orders AS orders_2)",
    ),
    ("above every", where(Cmp(left=AMOUNT, op=">", right=Every(query=MEAN))), "orders.amount > ALL (SELECT"),
    ("above any", where(Cmp(left=AMOUNT, op=">", right=Any_(query=MEAN))), "orders.amount > ANY (SELECT"),
    ("among the rows of a query", where(OF_BOOKS), "orders.product_id IN (SELECT products.product_id"),
    (
        "having",
        select(PRODUCTS, BRAND, group=(BRAND,), having=Cmp(left=COUNT, op=">=", right=number(2))),
        "HAVING COUNT(*) >= 2",
    ),
    ("different rows", select(PRODUCTS, BRAND, distinct=True), "SELECT DISTINCT products.brand"),
    (
        "first",
        select(PRODUCTS, TITLE, order=(Order(by=PRICE, direction="desc"),), limit=Limit(n=3)),
        "ORDER BY products.list_price DESC, products.title LIMIT 3",
    ),
    (
        "first with ties",
        select(PRODUCTS, TITLE, order=(Order(by=PRICE),), limit=Limit(n=1, ties="all")),
        "SELECT title FROM (SELECT products.title, RANK() OVER (ORDER BY products.list_price ASC) AS place",
    ),
    (
        "first of each",
        select(PRODUCTS, TITLE, order=(Order(by=PRICE),), limit=Limit(n=1, per=(BRAND,))),
        "ROW_NUMBER() OVER (PARTITION BY products.brand ORDER BY products.list_price ASC, products.title) AS place",
    ),
    (
        "first by a share of all",
        select(
            PRODUCTS, BRAND, group=(BRAND,), order=(Order(by=SHARE, direction="desc"),), limit=Limit(n=1, ties="all")
        ),
        "RANK() OVER (ORDER BY by_1 DESC) AS place FROM (SELECT products.brand",
    ),
    (
        "union",
        SetOp(op="union", left=select(PRODUCTS, BRAND), right=select(CUSTOMERS, Attr(column="city"))),
        " UNION SELECT",
    ),
    ("except", SetOp(op="except", left=select(PRODUCTS, BRAND), right=select(PRODUCTS, TITLE)), " EXCEPT SELECT"),
    (
        "intersect",
        SetOp(op="intersect", left=select(PRODUCTS, BRAND), right=select(PRODUCTS, TITLE)),
        " INTERSECT SELECT",
    ),
]


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(SHOP.read_text(encoding="utf-8"))
        yield connection


@pytest.mark.parametrize(("query", "wanted"), [pytest.param(q, w, id=name) for name, q, w in CASES])
def test_each_node_has_its_sql(query: Query, wanted: str, shop: duckdb.DuckDBPyConnection) -> None:
    # When
    tree = compile_query(query)

    # Then it says what it should, runs, and can be written for Athena
    assert wanted in tree.sql("duckdb")
    shop.execute(tree.sql("duckdb")).fetchall()
    assert tree.sql("athena")


def test_nothing_is_counted_twice(shop: duckdb.DuckDBPyConnection) -> None:
    # Given customers of whom some have several orders above 40
    many = Cmp(left=AMOUNT, op=">", right=number(40))
    query = select(CUSTOMERS, COUNT, where=Exists(path=(ITS_ORDERS,), where=many))

    # Then each is counted once
    by_hand = (
        "SELECT count(DISTINCT customer_id) FROM sales.orders JOIN crm.customers USING (customer_id) WHERE amount > 40"
    )
    assert rows(shop, compile_query(query)) == shop.execute(by_hand).fetchall()


def test_a_group_whose_label_is_missing_is_not_lost(shop: duckdb.DuckDBPyConnection) -> None:
    # Given an order of a customer that is not in crm.customers
    query = select(ORDERS, BY_CUSTOMER, COUNT, group=(BY_CUSTOMER,))

    # Then the counts add up to all orders, and the unknown one goes by its key
    found = dict(rows(shop, compile_query(query)))
    assert sum(found.values()) == 10
    assert found["9"] == 1


def test_first_with_ties_returns_all_that_tie(shop: duckdb.DuckDBPyConnection) -> None:
    by_year = Order(by=Attr(column="launch_year", kind="number"), direction="desc")
    query = select(PRODUCTS, TITLE, order=(by_year,), limit=Limit(n=1, ties="all"))
    assert {title for (title,) in rows(shop, compile_query(query))} == {"Small Stars", "Iron Hills"}


@pytest.mark.parametrize("turned", ["ASC", "DESC"])
def test_a_limit_takes_the_same_of_the_rows_that_tie(turned: str) -> None:
    # Given two products of the last year, and two brands of as many products, whose rows come in either order
    newest = Order(by=Attr(column="launch_year", kind="number"), direction="desc")
    first = select(PRODUCTS, TITLE, order=(newest,), limit=Limit(n=1))
    most = select(PRODUCTS, BRAND, group=(BRAND,), order=(Order(by=COUNT, direction="desc"),), limit=Limit(n=1))
    with duckdb.connect(":memory:") as connection:
        connection.execute(SHOP.read_text(encoding="utf-8"))
        connection.execute(
            f"CREATE OR REPLACE TABLE catalog.products AS FROM catalog.products ORDER BY product_id {turned}"
        )

        # Then the first is one of them, always the same
        assert rows(connection, compile_query(first)) == [("Iron Hills",)]
        assert rows(connection, compile_query(most)) == [("Northwind Inc.",)]


def rows(connection: duckdb.DuckDBPyConnection, tree: exp.Expr) -> list[Any]:
    return connection.execute(tree.sql("duckdb")).fetchall()


@pytest.mark.parametrize(
    ("text", "sql"),
    [("7", "7"), (" -7.5 ", "-7.5"), ("1e5", "1e5"), ("nan", "'nan'"), ("Inf", "'Inf'"), ("1_000", "'1_000'")],
)
def test_only_what_every_engine_reads_as_a_number_is_written_as_one(text: str, sql: str) -> None:
    rated = Cmp(left=Attr(column="rating_text", as_number=True), op="=", right=Value(value=text))

    assert compile_query(select(PRODUCTS, TITLE, where=rated)).sql("duckdb").endswith(f"AS DOUBLE) = {sql}")


def test_a_time_of_day_is_no_text_to_any_engine() -> None:
    late = Cmp(left=Attr(column="opens_at", kind="time"), op=">", right=Value(value="09:30"))
    tree = compile_query(select(CUSTOMERS, COUNT, where=late))
    assert {tree.sql(engine).partition(" > ")[2] for engine in ("duckdb", "athena")} == {"CAST('09:30' AS TIME)"}
