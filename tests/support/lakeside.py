"""A domain's landing bucket, ledger, Glue catalog and lake on a moto server, and processes that die at any AWS call.

The data path is called as the state machine calls it: validate, transform each slice, catalog.
"""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import boto3
from botocore.client import BaseClient
from moto.server import ThreadedMotoServer

from datamesh import aws
from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.events import ObjectPointer
from datamesh.lake import table as lake
from datamesh.lake.evolution import create_or_evolve
from datamesh.publish import manifest as manifests
from datamesh.publish.commit import Cataloged, catalog
from datamesh.publish.ledger import Batch, Ledger, ProductState
from datamesh.publish.manifest import Manifest, ObjectRef
from datamesh.publish.plane import Plane
from datamesh.publish.transform import transform
from datamesh.publish.validate import Validated, validate
from datamesh.settings import DomainSettings

__all__ = ["HEAD", "REGION", "Killed", "Lakeside", "a_minute", "environment", "own_glue", "state_of"]

REGION = "eu-west-1"
LANDING, LAKE, DATABASE = "landing", "lake", "datamesh_dev_testing"
_CHANGES = ("Put", "Update", "Delete", "Transact", "Upload", "Complete")
_AT = datetime(2013, 1, 1, tzinfo=UTC)

# How the contract of a product begins that lies here.
HEAD = """\
apiVersion: v3.2.0
kind: DataContract
id: things
version: 1.0.0
status: active
domain: testing
dataProduct: things
"""


def environment(server: ThreadedMotoServer) -> dict[str, str]:
    """What points AWS's SDK and PyIceberg to a moto server; whatever earlier tests left in moto is forgotten."""
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")) as answer:
        answer.read()
    return {
        "AWS_ENDPOINT_URL": url,
        "PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }


def a_minute() -> float:
    """What a function has left to run."""
    return 60.0


def state_of(product: str = "things", *, major: int = 1) -> ProductState:
    """A product as the ledger has it once its contract is in force."""
    return ProductState(
        product=product,
        contract=ObjectPointer(bucket=LAKE, key=f"contracts/{product}/1.0.0.odcs.yaml"),
        contract_version=f"{major}.0.0",
        sequence=1,
        database=DATABASE,
        table=f"{product}_v1",
        location=f"s3://{LAKE}/tables/{product}_v1",
        status="active",
    )


def own_glue(table: Any) -> Any:
    """The Glue client of the table's catalog, from now on one that no other table has: for a test to tamper with."""
    table.catalog.glue = boto3.client("glue", config=aws.ONCE)
    return table.catalog.glue


class Killed(Exception):
    """The process died here; it makes no call after it."""


@dataclass
class Lakeside:
    """Make it with `build` where the environment names a moto server."""

    plane: Plane
    contract: Contract
    _batches: Iterator[int] = field(default_factory=count)
    _files: Iterator[int] = field(default_factory=count)

    @staticmethod
    def build(contract: bytes) -> Lakeside:
        parsed = parse(contract)
        s3 = boto3.client("s3")
        for bucket in (LANDING, LAKE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=LAKE, Key="contracts/things/1.0.0.odcs.yaml", Body=contract)
        boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        ledger = boto3.resource("dynamodb").create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        settings = DomainSettings(
            stage="dev",
            domain=parsed.domain,
            landing_bucket=LANDING,
            lake_bucket=LAKE,
            glue_database=DATABASE,
            ledger_table="ledger",
            bus_name="default",
            engine_memory_mb=300,
        )
        clients = {name: boto3.client(name) for name in ("s3", "events")}
        world = Lakeside(Plane(settings, Ledger(ledger), client=clients.__getitem__), parsed)
        create_or_evolve(parsed, database=DATABASE, table="things_v1", location=f"s3://{LAKE}/tables/things_v1")
        return world

    @property
    def ledger(self) -> Ledger:
        return self.plane.ledger

    @property
    def table(self) -> Any:
        return lake.load(DATABASE, "things_v1")

    def rows(self, *names: str) -> list[tuple[Any, ...]]:
        """The table's rows, as somebody who asks now would see them."""
        found = self.table.scan(selected_fields=names).to_arrow().to_pylist()
        return sorted((tuple(row[name] for name in names) for row in found), key=repr)

    def batch(self, *bodies: bytes | str, names: Sequence[str] = ()) -> str:
        """A batch of files, formed and begun as the router would; its id."""
        return self.batch_of(*(self.drop(body, names[i] if names else "") for i, body in enumerate(bodies)))

    def batch_of(self, *objects: ObjectRef) -> str:
        """A batch of files that have arrived."""
        number = next(self._batches)
        batch_id = f"20130101T{number // 60:04d}{number % 60:02d}Z-0000abcd"
        manifest = Manifest(
            product="things",
            batch_id=batch_id,
            contract=ObjectPointer(bucket=LAKE, key="contracts/things/1.0.0.odcs.yaml"),
            contract_version="1.0.0",
            database=DATABASE,
            table="things_v1",
            location=f"s3://{LAKE}/tables/things_v1",
            objects=objects,
        )
        manifests.save(manifest, s3=self.plane.client("s3"), bucket=LAKE)
        assert self.ledger.acquire("things", batch_id, ttl=timedelta(minutes=15))
        self.ledger.open_batch(manifest)
        return batch_id

    def drop(self, body: bytes | str, name: str = "") -> ObjectRef:
        """A file arrives, a second after the one before."""
        number, body = next(self._files), body.encode() if isinstance(body, str) else body
        key = f"things/{name or f'{number}.csv'}"
        put = self.plane.client("s3").put_object(Bucket=LANDING, Key=key, Body=body)
        return ObjectRef(
            bucket=LANDING,
            key=key,
            version_id=put["VersionId"],
            size=len(body),
            checksum=put["ETag"],
            object_id=f"{number:064}",
            arrived_at=_AT + timedelta(seconds=number),
        )

    def publish(self, *bodies: bytes | str) -> tuple[str, Cataloged | Validated]:
        """A batch from its files to its end, its lease given back."""
        return self.publish_objects(*(self.drop(body) for body in bodies))

    def publish_objects(self, *objects: ObjectRef) -> tuple[str, Cataloged | Validated]:
        batch_id = self.batch_of(*objects)
        done = self.run(batch_id)
        self.ledger.release("things", batch_id, attempt=1)
        return batch_id, done

    def run(self, batch_id: str, *, attempt: int = 1) -> Cataloged | Validated:
        at: dict[str, Any] = {"product": "things", "batch_id": batch_id, "attempt": attempt}
        validated = validate(self.plane, **at)
        if validated.verdict == "rejected":
            return validated
        for number in validated.slices:
            transform(self.plane, **at, slice_number=number)
        return catalog(self.plane, **at, seconds_left=a_minute)

    def standing(self, batch_id: str) -> Batch:
        batch = self.ledger.batch("things", batch_id)
        assert batch is not None
        return batch

    @contextmanager
    def killed_at(self, number: int) -> Iterator[list[str]]:
        """The process in here dies before its `number`th change of anything; the changes it came to."""
        seen: list[str] = []
        lock, call = threading.Lock(), BaseClient._make_api_call

        def watched(client: Any, operation: str, request: Any) -> Any:
            with lock:
                if len(seen) > number:
                    raise Killed(operation)
                if operation.startswith(_CHANGES):
                    seen.append(operation)
                    if len(seen) > number:
                        raise Killed(operation)
                return call(client, operation, request)

        with patch.object(BaseClient, "_make_api_call", watched), suppress(Killed):
            yield seen
