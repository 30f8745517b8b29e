"""All knowledge in one file: the same knowledge, whatever the file has and however it was made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import boto3
import pytest
from moto import mock_aws

from datamesh.ask.planner import plan
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.registry.knowledge import Knowledge, KnowledgeLoader
from datamesh.registry.pack import PACK_KEY
from datamesh.registry.packing import Packer
from datamesh.registry.projection import Change
from datamesh.registry.store import Registry

BUCKET = "platform"
THINGS = (
    *("quays", "sheds", "yards", "sidings", "depots", "cranes"),
    *("docks", "ports", "lofts", "vans", "carts", "rafts"),
)
PRODUCTS = len(THINGS)  # with a contract and a profile each: more than are read one by one
NAMES = ("Århus Port", "Acme Inc", "MARKET 7", "O'Neill", "plain words")


class Mesh:
    """A registry and a bucket that hold what project_events would have put there."""

    def __init__(self, registry: Registry, s3: Any) -> None:
        self.registry, self.s3 = registry, s3
        self.read: list[str] = []
        s3.meta.events.register("before-call.s3.GetObject", lambda params, **_: self.read.append(params["url_path"]))

    def put(self, change: Change, body: bytes) -> None:
        key = f"knowledge/{change.product}/{change.part}-{change.order}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        before = self.registry.put(change, account="1", knowledge_key=key)
        if before and before.get("knowledge_key"):
            self.s3.delete_object(Bucket=BUCKET, Key=before["knowledge_key"])

    def apply(self, number: int) -> None:
        name = THINGS[number]
        values = {"version": "1.0.0", "status": "active", "database": "d", "table": name, "reader_role_arn": "r"}
        text = (
            f"apiVersion: v3.2.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: active\ndomain: rail\n"
            f"dataProduct: {name}\nschema:\n  - name: {name}\n    properties:\n"
            "      - {name: id, logicalType: integer, primaryKey: true}\n      - {name: name, logicalType: string}\n"
            "      - {name: pin, logicalType: string, classification: confidential}\n"
        )
        self.put(Change("rail", name, "contract", "1", values, major=1), text.encode())

    def publish(self, number: int, sequence: int = 1, names: tuple[str, ...] = NAMES) -> None:
        name = THINGS[number]
        values = {"snapshot_id": sequence, "sequence": sequence, "run_id": "r", "status": "published"}
        counts = dict.fromkeys(("total_rows", "rows_in", "rows_published", "rows_quarantined"), 1)
        many = tuple(f"{name} {n}" for n in range(80))  # more than a profile keeps beside them
        columns = (ColumnProfile(name="name", values=names + many), ColumnProfile(name="pin", values=("Secret Code",)))
        profile = Profile(product=name, snapshot_id=sequence, columns=columns)
        known = values | counts | {"published_at": "2026-01-01T00:00:00+00:00"}
        change = Change("rail", name, "snapshot", str(sequence), known, major=1)
        self.put(change, profile.model_dump_json().encode())

    def packer(self) -> Packer:
        return Packer(self.registry, self.s3, BUCKET)

    def loader(self) -> KnowledgeLoader:
        return KnowledgeLoader(self.registry, self.s3, BUCKET)


@pytest.fixture
def mesh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mesh]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        table = boto3.resource("dynamodb", region_name="us-east-1").create_table(
            TableName="registry",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        made = Mesh(Registry(table), s3)
        for number in range(PRODUCTS):
            made.apply(number)
            made.publish(number)
        yield made


def statement(knowledge: Knowledge, question: str) -> str:
    """What the planner makes of a question of somebody who may read everything."""
    readable = {n: tuple(c.name for c in p.contract.table.columns) for n, p in knowledge.products.items()}
    found = plan(question, knowledge, readable, today=date(2026, 1, 1))
    return found.sql.sql("duckdb") if found.sql is not None else f"{found.status}: {found.unmatched}"


QUESTIONS = [f"How many sidings have the name {name}?" for name in ("Arhus Port", "Acme", "Market 7", '"O\'Neill"')]


def test_what_comes_out_of_the_pack_is_what_would_be_read_without_it(mesh: Mesh) -> None:
    # Given what is known without a pack
    plain = mesh.loader().load()
    # When everything is packed
    assert mesh.packer().pack() == 2 * PRODUCTS
    mesh.read.clear()
    packed = mesh.loader().load()
    # Then the same is known, of one file
    assert mesh.read == [f"/{PACK_KEY}"]
    assert packed == plain
    # And questions that name values are read alike
    for question in QUESTIONS:
        assert "WHERE sidings.name = '" in statement(packed, question)
        assert statement(packed, question) == statement(plain, question)
    # And a sensitive value is known to neither
    assert statement(packed, "How many sidings have the pin Secret Code?").startswith("refused")


def test_a_product_that_changes_is_known_at_once_and_packed_the_next_time(mesh: Mesh) -> None:
    mesh.packer().pack()
    warm = mesh.loader()
    warm.load()
    # When one product is published anew
    mesh.publish(3, sequence=2, names=("Brand New",))
    mesh.read.clear()
    # Then both who know the mesh and who come later see it, for one read more than the pack
    asked = "How many sidings have the name Brand New?"
    cold = mesh.loader().load()
    assert "'Brand New'" in statement(warm.load(), asked)
    assert "'Brand New'" in statement(cold, asked)
    assert len(mesh.read) == 3
    # And what it had before is a value no more
    assert statement(warm.load(), "How many sidings have the name Acme?").startswith("refused")
    # And the next pack has it; what had not changed was copied
    mesh.read.clear()
    assert mesh.packer().pack() == 2
    assert len(mesh.read) == 2
    assert mesh.loader().load() == cold


def test_what_is_replaced_while_a_mesh_loads_costs_one_more_read(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a product that was published since the last pack, and is published again after the registry was asked
    mesh.packer().pack()
    mesh.publish(3, sequence=2)
    asked = [mesh.registry.products()]
    mesh.publish(3, sequence=3, names=("Brand New",))
    monkeypatch.setattr(mesh.registry, "products", lambda: asked.pop() if asked else Registry.products(mesh.registry))
    # When the mesh is loaded
    mesh.read.clear()
    found = mesh.loader().load()
    # Then the registry was asked again, and what had come out of the pack was not read one by one
    assert "'Brand New'" in statement(found, "How many sidings have the name Brand New?")
    assert len(mesh.read) == 3


def test_a_pack_made_of_another_holds_what_one_made_of_nothing_holds(mesh: Mesh) -> None:
    # Given a pack that was brought up to date
    mesh.packer().pack()
    mesh.publish(3, sequence=2, names=("Brand New",))
    mesh.packer().pack()
    updated = _rows(mesh)
    # When it is lost, and made again
    mesh.s3.delete_object(Bucket=BUCKET, Key=PACK_KEY)
    mesh.packer().pack()
    # Then it holds the same
    assert _rows(mesh) == updated


def test_nothing_is_written_where_nothing_is_new(mesh: Mesh) -> None:
    mesh.packer().pack()
    before = mesh.s3.head_object(Bucket=BUCKET, Key=PACK_KEY)["LastModified"]
    assert mesh.packer().pack() == 0
    assert mesh.s3.head_object(Bucket=BUCKET, Key=PACK_KEY)["LastModified"] == before


def test_a_pack_that_is_none_is_made_anew_and_hinders_nobody(mesh: Mesh) -> None:
    plain = mesh.loader().load()
    mesh.s3.put_object(Bucket=BUCKET, Key=PACK_KEY, Body=b"no database")
    assert mesh.loader().load() == plain
    assert mesh.packer().pack() == 2 * PRODUCTS
    assert mesh.loader().load() == plain


def test_a_caller_hears_of_no_value_that_is_in_columns_of_others(mesh: Mesh) -> None:
    # Given a name that only sidings have
    mesh.publish(THINGS.index("sidings"), sequence=2, names=("Hollow Elm",))
    mesh.packer().pack()
    knowledge = mesh.loader().load()
    depots = {"rail.depots": ("id", "name")}
    for sidings, may in ((("id", "name"), True), (("id",), False)):
        readable = depots | {"rail.sidings": sidings}
        # When it is asked for, in full and in part
        full, part = (
            plan(f"How many sidings have the name {name}?", knowledge, readable, today=date(2026, 1, 1))
            for name in ("Hollow Elm", "Elm")
        )
        # Then who may read it is answered, and told what the part is of; others hear nothing of it
        assert (full.status == "answered") == may
        assert ("Hollow Elm" in str(part.candidates)) == may
        assert may or "Hollow" not in f"{part} {replace(full, unmatched=(), explanation='')}"


def _rows(mesh: Mesh) -> list[tuple[object, ...]]:
    """What the pack holds, columns by what they are called."""
    data = mesh.s3.get_object(Bucket=BUCKET, Key=PACK_KEY)["Body"].read()
    db = sqlite3.connect(":memory:")
    db.deserialize(data)
    asked = "SELECT s.profile, s.name, key, n, text, short FROM value JOIN spot s USING (spot) ORDER BY 1, 2, 3, 4"
    words = "SELECT s.profile, s.name, w.word, w.key FROM word w JOIN spot s USING (spot) ORDER BY 1, 2, 3"
    found = [row for query in (asked, words, "SELECT * FROM contract ORDER BY 1") for row in db.execute(query)]
    db.close()
    return found
