"""What is to happen, all of it from one seed: the files of each product, and the faults on the wire. Pure.

The same seed gives the same files in the same order for each product, and the same faults for the nth request of each
kind. What meets what is left to chance: threads, processes and queues take their turns as they like.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from cli.local.wire import Fault, Outcome

__all__ = ["DOMAIN", "Action", "File", "Kind", "Row", "actions", "contract", "faults", "mode_of", "products"]

DOMAIN = "weather"
_HEADER = "id,key,part,changed,op,amount"
_KEYS = 150
_PARTS = ["a", "b", "c", "d"]
_READS_BACK = 30  # how far back a file is chosen from that something is done to again

Kind = Literal["put", "again", "twin", "other-version", "empty", "refused", "deleted", "event", "stop", "expire"]
# How often each happens, beside a plain new file.
_KINDS: dict[Kind, int] = {
    "put": 60,
    "again": 6,  # the same content under the same key: a new version that is a duplicate
    "twin": 6,  # the same content under another key: an object of its own
    "other-version": 8,  # other content under a key that was used before
    "event": 14,  # an old file's event once more, out of order
    "empty": 2,
    "refused": 2,  # a header that is not the product's
    "deleted": 4,  # gone while somebody reads it
    "stop": 5,  # the execution that runs is stopped, its function goes on
    "expire": 5,  # the lease that is held ends at once
}


@dataclass(frozen=True)
class Row:
    """One row. `id` is its own; rows of one `key` are merged by `order`, and `deletes` marks the end of a key."""

    id: str
    key: int
    part: str
    order: int
    deletes: bool = False
    is_bad: bool = False

    @property
    def line(self) -> str:
        amount = "many" if self.is_bad else str(self.order % 1000)
        return f"{self.id},{self.key},{self.part},{self.order},{'D' if self.deletes else 'U'},{amount}"


@dataclass(frozen=True)
class File:
    """One content of one key, with its rows; `sound` says that it can be published."""

    product: str
    key: str
    body: bytes
    rows: tuple[Row, ...] = ()
    sound: bool = True

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if not row.is_bad]

    @property
    def bad(self) -> list[Row]:
        return [row for row in self.rows if row.is_bad]


@dataclass(frozen=True)
class Action:
    kind: Kind
    file: File
    wait: float = 0.0  # seconds from a put to the deletion


def products(tag: str = "") -> list[str]:
    """One product for each write mode."""
    return [f"chaos{tag}_{mode}" for mode in _MODES]


def mode_of(product: str) -> str:
    return product.rpartition("_")[2]


def contract(product: str) -> str:
    made = _CONTRACT.replace("PRODUCT", product).replace("MODE", _MODES[mode_of(product)])
    if mode_of(product) == "merge":
        made = made.replace("{name: key,", "{name: key, primaryKey: true, primaryKeyPosition: 1,")
    if mode_of(product) == "parts":
        made = made.replace("{name: part,", "{name: part, partitioned: true, partitionKeyPosition: 1,")
    return made


def actions(seed: str, product: str) -> Iterator[Action]:
    """What is done to a product, without end."""
    dice = random.Random(f"{seed}/{product}")
    before: list[File] = []
    number = 0
    while True:
        number += 1
        kind = dice.choices(list(_KINDS), list(_KINDS.values()))[0] if before else "put"
        old = dice.choice(before[-_READS_BACK:]) if before else None
        made = _file(dice, product, number)
        file = _chosen(kind, made, old or made)
        if kind in ("put", "twin", "other-version"):
            before.append(file)
        yield Action(kind, file, wait=round(dice.uniform(0, 3), 2) if kind == "deleted" else 0.0)


def _chosen(kind: Kind, made: File, old: File) -> File:
    if kind in ("again", "event"):
        return old
    if kind == "twin":
        return replace(old, key=made.key)
    if kind == "other-version":
        return replace(made, key=old.key)
    if kind == "empty":
        return File(made.product, made.key, b"", sound=False)
    if kind == "refused":
        return File(made.product, made.key, made.body.replace(b"id,key", b"name,size", 1), sound=False)
    return made


def _file(dice: random.Random, product: str, number: int) -> File:
    """A few rows in one or two parts; the first of them is good, and deletes nothing."""
    parts = dice.sample(_PARTS, dice.randint(1, 2))
    rows = tuple(_row(dice, f"{product}-{number}-{n}", parts, plain=n == 0) for n in range(dice.randint(1, 40)))
    body = "\n".join([_HEADER, *(row.line for row in rows), ""]).encode()
    return File(product, f"{product}/{number:05d}.csv", body, rows)


def _row(dice: random.Random, name: str, parts: list[str], *, plain: bool) -> Row:
    deletes, is_bad = (not plain and dice.random() < share for share in (0.15, 0.05))
    key, part, order = dice.randint(1, _KEYS), dice.choice(parts), dice.randint(0, 10**9)
    return Row(name, key, part, order, deletes=deletes and not is_bad, is_bad=is_bad)


@dataclass(frozen=True)
class _Effect:
    """A kind of request of one function. `often` means at least once for each batch; others may be few."""

    function: str
    operation: str
    resource: str = "*"
    says: str = ""
    often: bool = True


_EFFECTS = (
    _Effect("route-arrivals", "dynamodb:TransactWriteItems", says="arrival#"),
    _Effect("route-arrivals", "dynamodb:PutItem", says='"lease"'),
    _Effect("route-arrivals", "s3:PutObject", "*/manifest.json"),
    _Effect("route-arrivals", "dynamodb:TransactWriteItems", says='"batch#'),
    _Effect("route-arrivals", "dynamodb:TransactWriteItems", says='"Delete"'),
    _Effect("route-arrivals", "states:StartExecution"),
    _Effect("validate-batch", "dynamodb:UpdateItem"),
    _Effect("validate-batch", "dynamodb:PutItem"),
    _Effect("transform-batch", "s3:PutObject", "*/tables/*"),
    _Effect("transform-batch", "s3:PutObject", "*/quarantine/*"),
    _Effect("transform-batch", "s3:PutObject", "*/batches/*"),
    _Effect("catalog-product", "s3:PutObject", "*/metadata/*"),
    _Effect("catalog-product", "glue:UpdateTable"),
    _Effect("catalog-product", "s3:PutObject", "*/profiles/*"),
    _Effect("catalog-product", "dynamodb:UpdateItem", says="COMMITTED"),
    _Effect("catalog-product", "dynamodb:PutItem"),
    _Effect("register-product", "events:PutEvents"),
    _Effect("register-product", "dynamodb:UpdateItem", says="ANNOUNCED"),
    _Effect("register-product", "dynamodb:DeleteItem"),
    _Effect("register-product", "sqs:SendMessage", often=False),
    _Effect("reject-batch", "dynamodb:UpdateItem", often=False),
    _Effect("reject-batch", "events:PutEvents", often=False),
    _Effect("reject-batch", "dynamodb:DeleteItem", often=False),
)
_READS = (
    _Effect("route-arrivals", "s3:HeadObject*"),
    _Effect("route-arrivals", "dynamodb:Query"),
    _Effect("validate-batch", "s3:GetObject*"),
    _Effect("transform-batch", "s3:GetObject*"),
    _Effect("transform-batch", "glue:GetTable"),
    _Effect("catalog-product", "glue:GetTable"),
    _Effect("catalog-product", "s3:GetObject*"),
    _Effect("register-product", "dynamodb:GetItem"),
    _Effect("sweep-batches", "states:DescribeExecution", often=False),
)
_KILLED: tuple[Outcome, ...] = ("killed-before", "killed-after")
_UNKIND: tuple[Outcome, ...] = ("lost", "throttled", "unavailable")


def faults(seed: str, *, batches: int) -> list[Fault]:
    """Every side effect has its function killed before it and after it, its answer lost, and is refused.

    For fewer than a hundred batches one of each two deaths and one of the three others. The first fault in the list is
    the one that happens when several are due.
    """
    dice = random.Random(f"{seed}/faults")
    few = batches < 100
    found: list[Fault] = []
    for effect in _EFFECTS:
        deaths = dice.sample(_KILLED, 1) if few else _KILLED
        others = dice.sample(_UNKIND, 1) if few else _UNKIND
        found += [_fault(dice, effect, outcome, batches) for outcome in (*deaths, *others)]
    found += [_fault(dice, read, dice.choice(_UNKIND), batches) for read in _READS]
    return found + _slow(dice, batches)


def _fault(dice: random.Random, effect: _Effect, outcome: Outcome, batches: int) -> Fault:
    return Fault(
        outcome=outcome,
        caller=f"datamesh-*-{DOMAIN}-{effect.function}",
        operation=effect.operation,
        resource=effect.resource,
        says=effect.says,
        nth=dice.randint(1, max(2, batches // 2)) if effect.often else dice.randint(1, 2),
        times=2 if outcome in ("throttled", "unavailable") else 1,
    )


def _slow(dice: random.Random, batches: int) -> list[Fault]:
    """Requests that are carried out so late that somebody else has gone on meanwhile: with a lease, with a commit."""
    effects = (_EFFECTS[2], _EFFECTS[3], _EFFECTS[5], _EFFECTS[12], _EFFECTS[14])
    return [
        _fault(dice, effect, "late", batches).model_copy(update={"seconds": 9.0})
        for effect in effects
        for _ in range(1 if batches < 100 else 2)
    ]


_MODES = {
    "append": "append",
    "overwrite": "overwrite",
    "parts": "overwritePartitions",
    "merge": "merge}\n      - {property: datamesh.merge, value: {order: changed, delete: {column: op, values: [D]}}",
}
_CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: weather-PRODUCT
version: 1.0.0
status: active
domain: weather
dataProduct: PRODUCT
schema:
  - name: PRODUCT
    physicalType: table
    customProperties:
      - {property: datamesh.writeMode, value: MODE}
    properties:
      - {name: id, logicalType: string, required: true}
      - {name: key, logicalType: integer, required: true}
      - {name: part, logicalType: string, required: true}
      - {name: changed, logicalType: integer, required: true}
      - {name: op, logicalType: string}
      - {name: amount, logicalType: integer}
roles:
  - role: analyst
    access: read
    customProperties:
      - property: datamesh.principals
        value: [role/datamesh-dev-analyst]
"""
