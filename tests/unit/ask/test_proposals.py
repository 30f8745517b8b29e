"""What is proposed for contracts: what rows and names both speak for, with YAML that does what it says; no noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from datamesh.ask.proposals import propose
from datamesh.ask.proposals.looking import Looked
from datamesh.contract.evidence import Contained, Place
from datamesh.contract.finding import Finding
from datamesh.contract.infer import Facts
from datamesh.contract.lint import lint
from datamesh.contract.parse import parse_source
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.contract.rules.subject import Subject
from datamesh.contract.source import load
from datamesh.engine.duck import connect
from datamesh.publish.facts import facts_of
from tests.support.contracts import line_of

_HEAD = """\
apiVersion: v3.2.0
kind: DataContract
id: {domain}-{product}
name: {product}
version: 1.0.0
status: active
domain: {domain}
dataProduct: {product}
schema:
  - name: {product}
    properties:
"""
_KEY = "      - {{name: {}, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}}\n"
_COLUMN = "      - name: {}\n        logicalType: {}\n"
_SYNONYM = "        synonyms:\n          - synonym: something\n"  # so that nobody misses words of the owners


def contract(product: str, *columns: str, domain: str = "shop") -> str:
    """A contract whose columns are `name type`, the key with a star; with a word of its owners."""
    text = _HEAD.format(domain=domain, product=product)
    for column in columns:
        name, _, kind = column.partition(" ")
        text += _KEY.format(name) if kind == "*" else _COLUMN.format(name, kind)
    return text + _COLUMN.format("remark", "string") + _SYNONYM


@dataclass(frozen=True)
class Rows:
    """Evidence of rows in memory: table to column to values."""

    con: duckdb.DuckDBPyConnection
    tables: Mapping[str, Mapping[str, Sequence[Any]]]

    def profile(self, table: str) -> Profile | None:
        if table not in self.tables:
            return None
        columns = [self._column(name, values) for name, values in self.tables[table].items()]
        return Profile(product=table, rows=max(map(len, self.tables[table].values())), columns=tuple(columns))

    def facts(self, table: str, column: str) -> Facts | None:
        if column not in self.tables.get(table, {}):
            return None
        self.con.execute("CREATE OR REPLACE TEMP TABLE given (v VARCHAR)")
        self.con.executemany("INSERT INTO given VALUES (?)", [(value,) for value in self.tables[table][column]])
        return facts_of(self.con, "given", "v", source=column, kind="")

    def unique(self, place: Place) -> bool:
        rows = self._rows(place)
        return len(set(rows)) == len(rows) and all(None not in row for row in rows)

    def contained(self, near: Place, far: Place) -> Contained | None:
        mine, theirs = set(self._rows(near)), set(self._rows(far))
        return Contained(len(mine), len(mine & theirs))

    def _rows(self, place: Place) -> list[tuple[Any, ...]]:
        held = self.tables.get(place.table, {})
        return list(zip(*(held.get(name, ()) for name in place.columns), strict=True))

    def _column(self, name: str, values: Sequence[Any]) -> ColumnProfile:
        there = {value for value in values if value is not None}
        texts = tuple(sorted(there)) if all(isinstance(value, str) for value in there) else None
        return ColumnProfile(name=name, nulls=len(values) - len(there), distinct=len(there), values=texts)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(memory_mb=200, threads=1) as connection:
        yield connection


@dataclass(frozen=True)
class Asked:
    con: duckdb.DuckDBPyConnection

    def __call__(self, *texts: str, **tables: Mapping[str, Sequence[Any]]) -> list[Finding]:
        """The proposals for the first of the contracts; tables are given without their domain, `shop`."""
        evidence = Rows(
            self.con, {name.replace("__", ".") if "__" in name else f"shop.{name}": t for name, t in tables.items()}
        )
        return propose([subject(text) for text in texts], evidence)[0]


def subject(text: str) -> Subject:
    source = load(text)
    return Subject(source, parse_source(source))


@pytest.fixture
def ask(con: duckdb.DuckDBPyConnection) -> Asked:
    return Asked(con)


def rules(found: Sequence[Finding]) -> list[str]:
    return [finding.rule.removeprefix("questions.") for finding in found]


def with_fix(text: str, column: str, fix: str) -> str:
    """The contract with what was proposed for a column written under it, in the place of what it says otherwise."""
    lines = text.splitlines()
    at = lines.index(f"      - name: {column}")
    new = [f"        {line}" for line in fix.splitlines()]
    keys = {line.strip().partition(":")[0] for line in new if line.startswith("        ") and line[8:9].isalpha()}
    end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("      - ")), len(lines))
    kept = [line for line in lines[at + 1 : end] if line.strip().partition(":")[0] not in keys]
    return "\n".join([*lines[: at + 1], *new, *kept, *lines[end:]]) + "\n"


ORDERS = contract("orders", "order_id *", "customer_id integer", "shade string")
CUSTOMERS = contract("customers", "customer_id *", "town string")
SOLD = {"order_id": [1, 2, 3, 4], "customer_id": [7, 8, 7, 9], "shade": ["a", "b", "a", "b"]}
BUYERS = {"customer_id": [7, 8, 9, 10], "town": ["Ulm", "Bonn", "Ulm", "Köln"]}


def test_a_reference_is_proposed_with_its_figures_its_line_and_what_to_write(ask: Asked) -> None:
    [found] = ask(ORDERS, CUSTOMERS, orders=SOLD, customers=BUYERS)

    assert (found.rule, found.severity) == ("questions.relationship", "info")
    assert found.line == line_of(ORDERS, "- name: customer_id")
    assert "3 of 3 different values stand there, and it is named after it" in found.message
    assert found.fix == "relationships:\n  - to: customers.odcs.yaml#/schema/customers/properties/customer_id"


def test_what_is_proposed_is_a_contract_without_errors_and_is_not_proposed_again(ask: Asked) -> None:
    [found] = ask(ORDERS, CUSTOMERS, orders=SOLD, customers=BUYERS)
    mended = with_fix(ORDERS, "customer_id", found.fix)

    assert [f for f in lint(mended.encode()) if f.severity == "error"] == []
    assert ask(mended, CUSTOMERS, orders=SOLD, customers=BUYERS) == []


def test_another_domain_is_named_in_the_path(ask: Asked) -> None:
    theirs = contract("customers", "customer_id *", "town string", domain="crm")
    [found] = ask(ORDERS, theirs, orders=SOLD, crm__customers=BUYERS)
    assert found.fix.endswith("to: ../crm/customers.odcs.yaml#/schema/customers/properties/customer_id")


def test_tables_of_one_contract_refer_in_short(ask: Asked) -> None:
    tables = CUSTOMERS[CUSTOMERS.index("  - name: customers") :]
    [found] = [f for f in ask(ORDERS + tables, orders=SOLD, customers=BUYERS) if f.rule == "questions.relationship"]
    assert found.fix == "relationships:\n  - to: customers.customer_id"


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("customer", "customer_id"),
        ("customer_id", "id"),
        ("cust_id", "customer_id"),
        ("paying_customer_id", "customer_id"),
        ("customer_in_charge_id", "customer_id"),
    ],
)
def test_names_agree_in_many_ways(ask: Asked, column: str, key: str) -> None:
    found = ask(
        contract("orders", "order_id *", f"{column} integer"),
        contract("customers", f"{key} *", "town string"),
        orders={"order_id": [1, 2, 3, 4], column: [7, 8, 7, 9]},
        customers={key: [7, 8, 9, 10], "town": BUYERS["town"]},
    )
    assert rules(found) == ["relationship"]


@pytest.mark.parametrize("column", ["pieces", "rank", "id_number", "year", "supplier_id"])
def test_small_numbers_in_a_key_of_another_name_say_nothing(ask: Asked, column: str) -> None:
    orders = contract("orders", "order_id *", f"{column} integer")
    assert ask(orders, CUSTOMERS, orders={"order_id": [1, 2, 3], column: [7, 8, 9]}, customers=BUYERS) == []


def test_a_word_of_a_key_is_no_name_of_it(ask: Asked) -> None:
    papers, orders = contract("papers", "paper_id *", "author_order integer"), contract("sales", "order_id *")
    written = {"paper_id": [1, 2, 3], "author_order": [1, 2, 3]}
    assert ask(papers, orders, papers=written, sales={"order_id": [1, 2, 3]}) == []


def test_values_that_are_not_there_or_stand_there_twice_say_nothing(ask: Asked) -> None:
    elsewhere = SOLD | {"customer_id": [7, 80, 90, 100]}
    assert ask(ORDERS, CUSTOMERS, orders=elsewhere, customers=BUYERS) == []
    keyless = contract("customers", "customer_id integer", "town string")
    assert ask(ORDERS, keyless, orders=SOLD, customers=BUYERS | {"customer_id": [7, 8, 9, 9]}) == []
    assert ask(ORDERS, CUSTOMERS, orders=SOLD | {"customer_id": [7, 7, 7, 7]}, customers=BUYERS) == []
    assert ask(ORDERS, CUSTOMERS, orders=SOLD) == []


def test_two_that_are_as_likely_are_no_proposal(ask: Asked) -> None:
    first, second = (contract(name, "code_word *", "town string") for name in ("plants", "trees"))
    ours = contract("orders", "order_id *", "code_word integer")
    rows = {"code_word": [7, 8, 9, 10], "town": BUYERS["town"]}
    sold = {"order_id": [1, 2, 3], "code_word": [7, 8, 9]}
    assert rules(ask(ours, first, orders=sold, plants=rows)) == ["relationship"]
    assert ask(ours, first, second, orders=sold, plants=rows, trees=rows) == []


def test_a_key_is_not_taken_for_a_reference_to_another_key(ask: Asked) -> None:
    other = contract("archive", "customer_id *", "town string")
    assert ask(CUSTOMERS, other, customers=BUYERS, archive=BUYERS) == []


def test_a_table_refers_to_itself_by_a_role_only(ask: Asked) -> None:
    staff = contract("clerks", "clerk_id *", "chief_clerk_id integer", "pieces integer")
    [found] = ask(staff, clerks={"clerk_id": [1, 2, 3, 4], "chief_clerk_id": [1, 2, 3, 1], "pieces": [1, 2, 3, 4]})
    assert found.fix == "relationships:\n  - to: clerks.clerk_id"


def test_texts_of_another_name_need_many_values(ask: Asked) -> None:
    codes = [f"{letter}XY" for letter in "ABCDEFGHIJKL"]
    places = contract("airports", "town string")
    places = places.replace(
        "    properties:\n", "    properties:\n" + _KEY.format("faa").replace("integer", "string"), 1
    )
    flights = contract("flights", "flight_id *", "target string")

    def found(known: Sequence[str]) -> list[str]:
        flown = {"flight_id": list(range(len(known))), "target": known}
        return rules(ask(flights, places, flights=flown, airports={"faa": codes, "town": [f"T{c}" for c in codes]}))

    assert found(codes[:10]) == ["relationship"]
    assert found(codes[:9]) == []
    assert found([*codes[:10], "ZZZ"]) == []


def test_a_key_of_two_columns_is_one_reference(ask: Asked) -> None:
    weather = contract("weather", "place string", "moment timestamp", "wind integer")
    for number, name in enumerate(("place", "moment"), start=1):
        weather = weather.replace(
            f"name: {name}\n", f"name: {name}\n        primaryKey: true\n        primaryKeyPosition: {number}\n"
        )
    flights = contract("flights", "flight_id *", "place string", "moment timestamp")
    known = {"place": ["A", "A", "B"], "moment": ["1", "2", "1"], "wind": [1, 2, 3]}
    flown = {"flight_id": [1, 2, 3, 4], "place": ["A", "A", "B", "A"], "moment": ["1", "2", "1", "2"]}

    [found] = ask(flights, weather, flights=flown, weather=known)

    assert found.path == "schema[0]"
    assert found.fix.splitlines()[:3] == ["relationships:", "  - from: [flights.place, flights.moment]", "    to:"]
    assert ask(flights, weather, flights=flown | {"moment": ["1", "2", "3", "4"]}, weather=known) == []


PLAIN = contract("things", "thing_id *", "marks string", "shade string")


def typed(ask: Asked, values: Sequence[str | None], column: str = "marks") -> list[Finding]:
    text = PLAIN.replace("marks", column)
    return ask(text, things={"thing_id": list(range(len(values))), column: values, "shade": ["red", "green"] * 9})


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        (["1", "22", "-3", "4", "5"], "logicalType: integer"),
        (["1.5", "22", "3e2", "4", "5"], "logicalType: number"),
        (["2013-01-01"] * 5, "logicalType: date"),
        (["31.12.2013", "01.02.2013"] * 3, 'logicalType: date\nlogicalTypeOptions: {format: "dd.MM.yyyy"}'),
        (["yes", "no", "no", "yes", "no"], "logicalType: boolean"),
        (["10:30", "11:45"] * 3, "logicalType: time"),
    ],
)
def test_texts_that_are_all_something_else(ask: Asked, values: list[str], fix: str) -> None:
    [found] = typed(ask, values)
    assert found.rule == "questions.type"
    assert f"all of its {len(values)} values" in found.message
    assert [line.partition("  #")[0] for line in found.fix.splitlines()] == fix.splitlines()
    mended = with_fix(PLAIN, "marks", found.fix)
    assert [f for f in lint(mended.encode()) if f.severity == "error"] == []
    assert ask(mended, things={"marks": values}) == []


def test_words_for_nothing_are_told(ask: Asked) -> None:
    [found] = typed(ask, ["1", "2", "3", "4", "5", "N/A", "N/A"])
    assert "but for 2 that say that there is none (N/A)" in found.message
    assert 'nullWords: ["N/A"]' in found.fix


@pytest.mark.parametrize(
    "values", [["1", "2", "3", "4", "about 5"], ["007", "008", "009", "010", "011"], ["1"] * 4, [None] * 6]
)
def test_texts_that_are_not_all_something_else_are_texts(ask: Asked, values: list[str | None]) -> None:
    assert typed(ask, values) == []


@pytest.mark.parametrize("column", ["phone", "zip_code", "version", "house_number"])
def test_digits_that_nobody_computes_with_stay_text(ask: Asked, column: str) -> None:
    assert typed(ask, ["123", "456", "789", "12", "13"], column) == []


def test_codes_without_labels_are_asked_about_and_not_shown(ask: Asked) -> None:
    rows = {"thing_id": list(range(20)), "shade": ["QX", "ZK"] * 10}
    [found] = ask(PLAIN, things=rows)
    assert (found.rule, found.line) == ("questions.enum-labels", line_of(PLAIN, "- name: shade"))
    assert "2 different codes in 20 rows" in found.message
    assert not {"QX", "ZK"} & set((found.message + found.fix).replace(",", " ").split())


@pytest.mark.parametrize("shades", [["Y", "N"], ["red", "blue"], ["Red", "Blue"], ["QX"], [f"Q{c}" for c in "ABCDEFG"]])
def test_words_yes_and_no_one_value_and_rare_ones_are_no_codes(ask: Asked, shades: list[str]) -> None:
    values = (shades * 20)[:20]
    found = ask(PLAIN, things={"thing_id": list(range(20)), "shade": values})
    assert "enum-labels" not in rules(found)


def test_an_enumeration_of_codes_wants_labels_whatever_the_rows(ask: Asked) -> None:
    text = PLAIN.replace("name: shade\n", "name: shade\n        enum: [{value: QX}, {value: ZK}]\n")
    [found] = propose([subject(text)])[0]
    assert found.fix == 'enum:\n  - {value: "QX", label: ...}\n  - {value: "ZK", label: ...}'
    labelled = text.replace("{value: QX}", "{value: QX, label: quick}")
    assert propose([subject(labelled)]) == [[]]


def test_numbers_are_codes_by_their_name_only(ask: Asked) -> None:
    rows = {"thing_id": list(range(20)), "pieces": [1, 2] * 10, "thing_type": [1, 2] * 10}
    [found] = ask(contract("things", "thing_id *", "pieces integer", "thing_type integer"), things=rows)
    assert found.line == line_of(
        contract("things", "thing_id *", "pieces integer", "thing_type integer"), "- name: thing_type"
    )


@pytest.mark.parametrize("name", ["hs", "fte_ay", "c1", "dpt_xm", "xq_code"])
def test_a_riddle_of_a_name_wants_one_that_people_know(name: str) -> None:
    text = contract("things", "thing_id *", f"{name} string")
    [found] = propose([subject(text)])[0]
    assert (found.rule, found.line) == ("questions.name", line_of(text, f"- name: {name}\n"))
    by_machine = with_fix(text, name, f"businessName: {name.replace('_', ' ')}")
    assert rules(propose([subject(by_machine)])[0]) == ["name"]
    assert propose([subject(with_fix(text, name, "businessName: people's own word"))]) == [[]]


@pytest.mark.parametrize(
    "name", ["name", "age", "dep_delay", "lat", "price_eur", "start_date", "year", "first_name", "mpg"]
)
def test_names_that_say_something_are_left_alone(name: str) -> None:
    assert propose([subject(contract("things", "thing_id *", f"{name} string"))]) == [[]]


def test_an_amount_wants_its_unit_once_and_anywhere(ask: Asked) -> None:
    text = contract("things", "thing_id *", "list_price number")
    [found] = propose([subject(text)])[0]
    assert (found.rule, found.fix.partition("  #")[0]) == ("questions.unit", "businessName: list price in ...")
    for said in ("businessName: list price in euros", "description: Dollars of the year before."):
        assert propose([subject(with_fix(text, "list_price", said))]) == [[]]
    for other in ("list_price_usd number", "pieces integer", "list_price string", "area_code integer"):
        assert propose([subject(contract("things", "thing_id *", other))]) == [[]]


def test_a_contract_without_any_word_of_its_owners_is_told_so_once(ask: Asked) -> None:
    bare = contract("things", "thing_id *", "pieces integer", "shade string").replace(_SYNONYM, "")
    [found] = propose([subject(bare)])[0]
    assert (found.rule, found.line) == ("questions.vocabulary", line_of(bare, "schema:"))
    assert "4 of 4 columns have no description" in found.message
    assert "transformLogic: AVG(pieces)" in found.fix
    assert "SELECT COUNT(*) FROM shop.things" in found.fix


@pytest.mark.parametrize("domain", ["", "My Shop"])
def test_no_statement_is_proposed_over_a_domain_that_has_no_name_yet(domain: str) -> None:
    named = contract("things", "thing_id *", "shade string").replace(_SYNONYM, "")
    bare = named.replace("domain: shop", f'domain: "{domain}"')
    [found] = propose([subject(bare)])[0]
    assert found.rule == "questions.vocabulary"
    assert "SELECT" not in found.fix
    assert "synonyms:" in found.fix


def test_a_row_that_only_a_number_tells_apart_is_called_by_its_one_text(ask: Asked) -> None:
    text = contract("things", "thing_id *", "designation string")
    rows = {"thing_id": list(range(20)), "designation": [f"thing of sort {chr(97 + n)}" for n in range(20)]}
    [found] = ask(text, things=rows)
    assert (found.rule, found.fix) == ("questions.label", "businessName: name")
    assert "20 different values in 20 rows" in found.message
    mended = subject(with_fix(text, "designation", found.fix))
    [at] = mended.tables()
    assert Looked(mended.contract, at.table, None, mended, at).view.shown_by == ("designation",)


@pytest.mark.parametrize("column", ["email", "street_address", "note", "phone"])
def test_not_every_text_of_its_own_is_what_a_thing_is_called_by(ask: Asked, column: str) -> None:
    text = contract("things", "thing_id *", f"{column} string")
    assert ask(text, things={"thing_id": list(range(20)), column: [f"of sort {chr(97 + n)}" for n in range(20)]}) == []


def test_few_rows_long_texts_and_two_such_texts_name_nothing(ask: Asked) -> None:
    text = contract("things", "thing_id *", "designation string", "motto string")
    several = [f"of sort {chr(97 + n)}" for n in range(20)]
    ids = list(range(20))
    assert ask(text, things={"thing_id": ids, "designation": several, "motto": several}) == []
    one = contract("things", "thing_id *", "designation string")
    assert ask(one, things={"thing_id": ids[:19], "designation": several[:19]}) == []
    assert ask(one, things={"thing_id": ids, "designation": [f"{'long ' * 20}{each}" for each in several]}) == []


def test_nothing_is_proposed_where_nothing_is_known() -> None:
    assert propose([]) == []
    assert propose([subject("kind: DataContract")]) == [[]]
    broken = "schema: [{name: x, properties: [{}, {name: y, logicalType: nonsense}, 7]}, 8]"
    assert [found.rule for found in propose([subject(broken)])[0]] == ["questions.vocabulary", "questions.name"]
