"""Files put into a domain's landing bucket, and what becomes of them: the whole of what a publisher does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from boto3.s3.transfer import TransferConfig
from pydantic import BaseModel, ConfigDict

from cli.screen import Screen, Step
from cli.target import ProductName, Target
from datamesh.contract.model import Version
from datamesh.contract.parse import parse
from datamesh.contract.revise import revised
from datamesh.errors import InfrastructureError, UnreadableInput, UserError
from datamesh.events import Reason
from datamesh.lake.layout import CONTRACTS_PREFIX
from datamesh.publish.content import AGAIN
from datamesh.publish.ledger import Arrival, Batch, ContractOutcome, Ledger

__all__ = ["Run", "follow", "land", "publish", "push", "readable", "retirement", "run_of"]

_UPLOAD = "datamesh-upload"  # tells our upload from one that somebody else made of the same key at the same moment
_NOTICED_WITHIN = 180.0  # seconds until an upload's event should have reached the ledger
_POLL = 0.15
# One part up to this size: its checksum is then the file's, and the same file is known again however it was sent.
_PARTS = TransferConfig(multipart_threshold=64 << 20, multipart_chunksize=64 << 20)

T = TypeVar("T")


class Run(BaseModel):
    """How publishing went, as `mesh publish --json` shows it. `unchanged`: the mesh has the file; nothing was read."""

    model_config = ConfigDict(frozen=True)

    product: str
    run_id: str | None
    status: Literal["running", "published", "partial", "unchanged", "rejected", "failed"]
    rows_in: int = 0
    rows_published: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0
    snapshot_id: int | None = None
    reasons: tuple[Reason, ...] = ()
    seconds: float | None = None


def publish(
    target: Target, screen: Screen, product: ProductName, files: Sequence[Path], *, again: bool = False
) -> list[Run]:
    """Uploads `files` and waits until the mesh is done with them; one run for each batch they came into.

    Raises UserError for a file that cannot be read here. What a file holds is for the mesh to judge.
    """
    return land(target, screen, product, _keys(product, files), {AGAIN: uuid.uuid4().hex} if again else {})


def land(
    target: Target, screen: Screen, product: ProductName, keys: Mapping[str, Path], metadata: dict[str, str]
) -> list[Run]:
    """Uploads a file to each of the landing bucket's `keys`, and waits until the mesh is done with them."""
    bucket = target.parameters(product.domain)["landing-bucket"]
    began = time.monotonic()
    sent = [
        (key, upload(target, screen, path, bucket=bucket, key=key, metadata=metadata)) for key, path in keys.items()
    ]
    ledger = target.ledger(product.domain)
    runs: dict[tuple[str | None, str], Run] = {}
    with screen.step(f"{product}: waiting for {_count(sent, 'file')}") as step:
        for key, version in sent:
            look = partial(_seen, ledger, bucket, key, version)
            arrival = _await(look, f"{bucket}/{key}", hint="`mesh runs` shows whether another run holds it up")
            run = _outcome(ledger, product, arrival, step, time.monotonic() - began)
            runs.setdefault((run.run_id, run.status), run)
            step.say(f"{product}: {run.status}", well=run.status not in {"rejected", "failed"})
    return list(runs.values())


def push(target: Target, screen: Screen, file: Path) -> tuple[ProductName, ContractOutcome]:
    """Puts a contract in force: uploads it and waits until the domain has applied or rejected it.

    Raises UserError when the file names no domain and product, InfrastructureError when the domain could not do it.
    """
    contract = parse(readable(file).read_bytes())
    if not (contract.domain and contract.product):
        raise UserError(f"{file} names no domain or no product", hint="`mesh contract lint` says where they stand")
    product = ProductName(contract.domain, contract.product)
    bucket = target.parameters(product.domain)["landing-bucket"]
    key = f"{CONTRACTS_PREFIX}{product.product}.odcs.yaml"
    version = upload(target, screen, file, bucket=bucket, key=key)
    ledger = target.ledger(product.domain)
    with screen.step(f"{product}: waiting for its contract") as step:
        look = partial(ledger.contract_outcome, product.product, version)
        workflow = f"datamesh-{target.stage}-{product.domain}-apply-contract"
        outcome = _await(look, f"{bucket}/{key}", hint=f"the executions of {workflow} say what became of it")
        step.say(f"{product}: contract {outcome.version} {outcome.outcome}", well=outcome.outcome == "applied")
    if outcome.outcome == "failed":
        raise InfrastructureError(f"the contract of {product} failed: {outcome.error}", hint="push it again")
    return product, outcome


def retirement(target: Target, product: ProductName, major: int) -> bytes:
    """The contract in force of a major version, with status retired and a higher minor version.

    Raises UserError when there is no such version, ContractError when its text cannot be changed so.
    """
    state = target.ledger(product.domain).product(product.product)
    held = state.of(major) if state else None
    if state is None or held is None:
        there = ", ".join(str(each.major) for each in state.majors) if state else "none"
        raise UserError(f"{product} has no major version {major}", hint=f"there are: {there}")
    at = held.contract
    data = target.client("s3").get_object(Bucket=at.bucket, Key=at.key)["Body"].read()
    version = parse(data).version
    return revised(data, version=Version(version.major, version.minor + 1), status="retired")


def upload(
    target: Target, screen: Screen, path: Path, *, bucket: str, key: str, metadata: dict[str, str] | None = None
) -> str:
    """Puts `path` as `key`, and gives the version that it became."""
    mark = uuid.uuid4().hex
    s3 = target.client("s3")
    with screen.step(f"{path.name} -> s3://{bucket}/{key}", total=path.stat().st_size) as step:
        s3.upload_file(
            str(path),
            bucket,
            key,
            ExtraArgs={"ChecksumAlgorithm": "SHA256", "Metadata": (metadata or {}) | {_UPLOAD: mark}},
            Config=_PARTS,
            Callback=step.advance,
        )
        head = s3.head_object(Bucket=bucket, Key=key)
    if head["Metadata"].get(_UPLOAD) != mark:
        raise UserError(f"somebody else put {key} at the same moment", hint="publish again")
    return str(head.get("VersionId", ""))


def follow(ledger: Ledger, batch: Batch, step: Step) -> Batch:
    """Waits until `batch` has ended and its end is announced, showing the steps it takes."""
    for now in _repeatedly(lambda: ledger.batch(batch.product, batch.batch_id)):
        if now is None or now.status != "running":
            return now or batch
        if taken := ledger.steps(batch.product, batch.batch_id):
            step.say(f"{step.text.split(':')[0]}: {taken[-1].name} done")
    raise AssertionError("unreachable")


def run_of(product: ProductName, batch: Batch) -> Run:
    return Run(
        product=str(product),
        run_id=batch.batch_id,
        status=batch.status,
        snapshot_id=batch.snapshot_id,
        reasons=batch.reasons or ((Reason(rule=batch.error),) if batch.error else ()),
        seconds=batch.seconds,
        **batch.counts.model_dump(),
    )


def _outcome(ledger: Ledger, product: ProductName, arrival: Arrival, step: Step, seconds: float) -> Run:
    if arrival.batch_id is None:
        reasons = (Reason(rule=arrival.rule or "unknown"),)
        return Run(product=str(product), run_id=None, status="rejected", reasons=reasons, seconds=round(seconds, 3))
    batch = ledger.batch(product.product, arrival.batch_id)
    if batch is None:
        raise InfrastructureError(f"the ledger has no run {arrival.batch_id} of {product}")
    run = run_of(product, follow(ledger, batch, step))
    if arrival.state != "DUPLICATE" or run.status == "failed":  # a failed run has the file, and is to be retried
        return run
    return Run(
        product=run.product,
        run_id=run.run_id,
        status="unchanged",
        snapshot_id=run.snapshot_id,
        seconds=round(seconds, 3),
    )


def _seen(ledger: Ledger, bucket: str, key: str, version: str) -> Arrival | None:
    """An arrival, once it is in a batch or never will be."""
    arrival = ledger.arrival(bucket, key, version)
    return arrival if arrival and (arrival.batch_id or arrival.state == "REJECTED") else None


def _await(look: Callable[[], T | None], what: str, *, hint: str) -> T:
    deadline = time.monotonic() + _NOTICED_WITHIN
    for found in _repeatedly(look):
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise InfrastructureError(f"no word of {what} in {_NOTICED_WITHIN:.0f} s; it stays where it is", hint=hint)
    raise AssertionError("unreachable")


def _repeatedly(look: Callable[[], T]) -> Iterator[T]:
    while True:
        yield look()
        time.sleep(_POLL)


def _keys(product: ProductName, files: Sequence[Path]) -> dict[str, Path]:
    keys: dict[str, Path] = {}
    for path in files:
        key = f"{product.product}/{readable(path).name}"
        if key in keys:
            raise UserError(f"two of the files are called {path.name}", hint="publish them one after the other")
        keys[key] = path
    return keys


def readable(path: Path) -> Path:
    """`path`, if it is a file that can be read here. Raises UnreadableInput."""
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read: {error.strerror}", hint="check the path") from error


def _count(things: Sequence[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
