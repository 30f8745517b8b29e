"""A plan is carried out on the running local mesh, and then it is left to settle.

Senders drop one product's files each, as soon as what they dropped before was taken into a batch, and do it other harm
in between. Four writers of another engine commit to the same tables. The sweeper comes more often than once a minute.
All the while the wire does what the plan's faults say.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from botocore.exceptions import ClientError

from cli.local import services, state
from cli.local.wire import PATH, Fault
from cli.main import main
from cli.target import Target
from datamesh.publish.forming import execution_name
from datamesh.publish.ledger import Batch, Ledger
from tests.support.chaos.plan import DOMAIN, Action, File, actions

__all__ = ["Chaos", "Put"]

_FUNCTIONS = f"datamesh-dev-{DOMAIN}-"
_PROJECT = Path(__file__).resolve().parents[3]
_SETTLED = ("ANNOUNCED", "REJECTED")
_UNDER_WAY = {"unseen", "PENDING", "ASSIGNED"}
_RETRIES = 5  # of one failed run, and of one file whose batch another file had rejected


@dataclass(frozen=True)
class Put:
    """A file as it was put, and the version that S3 made of it. `deleted` says that this version is gone again."""

    file: File
    version: str
    etag: str
    deleted: bool = False


@dataclass
class Chaos:
    """One run of a plan. `home` is the running mesh's."""

    seed: str
    home: Path
    target: Target
    products: Sequence[str]
    puts: list[Put] = field(default_factory=list)
    foreign: dict[str, list[str]] = field(default_factory=dict)
    did: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.table = self.target.table(self.target.parameters(DOMAIN)["ledger-table"])
        self.ledger = Ledger(self.table)
        self.bucket = self.target.parameters(DOMAIN)["landing-bucket"]
        for service in ("s3", "sqs", "lambda", "stepfunctions"):  # they may be shared by threads, not made by them
            self.target.client(service)

    def batches(self) -> list[Batch]:
        return [batch for product in self.products for batch in self.ledger.batches(product, limit=10_000)]

    def tables(self) -> list[str]:
        return [f"{product}_v1" for product in self.products]

    def database(self) -> str:
        return f"datamesh_dev_{DOMAIN}"

    # ------------------------------------------------------------------ while it lasts

    def rage(self, faults: Sequence[Fault], *, batches: int, within: float) -> list[dict[str, Any]]:
        """Drops files until `batches` batches were formed, or `within` seconds are over. What the faults came to."""
        end, until = threading.Event(), time.monotonic() + within
        self.wire("PUT", [fault.model_dump() for fault in faults])
        goal = -(-batches // len(self.products))
        senders = [self._thread(self._send, product, goal, until) for product in self.products]
        sweeper = self._thread(self._sweep, end)
        with self._writers():
            for thread in senders:
                thread.join()
            end.set()
            sweeper.join()
        told: list[dict[str, Any]] = self.wire("GET")["faults"]
        self.wire("DELETE")
        return told

    def settle(self, *, within: float) -> None:
        """Waits until nothing is left to be done, and does meanwhile what operators and senders would do.

        A failed run is retried, a file whose batch another file had rejected is put again, a message that was given
        up on is redriven. Raises TimeoutError, saying what is left.
        """
        until = time.monotonic() + within
        tried: dict[str, int] = {}
        while left := self._left(tried):
            if time.monotonic() > until:
                raise TimeoutError("; ".join(left[:10]))
            self._invoke_sweeper()
            self._redrive()
            time.sleep(0.5)

    def read_lake(self) -> Mapping[str, Any]:
        with self._engine("read", self.database(), *self.tables()) as process:
            out, _ = process.communicate(timeout=120)
        return dict(json.loads(out))

    def wire(self, method: str, body: Any = None) -> Any:
        standing = state.load(self.home)
        assert standing is not None
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, f"{standing.endpoint}{PATH}", json=body, verify=self.target.certificate, timeout=30
            )
        answer.raise_for_status()
        return answer.json()

    # ------------------------------------------------------------------ who does what

    def _send(self, product: str, goal: int, until: float) -> None:
        plan = actions(self.seed, product)
        dice = random.Random(f"{self.seed}/{product}/pace")
        while time.monotonic() < until and len(self.ledger.batches(product, limit=10_000)) < goal:
            dropped = [self._do(next(plan)) for _ in range(dice.randint(1, 3))]
            while time.monotonic() < until and not all(map(self._is_taken, dropped)):
                time.sleep(0.1)
            time.sleep(dice.uniform(0.05, 0.3))

    def _is_taken(self, put: Put | None) -> bool:
        """Whether a version came into a batch, or is known to come into none."""
        if put is None:
            return True
        arrival = self.ledger.arrival(self.bucket, put.file.key, put.version)
        return arrival is not None and arrival.state != "PENDING"

    def _do(self, action: Action) -> Put | None:
        self._count(action.kind)
        match action.kind:
            case "event":
                self._tell(next(put for put in self.puts if put.file == action.file))
            case "stop":
                self._stop_execution(action.file.product)
            case "expire":
                self._expire_lease(action.file.product)
            case "deleted":
                put = self._put(action.file)
                threading.Timer(action.wait, self._delete, [put]).start()
                return put
            case _:
                return self._put(action.file)
        return None

    def _put(self, file: File) -> Put:
        answer = self.target.client("s3").put_object(Bucket=self.bucket, Key=file.key, Body=file.body)
        put = Put(file, answer["VersionId"], answer["ETag"].strip('"'))
        with self._lock:
            self.puts.append(put)
        return put

    def _delete(self, put: Put) -> None:
        with self._lock:
            self.puts[self.puts.index(put)] = Put(put.file, put.version, put.etag, deleted=True)
        self.target.client("s3").delete_object(Bucket=self.bucket, Key=put.file.key, VersionId=put.version)

    def _tell(self, put: Put) -> None:
        """The event of an object, once more."""
        about = {"key": put.file.key, "etag": put.etag, "version-id": put.version, "size": len(put.file.body)}
        told = json.dumps({"detail": {"bucket": {"name": self.bucket}, "object": about}})
        self.target.client("sqs").send_message(QueueUrl=self._queue("arrivals"), MessageBody=told)

    def _sweep(self, end: threading.Event) -> None:
        while not end.wait(3):
            self._invoke_sweeper()

    def _stop_execution(self, product: str) -> None:
        if (lease := self.ledger.lease(product)) is None:
            return
        machine = self.target.parameters(DOMAIN)["publish-state-machine-arn"].replace(":stateMachine:", ":execution:")
        name = execution_name(lease.batch_id, lease.attempt)
        with suppress(ClientError):  # it has not begun, or has ended
            self.target.client("stepfunctions").stop_execution(executionArn=f"{machine}:{name}")

    def _expire_lease(self, product: str) -> None:
        with suppress(ClientError):  # nobody holds it
            self.table.update_item(
                Key={"pk": f"product#{product}", "sk": "lease"},
                UpdateExpression="SET expires_at = :now",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":now": int(time.time() * 1000) - 1},
            )

    def _invoke_sweeper(self) -> None:
        self.target.client("lambda").invoke(FunctionName=f"{_FUNCTIONS}sweep-batches", Payload=b"{}")

    def _redrive(self) -> None:
        sqs, queue = self.target.client("sqs"), self._queue("arrivals-dlq")
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            sqs.send_message(QueueUrl=self._queue("arrivals"), MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            self._count("redriven")

    # ------------------------------------------------------------------ what is left

    def _left(self, tried: dict[str, int]) -> list[str]:
        return [*self._unsettled(tried), *self._unseen(tried)]

    def _unsettled(self, tried: dict[str, int]) -> Iterator[str]:
        for product in self.products:
            if self.ledger.pending(product, limit=1):
                yield f"{product} has pending objects"
            if (lease := self.ledger.lease(product)) is not None:
                yield f"{product} is held by {lease.batch_id}"
        for batch in self.batches():
            if batch.state == "FAILED":
                self._retry(batch, tried)
            if batch.state not in _SETTLED:
                yield f"{batch.product} {batch.batch_id} is {batch.state} in attempt {batch.attempt}: {batch.error}"

    def _retry(self, batch: Batch, tried: dict[str, int]) -> None:
        if tried.setdefault(batch.batch_id, 0) < _RETRIES and self.ledger.lease(batch.product) is None:
            tried[batch.batch_id] += 1
            main(["retry", batch.batch_id, "--home", str(self.home), "--json"])
            self._count("retried")

    def _unseen(self, tried: dict[str, int]) -> Iterator[str]:
        """Versions that the ledger has not seen; files that came to nothing through no fault of theirs."""
        came_to: dict[File, set[str]] = {}
        for put in list(self.puts):
            arrival = self.ledger.arrival(self.bucket, put.file.key, put.version)
            state = arrival.state if arrival else "unseen"
            if not put.deleted:
                came_to.setdefault(put.file, set()).add(state)
            if state in _UNDER_WAY:
                yield f"{put.file.key} {put.version} is {state}"
        for file, states in came_to.items():
            if file.sound and "REJECTED" in states and not states & {"COMMITTED", *_UNDER_WAY}:
                yield f"{file.key} was rejected with its batch and is put again"
                if tried.setdefault(file.key, 0) < _RETRIES:
                    tried[file.key] += 1
                    self._put(file)
                    self._count("put again")

    # ------------------------------------------------------------------ helpers

    def _count(self, what: str) -> None:
        with self._lock:
            self.did[what] = self.did.get(what, 0) + 1

    def _queue(self, name: str) -> str:
        return str(self.target.client("sqs").get_queue_url(QueueName=f"{_FUNCTIONS}{name}")["QueueUrl"])

    def _thread(self, run: Callable[..., None], *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        thread.start()
        return thread

    @contextmanager
    def _writers(self) -> Iterator[None]:
        with self._engine("write", self.seed, self.database(), *self.tables()) as process:
            yield
            out, _ = process.communicate(timeout=120)
        told = json.loads(out)
        self.foreign = told["rows"]
        self.did |= {"foreign commits": told["commits"], "foreign conflicts": told["conflicts"]}

    @contextmanager
    def _engine(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """tests.support.chaos.lake, as the local mesh's root user."""
        standing = state.load(self.home)
        assert standing is not None
        environment = services.environment(standing, self.home)
        environment |= {"PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT": standing.endpoint}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.chaos.lake", *arguments],
            cwd=_PROJECT,
            env=environment | {"PYTHONPATH": f"{_PROJECT / 'layers/core'}:{_PROJECT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
