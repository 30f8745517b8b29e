"""Whatever is asked for, granted whole or in part, withdrawn, taken back, renewed or over, in whatever order its events
come: Lake Formation gives each principal what the policy gives, but for what is masked, and what is taken from one
subscription is taken from no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.local import lakeformation as local
from datamesh import events
from datamesh.access.record import event_of
from datamesh.contract.masks import Mask
from datamesh.contract.parse import parse
from datamesh.errors import UserError
from datamesh.govern.deciding import Less, fitted
from datamesh.govern.requests import Request, asked, decided, ended, renewed
from datamesh.govern.subscription import Subscription
from datamesh.publish.grants import apply_grants, take_access
from datamesh.publish.ledger import Ledger, ProductState
from datamesh.publish.plane import Plane
from datamesh.settings import DomainSettings
from tests.support.contracts import STOPS, edited
from tests.support.governed import Product

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PRODUCT = Product(parse(STOPS), ACCOUNT)
COLUMNS = tuple(column.name for column in PRODUCT.contract.table.columns)
ROWS = {"line = 'A'": "\"line\" = 'A'", "direction > 1": '"direction" > 1'}  # and as filters say them
TABLE = {"DatabaseName": "datamesh_dev_transit", "Name": "stops_v1"}
NUMBER = "logicalType: integer\n        logicalTypeOptions: {minimum: 1, maximum: 2}\n"
CONTRACTS = (
    STOPS,
    edited("role/planner", "role/ann"),
    edited("status: active", "status: retired"),
    edited(NUMBER, "logicalType: string\n"),
)
READERS = ({"planner"}, {"ann"}, set[str](), {"planner"})  # of everything, by each contract's own role
MASKS = (("line", Mask("hash")), ("direction", Mask("bucket", width=10)))

# (columns, the condition of the rows in Lake Formation's words or "" for all), as one principal may select them
Shown = set[tuple[frozenset[str], str]]

MOVES = {  # what may become of a request in a state
    "requested": ("granted", "granted", "narrowed", "narrowed", "narrowed", "denied", "withdrawn"),
    "granted": ("revoked", "revoked", "renewed", "expired"),
}
TAGS = "domain=transit, personal!=yes"


@dataclass(frozen=True)
class Given:
    """What a request is to open once it is granted, kept apart from it: columns in the clear, and rows."""

    who: str
    target: str
    columns: tuple[str, ...] | None
    rows: tuple[str, ...]
    masked: tuple[str, ...]


def wish(chance: Random) -> tuple[Given, int]:
    target = chance.choice([*["transit.stops"] * 4, TAGS, TAGS, "transit.lines"])
    columns = chance.choice([None, COLUMNS[:1], COLUMNS[1:3], COLUMNS[:2]])
    may_mask = () if target == TAGS and columns is None else [it for it, _ in MASKS if it in (columns or COLUMNS)]
    masked = tuple(name for name in may_mask if chance.random() < 0.3)
    rows = chance.choice([(), *((text,) for text in ROWS)])
    return Given(chance.choice(["ann", "bob", "eve"]), target, columns, rows, masked), chance.randint(5, 30)


def less_of(asked: Given, chance: Random) -> Given:
    """Less than what was asked for, in one way or more."""
    columns = chance.choice([asked.columns, (asked.columns or COLUMNS)[:2]])
    may_mask = () if asked.target == TAGS and columns is None else [it for it, _ in MASKS if it in (columns or COLUMNS)]
    masked = tuple(it for it in may_mask if it in asked.masked or chance.random() < 0.3)
    rows = tuple(dict.fromkeys((*asked.rows, *chance.choice([(), *((text,) for text in ROWS)]))))
    return replace(asked, columns=columns, rows=rows, masked=masked)


@dataclass
class World:
    """One domain with its ledger and Lake Formation, the requests of the platform, and the time."""

    plane: Plane
    now: datetime = START
    requests: list[Request] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)  # of each request
    told: list[events.AccessStep] = field(default_factory=list)
    delivered: int = 0
    contract: int = 0

    def ask(self, given: Given, days: int) -> None:
        arn, name = f"{ROLE}{given.who}", f"q{len(self.requests)}"
        masks = tuple((it, mask) for it, mask in MASKS if it in given.masked)
        rows, until = "".join(given.rows), self.now + days * DAY
        meant = Subscription(name, arn, arn, given.target, given.columns, rows, until, masks=masks)
        self.requests.append(asked(meant, "a test", self.now))
        self.given.append(given)

    def move(self, chance: Random) -> tuple[str, str]:
        """A request takes a step, and the domain will be told of it. Which step, and whose request it is, or ""."""
        may = [at for at, request in enumerate(self.requests) if request.state in MOVES]
        if not may:
            return "", ""
        at = chance.choice(may)
        kind = chance.choice(MOVES[self.requests[at].state])
        before, given = self.requests[at], self.given[at]
        less = less_of(given, chance) if kind == "narrowed" else given
        try:
            after = self._moved(before, kind, difference(given, less))
        except UserError:  # too late, or about nothing
            return "", ""
        self.given[at] = less
        if after != before:
            self.requests[at] = after
            self.told.append(event_of(after, after.steps[-1]))
        return kind, given.who

    def _moved(self, request: Request, kind: str, less: Less) -> Request:
        if kind in {"granted", "narrowed"}:
            fits = fitted(request.wish, [PRODUCT], less)
            return decided(request, "granted", "owner", self.now, given=fits)
        if kind == "denied":
            return decided(request, "denied", "owner", self.now)
        if kind == "renewed":
            return renewed(request, self.now + 9 * DAY, "owner", self.now)
        return ended(request, kind, "owner", self.now)  # type: ignore[arg-type]

    def settle(self, late: Sequence[int]) -> None:
        """Delivers what was not told yet, and after it some of what was told long ago; then applies the grants."""
        for event in [*self.told[self.delivered :], *(self.told[at % len(self.told)] for at in late if self.told)]:
            take_access(self.plane, event, about="test")
        self.delivered = len(self.told)
        apply_grants(self.plane, "stops", account=ACCOUNT, about="test")

    def put_contract(self, number: int) -> None:
        before = self.plane.ledger.product("stops")
        sequence = before.sequence + 1 if before else 1
        key = f"contracts/stops/{sequence}.odcs.yaml"
        self.plane.client("s3").put_object(Bucket="lake", Key=key, Body=CONTRACTS[number].encode())
        state = ProductState(
            product="stops",
            contract=events.ObjectPointer(bucket="lake", key=key),
            contract_version="1.0.0",
            sequence=sequence,
            database=TABLE["DatabaseName"],
            table=TABLE["Name"],
            location="s3://lake/tables/stops_v1",
            status="active",
        )
        assert self.plane.ledger.put_product(state, after=before)
        self.contract = number

    def rights(self, who: str) -> list[tuple[frozenset[str], str]]:
        """What holds now, by the requests themselves and the contract's own role: columns in the clear, and rows."""
        whole = [(frozenset(COLUMNS), "")] if who in READERS[self.contract] else []
        return [(self.clear(it), in_their_words(it.rows)) for it in self.held(who) if self.clear(it)] + whole

    def held(self, who: str) -> Iterator[Given]:
        for request, given in zip(self.requests, self.given, strict=True):
            holds = request.state == "granted" and self.now < request.subscription.until
            if holds and given.who == who and given.target != "transit.lines" and self.contract != 2:
                yield given

    def clear(self, given: Given) -> frozenset[str]:
        """None where the condition reads a column that is of another kind by now."""
        if self.contract == 3 and "direction > 1" in given.rows:
            return frozenset()
        return frozenset(given.columns or COLUMNS) - frozenset(given.masked)

    def expected(self, who: str) -> Shown:
        """Columns of all rows, or of each condition those columns that all of them show."""
        rights = self.rights(who)
        whole = frozenset[str]().union(*(columns for columns, rows in rights if not rows))
        if whole or not rights:
            return {(whole, "")} if whole else set()
        shared = frozenset.intersection(*(columns for columns, _ in rights))
        return {(shared, rows) for _, rows in rights} if shared else set()


def difference(asked: Given, less: Given) -> Less:
    """What an owner says who grants `less`."""
    columns = None if less.columns == asked.columns else less.columns
    rows = "".join(text for text in less.rows if text not in asked.rows)
    return Less(columns, rows, tuple(it for it in MASKS if it[0] in less.masked and it[0] not in asked.masked))


def in_their_words(rows: tuple[str, ...]) -> str:
    said = [ROWS[text] for text in rows]
    return said[0] if len(said) == 1 else " AND ".join(f"({text})" for text in said)


def by_lake_formation(client: Any, who: str) -> Shown:
    filters = {each["Name"]: each for each in client.list_data_cells_filter(Table=TABLE)["DataCellsFilters"]}
    found: Shown = set()
    for entry in client.list_permissions(Resource={"Table": TABLE})["PrincipalResourcePermissions"]:
        if entry["Principal"]["DataLakePrincipalIdentifier"] == f"{ROLE}{who}" and "SELECT" in entry["Permissions"]:
            if cells := entry["Resource"].get("DataCellsFilter"):
                kept = filters[cells["Name"]]
                found.add((frozenset(kept["ColumnNames"]), kept["RowFilter"]["FilterExpression"]))
            else:
                found.add((frozenset(entry["Resource"]["TableWithColumns"].get("ColumnNames", COLUMNS)), ""))
    return found


def covers(after: Shown, before: Shown) -> bool:
    """Whether every cell of `before` is shown `after`."""
    return all(any(columns <= more and rows in ("", some) for more, rows in after) for columns, some in before)


def world() -> World:
    local.install()
    clients = {name: boto3.client(name, region_name="eu-west-1") for name in ("s3", "events", "lakeformation")}
    clients["s3"].create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    clients["events"].create_event_bus(Name="mesh")
    table = boto3.resource("dynamodb", region_name="eu-west-1").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    told = DomainSettings(
        stage="dev",
        domain="transit",
        landing_bucket="landing",
        lake_bucket="lake",
        glue_database=TABLE["DatabaseName"],
        ledger_table="ledger",
        bus_name="mesh",
        reader_role_arn=f"{ROLE}reader",
        grants_role_arn=f"{ROLE}grants",
    )
    made: World
    made = World(Plane(told, Ledger(table), clients.__getitem__, lambda: made.now))
    made.put_contract(0)
    return made


@pytest.mark.parametrize("seed", range(5))
def test_after_every_step_lake_formation_equals_the_policy_and_no_other_subscription_suffers(seed: int) -> None:
    chance, taken = Random(seed), Counter[str]()
    with mock_aws():
        mesh = world()
        client = mesh.plane.client("lakeformation")
        mesh.settle([])
        for _ in range(4):
            mesh.ask(*wish(chance))
        after = {who: by_lake_formation(client, who) for who in ("ann", "bob", "eve", "planner")}
        for _ in range(24):
            before = after
            kind, moved = chance.choice(["ask", "ask", "move", "move", "move", "move", "contract", "days"]), ""
            # When something happens
            if kind == "ask":
                mesh.ask(*wish(chance))
            elif kind == "contract":
                mesh.put_contract(chance.choice([0, 0, 1, 2, 3]))
            elif kind == "days":
                mesh.now += chance.randint(1, 6) * DAY
            else:
                kind, moved = mesh.move(chance)
            mesh.settle([chance.randrange(10) for _ in range(chance.randint(0, 2))])
            taken[kind] += bool(moved)
            # Then everybody is shown what the requests and contracts say
            after = {who: by_lake_formation(client, who) for who in before}
            assert after == {who: mesh.expected(who) for who in before}
            # And a step of one request takes nothing from anybody else, nor rows from its principal's other ones
            if moved:
                assert all(after[who] == before[who] for who in before if who != moved)
                rest = [(columns, rows) for columns, rows in mesh.rights(moved) if rows]
                shown = {(cells & theirs, of) for cells, some in before[moved] for theirs, of in rest if some == of}
                assert kind != "revoked" or covers(after[moved], {it for it in shown if it[0]})
        assert taken["granted"] + taken["narrowed"]  # or nothing was tried
