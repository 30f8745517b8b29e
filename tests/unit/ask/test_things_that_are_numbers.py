"""Things that are numbers, rows that another table has one of for each, and things that are named by their key."""

from __future__ import annotations

import duckdb
import pytest

from datamesh.ask.planner import Plan, plan
from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from tests.support.meshes import TODAY
from tests.support.planning import all_columns, knowledge_of

ROWS = """
CREATE SCHEMA hall;
CREATE TABLE hall.troupes AS SELECT 1 AS company_id, 'Onward' AS motto, 'Red Masks' AS title;
CREATE TABLE hall.plays AS SELECT 1 AS play_id, 'Salt' AS title, 1 AS company_id;
CREATE TABLE hall.premieres AS SELECT 1 AS play_id, DATE '2023-05-01' AS given_on;
CREATE TABLE hall.ratings AS SELECT 1 AS rating_id, 1 AS play_id, 4 AS stars;
"""

COLUMNS = {
    "troupes": {"company_id": "integer", "motto": "string", "title": "string"},
    "plays": {"play_id": "integer", "title": "string", "company_id": "troupes"},
    "premieres": {"play_id": "plays", "given_on": "date"},
    "ratings": {"rating_id": "integer", "play_id": "plays", "stars": "integer"},
}
"""Table to column to its type, or to the table that it is a key of; the first column is the table's own key."""


def contract(table: str) -> Contract:
    head = f"apiVersion: v3.2.0\nkind: DataContract\nid: hall-{table}\nname: {table}\nversion: 1.0.0\nstatus: active\n"
    lines = [f"{head}domain: hall\ndataProduct: {table}\nschema:\n  - name: {table}\n    properties:"]
    for n, (column, kind) in enumerate(COLUMNS[table].items()):
        lines.append(f"      - name: {column}\n        logicalType: {'integer' if kind in COLUMNS else kind}")
        if n == 0:
            lines.append("        primaryKey: true\n        primaryKeyPosition: 1\n        required: true")
        if kind in COLUMNS:
            to = f"../hall/{kind}.odcs.yaml#/schema/{kind}/properties/{column}"
            lines.append(f"        relationships:\n          - {{id: {table}_{column}, type: foreignKey, to: {to}}}")
    return parse("\n".join(lines).encode())


def ask(question: str) -> Plan:
    with duckdb.connect(":memory:") as connection:
        connection.execute(ROWS)
        knowledge = knowledge_of([contract(table) for table in COLUMNS], connection)
    return plan(question, knowledge, all_columns(knowledge), today=TODAY)


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        (
            "Which play has the highest average rating?",
            "SELECT COALESCE(plays.title, CAST(ratings.play_id AS TEXT)) AS plays FROM hall.ratings AS ratings "
            "LEFT JOIN hall.plays AS plays ON plays.play_id = ratings.play_id WHERE NOT ratings.play_id IS NULL "
            "GROUP BY ratings.play_id, plays.title ORDER BY AVG(ratings.stars) DESC, ratings.play_id LIMIT 1",
        ),
        (
            "What is the title and the average rating of the play with the lowest average rating?",
            "SELECT plays.title AS plays, AVG(ratings.stars) AS average_stars FROM hall.ratings AS ratings "
            "JOIN hall.plays AS plays ON plays.play_id = ratings.play_id WHERE NOT ratings.play_id IS NULL "
            "GROUP BY ratings.play_id, plays.title ORDER BY AVG(ratings.stars) ASC, ratings.play_id LIMIT 1",
        ),
    ],
)
def test_the_average_rating_is_of_what_ratings_say(question: str, sql: str) -> None:
    found = ask(question)
    assert found.sql is not None, found.explanation
    assert found.sql.sql("duckdb") == sql


def test_a_thing_that_is_no_number_has_no_average() -> None:
    assert ask("What is the average play of each company?").status == "refused"


def test_a_date_may_stand_in_the_one_row_that_another_table_has_of_each() -> None:
    found = ask("How many plays in 2023 are there?")
    assert found.sql is not None, found.explanation
    assert found.sql.sql("duckdb") == (
        "SELECT COUNT(*) AS count FROM hall.plays AS plays "
        "JOIN hall.premieres AS premieres ON premieres.play_id = plays.play_id "
        "WHERE premieres.given_on >= CAST('2023-01-01' AS DATE) AND premieres.given_on < CAST('2024-01-01' AS DATE)"
    )
