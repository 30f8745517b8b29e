"""A thing that only its key is called after: a ledger's rows are clients. A client's name is no remark."""

from __future__ import annotations

import duckdb
import pytest

from datamesh.ask.planner import Plan, plan
from datamesh.contract.parse import parse
from tests.support.meshes import TODAY
from tests.support.planning import all_columns, knowledge_of

LEDGER = b"""
apiVersion: v3.2.0
kind: DataContract
id: bank-ledger
name: Ledger
version: 1.0.0
status: active
domain: bank
dataProduct: ledger
schema:
  - name: ledger
    properties:
      - {name: client_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: name, logicalType: string}
      - {name: remark, logicalType: string}
      - {name: balance, logicalType: number}
"""


def ask(question: str) -> Plan:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE SCHEMA bank")
        row = "SELECT 1 AS client_id, 'Ada' AS name, 'Ada' AS remark, 2.5 AS balance"
        connection.execute(f"CREATE TABLE bank.ledger AS {row}")
        knowledge = knowledge_of([parse(LEDGER)], connection)
    return plan(question, knowledge, all_columns(knowledge), today=TODAY)


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        (
            "What are the names of the clients with a balance above 2?",
            "SELECT ledger.name FROM bank.ledger AS ledger WHERE ledger.balance > 2",
        ),
        ("What are the client ids?", "SELECT ledger.client_id FROM bank.ledger AS ledger"),
    ],
)
def test_a_key_s_noun_is_the_thing_and_its_id_the_column(question: str, sql: str) -> None:
    found = ask(question)
    assert found.sql is not None, found.explanation
    assert found.sql.sql("duckdb") == sql


def test_a_value_is_rather_what_a_thing_is_called() -> None:
    found = ask("What is the balance of the client Ada?")
    assert found.sql is not None, found.explanation
    assert found.sql.sql("duckdb") == "SELECT ledger.balance FROM bank.ledger AS ledger WHERE ledger.name = 'Ada'"


def test_a_noun_that_no_key_is_called_after_is_no_thing() -> None:
    assert ask("What are the names of the borrowers?").status == "refused"
