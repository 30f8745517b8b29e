"""Whatever is asked for, granted, taken back, renewed or over, in whatever order its events come: Lake Formation gives
each principal what the policy gives, and what is taken from one subscription is taken from no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.local import lakeformation as local
from datamesh import events
from datamesh.access.record import event_of
from datamesh.contract.parse import parse
from datamesh.errors import UserError
from datamesh.govern.requests import Request, asked, decided, ended, fitted, renewed
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
COLUMNS = tuple(column.name for column in parse(STOPS).table.columns)
ROWS = {"line = 'A'": "\"line\" = 'A'", "direction > 1": '"direction" > 1'}  # and as filters say them
TABLE = {"DatabaseName": "datamesh_dev_transit", "Name": "stops_v1"}
CONTRACTS = (STOPS, edited("role/planner", "role/ann"), edited("status: active", "status: retired"))
READERS = ({"planner"}, {"ann"}, set[str]())  # of everything, by each contract's own role

# (columns, the condition of the rows in Lake Formation's words or "" for all), as one principal may select them
Shown = set[tuple[frozenset[str], str]]

MOVES = ("granted", "granted", "granted", "denied", "revoked", "revoked", "renewed", "expired")


def wish(chance: Random) -> tuple[str, str, tuple[str, ...] | None, str, int]:
    return (
        chance.choice(["ann", "bob", "eve"]),
        chance.choice(["transit.stops", "transit.stops", "domain=transit, personal!=yes", "transit.lines"]),
        chance.choice([None, COLUMNS[:1], COLUMNS[1:3], COLUMNS[:2]]),
        chance.choice(["", "", *ROWS]),
        chance.randint(1, 20),
    )


@dataclass
class World:
    """One domain with its ledger and Lake Formation, the requests of the platform, and the time."""

    plane: Plane
    now: datetime = START
    requests: list[Request] = field(default_factory=list)
    told: list[events.AccessStep] = field(default_factory=list)
    delivered: int = 0
    contract: int = 0

    def ask(self, wish: tuple[str, str, tuple[str, ...] | None, str, int]) -> None:
        who, target, columns, rows, days = wish
        arn, name = f"{ROLE}{who}", f"q{len(self.requests)}"
        until = self.now + days * DAY
        self.requests.append(asked(Subscription(name, arn, arn, target, columns, rows, until), "a test", self.now))

    def move(self, kind: str, number: int) -> str:
        """One of the requests that may takes a step, and the domain will be told of it. Whose request it is, or ""."""
        needed = "requested" if kind in {"granted", "denied"} else "granted"
        may = [at for at, request in enumerate(self.requests) if request.state == needed]
        if not may:
            return ""
        at = may[number % len(may)]
        before = self.requests[at]
        try:
            after = self._moved(before, kind)
        except UserError:  # too late
            return ""
        if after != before:
            self.requests[at] = after
            self.told.append(event_of(after, after.steps[-1]))
        return before.subscription.principal.removeprefix(ROLE)

    def _moved(self, request: Request, kind: str) -> Request:
        if kind == "granted":
            fits = fitted(request, [Product(parse(CONTRACTS[0]), ACCOUNT)])
            return decided(fits, "granted", "owner", self.now)
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
        """Columns and rows of what holds now, by the requests themselves and the contract's own role."""
        held = [r.subscription for r in self.requests if r.state == "granted" and self.now < r.subscription.until]
        mine = [s for s in held if s.principal == f"{ROLE}{who}" and s.target != "transit.lines" and self.contract != 2]
        whole = [(frozenset(COLUMNS), "")] if who in READERS[self.contract] else []
        return [(frozenset(s.columns or COLUMNS), s.rows) for s in mine] + whole

    def expected(self, who: str) -> Shown:
        """Columns of all rows, or of each condition those columns that all of them show."""
        rights = self.rights(who)
        whole = frozenset[str]().union(*(columns for columns, rows in rights if not rows))
        if whole or not rights:
            return {(whole, "")} if whole else set()
        shared = frozenset.intersection(*(columns for columns, _ in rights))
        return {(shared, ROWS[rows]) for _, rows in rights} if shared else set()


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
        for _ in range(24):
            before = {who: by_lake_formation(client, who) for who in ("ann", "bob", "eve", "planner")}
            kind, moved = chance.choice(["ask", "ask", "move", "move", "move", "move", "contract", "days"]), ""
            # When something happens
            if kind == "ask":
                mesh.ask(wish(chance))
            elif kind == "contract":
                mesh.put_contract(chance.choice([0, 0, 1, 2]))
            elif kind == "days":
                mesh.now += chance.randint(1, 6) * DAY
            else:
                kind = chance.choice(MOVES)
                moved = mesh.move(kind, chance.randrange(10))
            mesh.settle([chance.randrange(10) for _ in range(chance.randint(0, 3))])
            taken[kind] += bool(moved)
            # Then everybody is shown what the requests and contracts say
            after = {who: by_lake_formation(client, who) for who in before}
            assert after == {who: mesh.expected(who) for who in before}
            # And a step of one request takes nothing from anybody else, nor rows from its principal's other ones
            if moved:
                assert all(after[who] == before[who] for who in before if who != moved)
                rest = [(columns, ROWS[rows]) for columns, rows in mesh.rights(moved) if rows]
                shown = {(cells & theirs, of) for cells, some in before[moved] for theirs, of in rest if some == of}
                assert kind != "revoked" or covers(after[moved], {it for it in shown if it[0]})
        assert taken["granted"]  # or nothing was tried
