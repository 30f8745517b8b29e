"""The example mesh, asked: what the planner's statements return is what SQL written by hand returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from datamesh.ask.guard import Scope, guard
from datamesh.ask.planner import plan
from datamesh.engine.dialect import mesh_sql
from datamesh.errors import UserError
from examples.nycflights import locate
from tests.support.meshes import Mesh
from tests.support.planning import all_columns, contracts_in, knowledge_of

EXAMPLES = Path(__file__).parents[3] / "examples"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    try:
        files = locate(tmp_path_factory.mktemp("nycflights"))
    except UserError as missing:
        pytest.skip(missing.message)
    contracts = contracts_in(EXAMPLES)
    with duckdb.connect(":memory:") as connection:
        for contract in contracts:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {contract.domain}")
            file = str(files[contract.name])
            connection.execute(f"CREATE TABLE {contract.name} AS SELECT * FROM read_csv($1, nullstr = 'NA')", [file])
        knowledge = knowledge_of(contracts, connection)
        yield Mesh(connection, knowledge, all_columns(knowledge))


FLIGHTS_AIRLINES = "operations.flights f JOIN network.airlines a ON a.carrier = f.carrier"
FLIGHTS_PLANES = "operations.flights f JOIN fleet.planes p ON p.tailnum = f.tailnum"
ANSWERS = [
    ("How many flights were there in March?", "SELECT count(*) FROM operations.flights WHERE month = 3"),
    (
        "How many flights did each airline have?",
        f"SELECT a.name, count(*) FROM {FLIGHTS_AIRLINES} GROUP BY a.name",
    ),
    (
        "What is the average departure delay by airline?",
        f"SELECT a.name, avg(f.dep_delay) FROM {FLIGHTS_AIRLINES} GROUP BY a.name",
    ),
    ("Which manufacturer has the most planes?", "SELECT 'BOEING'"),
    (
        "Which 5 destination airports have the most flights?",
        "SELECT any_value(a.name) FROM operations.flights f JOIN network.airports a ON a.faa = f.dest "
        "GROUP BY f.dest ORDER BY count(*) DESC LIMIT 5",
    ),
    (
        "How many flights were there for each destination airport?",
        "SELECT coalesce(a.name, f.dest), count(*) FROM operations.flights f "
        "LEFT JOIN network.airports a ON a.faa = f.dest GROUP BY f.dest, a.name",
    ),
    (
        "What is the average arrival delay of flights to BOS?",
        "SELECT avg(arr_delay) FROM operations.flights WHERE dest = 'BOS'",
    ),
    (
        "How many flights to General Edward Lawrence Logan Intl were there?",
        "SELECT count(*) FROM operations.flights WHERE dest = 'BOS'",
    ),
    (
        "How many flights were flown by Boeing planes?",
        f"SELECT count(*) FROM {FLIGHTS_PLANES} WHERE p.manufacturer = 'BOEING'",
    ),
    (
        "total distance per month for United Air Lines",
        "SELECT month, sum(distance) FROM operations.flights WHERE carrier = 'UA' GROUP BY month",
    ),
    ("What is the maximum wind speed at JFK?", "SELECT max(wind_speed) FROM weather.observations WHERE origin = 'JFK'"),
    ("How many planes have more than 300 seats?", "SELECT count(*) FROM fleet.planes WHERE seats > 300"),
    (
        "average seats of planes per manufacturer, highest first",
        "SELECT manufacturer, avg(seats) FROM fleet.planes GROUP BY manufacturer ORDER BY avg(seats) DESC",
    ),
    (
        "How many flights were there on 2013-07-04?",
        "SELECT count(*) FROM operations.flights WHERE year = 2013 AND month = 7 AND day = 4",
    ),
    (
        "How many flights were there between 2013-02-20 and 2013-03-02?",
        "SELECT count(*) FROM operations.flights WHERE make_date(year, month, day) "
        "BETWEEN DATE '2013-02-20' AND DATE '2013-03-02'",
    ),
    (
        "How many flights from JFK to LAX were there in July?",
        "SELECT count(*) FROM operations.flights WHERE origin = 'JFK' AND dest = 'LAX' AND month = 7",
    ),
    ("How many flights left from LaGuardia?", "SELECT count(*) FROM operations.flights WHERE origin = 'LGA'"),
    (
        "flights per day in February",
        "SELECT month, day, count(*) FROM operations.flights WHERE month = 2 GROUP BY month, day",
    ),
    (
        "Which airlines have more than 10000 flights?",
        f"SELECT a.name FROM {FLIGHTS_AIRLINES} GROUP BY a.name HAVING count(*) > 10000",
    ),
    (
        "Which airlines fly to HNL?",
        f"SELECT DISTINCT a.name FROM {FLIGHTS_AIRLINES} WHERE f.dest = 'HNL'",
    ),
    ("How many flights are missing a tail number?", "SELECT count(*) FROM operations.flights WHERE tailnum IS NULL"),
    ("How many planes without a year are there?", "SELECT count(*) FROM fleet.planes WHERE year IS NULL"),
    ("How many planes were built before 1990?", "SELECT count(*) FROM fleet.planes WHERE year < 1990"),
    (
        "What is the average departure delay of flights flown by turboprop planes?",
        f"SELECT avg(f.dep_delay) FROM {FLIGHTS_PLANES} WHERE p.engine = 'Turbo-prop'",
    ),
    (
        "average departure delay of flights with wind speed above 30",
        "SELECT avg(f.dep_delay) FROM operations.flights f JOIN weather.observations o "
        "ON o.origin = f.origin AND o.time_hour = f.time_hour WHERE o.wind_speed > 30",
    ),
    (
        "Which airline has the highest cancellation rate?",
        f"SELECT a.name FROM {FLIGHTS_AIRLINES} GROUP BY a.name "
        "ORDER BY count(*) FILTER (dep_time IS NULL) / count(*) DESC LIMIT 1",
    ),
    (
        "How many cancelled flights were there in February?",
        "SELECT count(*) FROM operations.flights WHERE month = 2 AND dep_time IS NULL",
    ),
    (
        "What is the average temperature in January at Newark?",
        "SELECT avg(temp) FROM weather.observations WHERE origin = 'EWR' AND month = 1",
    ),
    ("How many airports are there in each time zone?", "SELECT tzone, count(*) FROM network.airports GROUP BY tzone"),
    ("Which airport has the highest elevation?", "SELECT name FROM network.airports ORDER BY alt DESC LIMIT 1"),
]


@pytest.mark.parametrize(("question", "by_hand"), ANSWERS, ids=[question for question, _ in ANSWERS])
def test_an_answer_is_that_of_sql_written_by_hand(question: str, by_hand: str, mesh: Mesh) -> None:
    # When the planner's statement goes through the guard
    found = plan(question, mesh.knowledge, mesh.readable, today=TODAY)
    assert found.status == "answered", (found.unmatched, found.candidates)
    assert found.sql is not None
    scopes = {name: Scope(columns) for name, columns in mesh.readable.items()}
    guarded = guard(found.sql, scopes, max_rows=100_000)

    # Then it returns the same rows
    got = mesh.connection.execute(mesh_sql(guarded.tree)).fetchall()
    wanted = mesh.connection.execute(by_hand).fetchall()
    assert rounded(got) == rounded(wanted)


def rounded(rows: list[tuple[object, ...]]) -> Counter[tuple[object, ...]]:
    """As a bag, numbers to nine digits: a sum does not depend on the order of its rows."""
    return Counter(tuple(float(f"{v:.9g}") if isinstance(v, int | float) else v for v in row) for row in rows)


def test_the_longest_flight_is_one_of_those_that_tie(mesh: Mesh) -> None:
    found = plan("the longest flight", mesh.knowledge, mesh.readable, today=TODAY)
    assert found.sql is not None
    [(_, carrier, number)] = mesh.connection.execute(found.sql.sql("duckdb")).fetchall()
    longest = (
        "SELECT DISTINCT carrier, flight FROM operations.flights WHERE distance = (SELECT max(distance) FROM flights)"
    )
    assert (carrier, number) in mesh.connection.execute(
        longest.replace("FROM flights", "FROM operations.flights")
    ).fetchall()


REFUSALS = [
    ("Which airline is the best?", ("best",)),
    ("Why are flights late?", ("late",)),
    ("What will the delay be tomorrow?", ("tomorrow",)),
    ("How much fuel did flights use?", ("fuel",)),
    ("How many passengers flew to BOS?", ("passengers",)),
    ("Average ticket price by airline", ("ticket", "price")),
    ("Who is the pilot of the longest flight?", ("pilot",)),
    ("Which wines score above 90?", ("wines",)),
    ("What is the average arrival delay of flights to Boston?", ("Boston",)),
]


@pytest.mark.parametrize(("question", "words"), REFUSALS, ids=[question for question, _ in REFUSALS])
def test_what_the_mesh_does_not_know_is_refused(question: str, words: tuple[str, ...], mesh: Mesh) -> None:
    found = plan(question, mesh.knowledge, mesh.readable, today=TODAY)
    assert found.status == "refused"
    assert found.unmatched == words
    assert len(found.suggestions) == 6
    statuses = {plan(s, mesh.knowledge, mesh.readable, today=TODAY).status for s in found.suggestions}
    assert statuses == {"answered"}


@pytest.mark.parametrize("question", ["What is the average delay?", "Which airports have no flights?"])
def test_two_meanings_are_both_told(question: str, mesh: Mesh) -> None:
    found = plan(question, mesh.knowledge, mesh.readable, today=TODAY)
    assert found.status == "ambiguous"
    assert len(found.candidates) == 2
