"""The whole journey on the local mesh: five real products published, questions answered, access refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.demo import scenes
from cli.demo.script import QUESTIONS, Question
from cli.demo.truth import ROWS, Truth, same_rows
from cli.landing import Run
from cli.screen import Screen

AIRLINES = "network.airlines"


def test_up_again_changes_nothing(mesh: Any) -> None:
    before = mesh.json("status")

    assert mesh.json("up") == before
    assert before["running"]
    assert before["deployed"]
    assert set(before["products"]) == set(ROWS)


def test_every_row_is_published_or_in_quarantine(published: dict[str, Run], truth: Truth) -> None:
    assert scenes.check_runs(list(published.values()), truth, ROWS) == []


def test_products_are_listed_with_their_rows_and_freshness(mesh: Any, published: dict[str, Run]) -> None:
    pages = {page["name"]: page for page in mesh.json("products")["products"]}

    assert set(pages) == set(ROWS)
    for name, page in pages.items():
        assert page["rows_in"] == ROWS[name] == page["rows_published"] + page["rows_quarantined"]
        assert page["snapshot_id"] == published[name].snapshot_id
        assert page["freshness"]["age_seconds"] >= 0


def test_a_product_shows_its_columns(mesh: Any, published: dict[str, Run]) -> None:
    page = mesh.json("show", AIRLINES)

    assert page["name"] == AIRLINES
    assert [column["name"] for column in page["columns"]] == ["carrier", "name"]


def test_a_product_that_may_not_be_read_is_told_from_no_other(mesh: Any, published: dict[str, Run]) -> None:
    misspelt = mesh.json("show", "network.airline", code=2)
    unreadable = mesh.json("show", "fleet.planes", "--as", "meteorologist", code=2)

    assert misspelt["hint"] == "did you mean network.airlines or network.airports?"
    assert unreadable["error"] == "fleet.planes: unknown or not granted"
    assert "fleet" not in unreadable["hint"]


def test_the_same_file_again_changes_nothing(mesh: Any, published: dict[str, Run], files: dict[str, Path]) -> None:
    [run] = mesh.json("publish", "fleet.planes", str(files["fleet.planes"]))["runs"]

    assert run["status"] == "unchanged"
    assert run["snapshot_id"] == published["fleet.planes"].snapshot_id
    assert run["rows_in"] == 0


def test_a_run_is_shown_step_by_step(mesh: Any, published: dict[str, Run]) -> None:
    run = published["fleet.planes"]

    shown = mesh.json("show", str(run.run_id))

    assert shown["status"] == "partial"
    assert [step["name"] for step in shown["steps"]] == [
        "validate_batch",
        "transform_batch",
        "catalog_product",
    ]
    assert {reason["column"]: reason["rows"] for reason in shown["reasons"]}["seats"] == 40
    found = {(finding["rule"], finding["column"]): finding for finding in shown["findings"]}
    assert (found["range", "seats"]["status"], found["range", "seats"]["rows"]) == ("failed", 40)
    assert found["maxQuarantinedPercent", None]["status"] == "passed"


def test_runs_are_listed_the_newest_first(mesh: Any, published: dict[str, Run]) -> None:
    listed = [run["run_id"] for run in mesh.json("runs")["runs"]]

    assert listed == sorted(listed, reverse=True)
    assert {run.run_id for run in published.values()} <= set(listed)
    [flights] = mesh.json("runs", "operations.flights")["runs"]
    assert flights["rows_in"] == ROWS["operations.flights"]


def test_a_run_that_went_well_is_not_run_again(mesh: Any, published: dict[str, Run]) -> None:
    refused = mesh.json("retry", str(published[AIRLINES].run_id), code=2)

    assert "only a failed one is retried" in refused["error"]


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.truth], ids=lambda q: q.text)
def test_answers_are_those_counted_by_hand(
    mesh: Any, published: dict[str, Run], truth: Truth, question: Question
) -> None:
    answer = mesh.json("ask", question.text)

    assert scenes.check_answer(question, answer, truth) == []
    assert all(used["snapshot_id"] == published[used["name"]].snapshot_id for used in answer["products"])


def test_sql_joins_products_of_several_domains(mesh: Any, published: dict[str, Run], truth: Truth) -> None:
    sql = """SELECT p.manufacturer, w.origin, COUNT(*) AS flights, AVG(f.dep_delay) AS delay
             FROM operations.flights AS f
             JOIN fleet.planes AS p ON p.tailnum = f.tailnum
             JOIN weather.observations AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
             WHERE w.visib < 1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20"""

    answer = mesh.json("sql", sql)

    assert same_rows(answer["rows"], truth.rows(sql))
    assert answer["columns"] == ["manufacturer", "origin", "flights", "delay"]
    assert answer["engine"] == "duckdb"
    assert {used["name"] for used in answer["products"]} == {
        "operations.flights",
        "fleet.planes",
        "weather.observations",
    }


def test_an_answer_that_takes_longer_than_a_call_is_waited_for(mesh: Any, published: dict[str, Run]) -> None:
    with mesh.configured("datamesh-dev-ask", ANSWER_WITHIN_SECONDS="0.01"):
        code, out, err = mesh.run("sql", "SELECT COUNT(*) AS flights FROM operations.flights", "--json")

    assert code == 0, err
    assert json.loads(out)["rows"] == [[ROWS["operations.flights"]]]
    assert "goes on" in err


def test_doubled_hours_and_missing_values_are_what_the_file_says(
    mesh: Any, published: dict[str, Run], truth: Truth
) -> None:
    sql = """SELECT COUNT(*), COUNT(dep_time), COUNT(tailnum), SUM(arr_delay), MIN(time_hour)::VARCHAR
             FROM operations.flights WHERE month = 11 AND day IN (2, 3)"""
    plain = sql.replace("MIN(time_hour)::VARCHAR", "COUNT(DISTINCT time_hour)")

    assert same_rows(mesh.json("sql", plain)["rows"], truth.rows(plain))


def test_who_is_granted_nothing_sees_nothing(mesh: Any, published: dict[str, Run]) -> None:
    assert mesh.json("products", "--as", "guest") == {"products": []}
    assert mesh.json("show", AIRLINES, "--as", "guest", code=2)["error"]
    assert mesh.json("sql", "SELECT * FROM network.airlines", "--as", "guest", code=3)["error"]
    refused = mesh.json("ask", "How many flights were cancelled?", "--as", "guest", code=3)
    assert refused["status"] == "refused"
    assert refused["rows"] == []


def test_who_is_granted_some_columns_sees_those(mesh: Any, published: dict[str, Run]) -> None:
    as_meteorologist = ("--as", "meteorologist")

    seen = mesh.json("sql", "SELECT * FROM network.airports LIMIT 1", *as_meteorologist)
    assert seen["columns"] == ["faa", "name", "lat", "lon", "alt"]
    assert mesh.json("sql", "SELECT tz FROM network.airports", *as_meteorologist, code=3)["rule"]
    assert mesh.json("sql", "SELECT COUNT(*) FROM operations.flights", *as_meteorologist, code=3)["rule"]


def test_who_is_shown_masks_of_some_rows_sees_those(mesh: Any, published: dict[str, Run], truth: Truth) -> None:
    # Given a manufacturer, who reads of planes that it built, their numbers hashed, their years in fives
    as_manufacturer = ("--as", "manufacturer")
    ((built,),) = truth.rows("SELECT COUNT(*) FROM fleet.planes WHERE manufacturer LIKE 'BOEING%'")

    # Then SQL sees these rows, and of other columns nothing
    seen = mesh.json("sql", "SELECT * FROM fleet.planes", *as_manufacturer)
    numbers = {row[0] for row in seen["rows"]}
    assert seen["columns"] == ["tailnum", "year", "manufacturer", "model", "seats"]
    assert (len(seen["rows"]), len(numbers)) == (built, built)
    assert {len(number) for number in numbers} == {64}
    assert {row[1] % 5 for row in seen["rows"] if row[1] is not None} == {0}
    assert [(p["rows"], p["masked"]) for p in seen["products"]] == [("some", ["tailnum", "year"])]
    assert mesh.json("sql", "SELECT engine FROM fleet.planes", *as_manufacturer, code=3)["rule"] == "unknown-column"

    # And a question is answered over them, or refused where a mask would have to be computed with
    counted = mesh.json("ask", "How many planes are there?", *as_manufacturer)
    assert counted["rows"] == [[built]]
    assert "Only over the rows of fleet.planes that you may read." in counted["explanation"]
    refused = mesh.json("ask", "What is the average year of planes?", *as_manufacturer, code=3)
    assert "fleet.planes.year" in refused["explanation"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM network.airlines",
        "DROP TABLE network.airlines",
        "SELECT 1; SELECT 2",
        "COPY network.airlines TO 'airlines.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM fleet.pilots",
        "SELECT salary FROM network.airlines",
        "PRAGMA version",
        "this is no SQL",
        "",
    ],
)
def test_sql_that_writes_or_reaches_elsewhere_is_declined(mesh: Any, published: dict[str, Run], statement: str) -> None:
    code, out, _ = mesh.run("sql", statement, "--json")

    assert code in {2, 3}, out
    assert '"error"' in out


def test_a_question_that_is_not_understood_says_which_word(mesh: Any, published: dict[str, Run]) -> None:
    refused = mesh.json("ask", "How many moonbeams did each airline carry?", code=3)

    assert refused["status"] == "refused"
    assert "moonbeams" in refused["unmatched"]
    assert refused["suggestions"]


def test_lake_formation_holds_what_the_contracts_grant(mesh: Any, published: dict[str, Run]) -> None:
    held, wrong = scenes.grants(mesh.target, Screen(), list(published.values()))

    assert wrong == []
    people = {(g["principal"].rsplit("-", 1)[-1], g["table"]) for g in held if "/datamesh-dev-" in g["principal"]}
    assert ("meteorologist", "observations_v1") in people
    assert not any(person == "guest" for person, _ in people)


def test_what_somebody_changed_in_lake_formation_is_found_and_mended(mesh: Any, published: dict[str, Run]) -> None:
    # Given grants by hand, one of them on a table that is gone
    client = mesh.target.client("lakeformation")
    stranger = f"arn:aws:iam::{mesh.target.account}:role/stranger"
    for table in ("planes_v1", "engines_v3"):
        client.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": stranger},
            Resource={"Table": {"DatabaseName": "datamesh_dev_fleet", "Name": table}},
            Permissions=["SELECT"],
        )
    assert _strangers(mesh, stranger) == {("fleet.planes", "planes_v1"), ("fleet.engines", "engines_v3")}
    # When that is repaired, then it is gone, and what the contracts grant is there still
    mended = mesh.json("access", "repair", "fleet.planes", "fleet.engines")
    assert mended["left"] == []
    assert _strangers(mesh, stranger) == set()
    _, wrong = scenes.grants(mesh.target, Screen(), list(published.values()))
    assert wrong == []


def _strangers(mesh: Any, stranger: str) -> set[tuple[str, str]]:
    """Product and table of each grant of theirs that is too much."""
    return {
        (drift["product"], each["table"])
        for drift in mesh.json("access", "plan")["drift"]
        for each in drift["differences"]
        if each["principal"] == stranger and each["way"] == "too much"
    }


def test_iam_is_enforced(mesh: Any, published: dict[str, Run]) -> None:
    analyst = mesh.target.as_role("analyst")
    s3 = analyst.client("s3")

    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket=f"datamesh-dev-fleet-lake-{mesh.target.account}")


def test_what_happened_was_told_as_events(mesh: Any, published: dict[str, Run]) -> None:
    least = {"ContractApplied": 5, "DataProductPublished": 5, "GrantsApplied": 5, "QuestionAnswered": 1}

    _, missing = scenes.count_events(mesh.target, Screen(), least)

    assert missing == []
