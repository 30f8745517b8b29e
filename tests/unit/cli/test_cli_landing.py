"""What a publisher is told: a run for each batch, `unchanged` for what the mesh has, why a file was rejected."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cli import landing
from cli.screen import Screen
from cli.target import ProductName, Target
from datamesh.errors import InfrastructureError, UnreadableInput, UserError
from datamesh.events import Reason
from datamesh.publish.content import AGAIN
from datamesh.publish.ledger import Arrival, Batch, ContractOutcome, Counts, ProductState, Step
from tests.support.contracts import STOPS
from tests.support.publishing import product_state

PLANES = ProductName("fleet", "planes")
T = TypeVar("T")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = "20261123T120000Z-0123abcd"


@dataclass
class Bucket:
    """S3 as far as an upload goes: what was put, and its metadata."""

    put: dict[str, dict[str, Any]] = field(default_factory=dict)
    overwritten: bool = False
    texts: dict[str, bytes] = field(default_factory=dict)

    def get_object(self, **at: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.texts[at["Key"]])}

    def upload_file(self, path: str, bucket: str, key: str, **options: Any) -> None:
        self.put[key] = options["ExtraArgs"]
        options["Callback"](Path(path).stat().st_size)

    def head_object(self, **at: str) -> dict[str, Any]:
        metadata = {} if self.overwritten else self.put[at["Key"]]["Metadata"]
        return {"Metadata": metadata, "VersionId": "v1"}


@dataclass
class Ledger:
    """The ledger as a publisher sees it: answers come in turn, the last one stays."""

    arrivals: dict[str, list[Arrival | None]]
    batches: dict[str, list[Batch]] = field(default_factory=dict)
    outcome: ContractOutcome | None = None

    state: ProductState | None = None

    def product(self, name: str) -> ProductState | None:
        return self.state

    def arrival(self, bucket: str, key: str, version_id: str) -> Arrival | None:
        return _next(self.arrivals[key])

    def batch(self, product: str, batch_id: str) -> Batch | None:
        return _next(self.batches[batch_id]) if batch_id in self.batches else None

    def steps(self, product: str, batch_id: str) -> list[Step]:
        return [Step(name="validate_batch", status="succeeded", started_at=NOW, seconds=1.0)]

    def contract_outcome(self, product: str, version_id: str) -> ContractOutcome | None:
        return self.outcome


def _next(answers: list[T]) -> T:
    return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass(frozen=True)
class Mesh(Target):
    bucket: Bucket = field(default_factory=Bucket)
    book: Ledger = field(default_factory=lambda: Ledger({}))

    def client(self, service: str) -> Any:
        return self.bucket

    def parameters(self, plane: str) -> Mapping[str, str]:
        return {"landing-bucket": f"{plane}-landing"}

    def ledger(self, domain: str) -> Any:
        return self.book


def mesh(book: Ledger, bucket: Bucket | None = None) -> Mesh:
    return Mesh(stage="dev", session=None, bucket=bucket or Bucket(), book=book)


def arrival(key: str, state: Any, batch_id: str | None = None, rule: str | None = None) -> Arrival:
    return Arrival(bucket="b", key=key, version_id="v", state=state, product="planes", batch_id=batch_id, rule=rule)


def batch(state: Any, **more: Any) -> Batch:
    known = {"product": "planes", "batch_id": RUN, "contract_version": "1.0.0", "objects": 1, "size": 9}
    return Batch(state=state, created_at=NOW, **known, **more)


PUBLISHED = batch("ANNOUNCED", ended_at=NOW, counts=Counts(rows_in=3, rows_published=3), snapshot_id=7)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "_POLL", 0)
    monkeypatch.setattr(landing, "_NOTICED_WITHIN", 0.05)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in made:
        path.write_text("tailnum\nN1\n", encoding="utf-8")
    return made


def test_a_publisher_waits_until_the_run_has_ended_and_is_announced(files: list[Path]) -> None:
    seen = [None, arrival("planes/one.csv", "PENDING"), arrival("planes/one.csv", "ASSIGNED", RUN)]
    book = Ledger({"planes/one.csv": seen}, {RUN: [batch("ASSIGNED"), batch("COMMITTED"), PUBLISHED]})

    [run] = landing.publish(mesh(book), Screen(), PLANES, files[:1])

    assert (run.product, run.run_id, run.status) == ("fleet.planes", RUN, "published")
    assert (run.rows_in, run.rows_published, run.snapshot_id) == (3, 3, 7)


def test_files_that_came_into_one_batch_are_one_run(files: list[Path]) -> None:
    keys = ["planes/one.csv", "planes/two.csv"]
    book = Ledger({key: [arrival(key, "COMMITTED", RUN)] for key in keys}, {RUN: [PUBLISHED]})

    assert len(landing.publish(mesh(book), Screen(), PLANES, files)) == 1


def test_what_the_mesh_has_already_is_unchanged_and_counts_no_rows(files: list[Path]) -> None:
    book = Ledger({"planes/one.csv": [arrival("planes/one.csv", "DUPLICATE", RUN)]}, {RUN: [PUBLISHED]})

    [run] = landing.publish(mesh(book), Screen(), PLANES, files[:1])

    assert (run.status, run.run_id, run.snapshot_id, run.rows_in) == ("unchanged", RUN, 7, 0)


def test_a_file_whose_run_failed_is_not_called_unchanged(files: list[Path]) -> None:
    failed = batch("FAILED", error="States.Timeout")
    book = Ledger({"planes/one.csv": [arrival("planes/one.csv", "DUPLICATE", RUN)]}, {RUN: [failed]})

    [run] = landing.publish(mesh(book), Screen(), PLANES, files[:1])

    assert (run.status, run.run_id) == ("failed", RUN)


def test_a_file_that_never_came_into_a_batch_is_rejected_with_its_rule(files: list[Path]) -> None:
    book = Ledger({"planes/one.csv": [arrival("planes/one.csv", "REJECTED", rule="unknownProduct")]})

    [run] = landing.publish(mesh(book), Screen(), PLANES, files[:1])

    assert (run.status, run.run_id, run.reasons) == ("rejected", None, (Reason(rule="unknownProduct"),))


@pytest.mark.parametrize(
    ("ended", "status", "rule"),
    [
        (batch("REJECTED", reasons=(Reason(rule="header"),)), "rejected", "header"),
        (batch("FAILED", error="States.Timeout"), "failed", "States.Timeout"),
    ],
    ids=["rejected", "failed"],
)
def test_a_run_that_did_not_publish_says_why(files: list[Path], ended: Batch, status: str, rule: str) -> None:
    book = Ledger({"planes/one.csv": [arrival("planes/one.csv", "ASSIGNED", RUN)]}, {RUN: [ended]})

    [run] = landing.publish(mesh(book), Screen(), PLANES, files[:1])

    assert (run.status, [reason.rule for reason in run.reasons]) == (status, [rule])


def test_again_gives_the_file_another_identity(files: list[Path]) -> None:
    book = Ledger({"planes/one.csv": [arrival("planes/one.csv", "COMMITTED", RUN)]}, {RUN: [PUBLISHED]})
    plain, again = Bucket(), Bucket()

    landing.publish(mesh(book, plain), Screen(), PLANES, files[:1])
    landing.publish(mesh(book, again), Screen(), PLANES, files[:1], again=True)

    assert AGAIN not in plain.put["planes/one.csv"]["Metadata"]
    assert again.put["planes/one.csv"]["Metadata"][AGAIN]
    assert plain.put["planes/one.csv"]["ChecksumAlgorithm"] == "SHA256"


def test_a_file_that_nobody_takes_is_waited_for_no_longer_than_that(files: list[Path]) -> None:
    with pytest.raises(InfrastructureError, match="stays where it is"):
        landing.publish(mesh(Ledger({"planes/one.csv": [None]})), Screen(), PLANES, files[:1])


def test_two_files_of_one_name_would_be_one_object(files: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "more" / "one.csv"
    other.parent.mkdir()
    other.write_text("tailnum\nN2\n", encoding="utf-8")

    with pytest.raises(UserError, match=r"called one\.csv"):
        landing.publish(mesh(Ledger({})), Screen(), PLANES, [files[0], other])


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_is_not_sent(tmp_path: Path, name: str) -> None:
    bucket = Bucket()

    with pytest.raises(UnreadableInput):
        landing.publish(mesh(Ledger({}), bucket), Screen(), PLANES, [tmp_path / name])

    assert bucket.put == {}


def test_an_upload_that_somebody_wrote_over_is_not_mistaken_for_ours(files: list[Path]) -> None:
    with pytest.raises(UserError, match="somebody else"):
        landing.publish(mesh(Ledger({}), Bucket(overwritten=True)), Screen(), PLANES, files[:1])


def test_a_contract_goes_to_the_domain_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "whatever.yaml"
    file.write_text(STOPS, encoding="utf-8")
    bucket, outcome = Bucket(), ContractOutcome(outcome="applied", version="1.0.0")

    product, told = landing.push(mesh(Ledger({}, outcome=outcome), bucket), Screen(), file)

    assert (str(product), told) == ("transit.stops", outcome)
    assert list(bucket.put) == ["contracts/stops.odcs.yaml"]


def test_a_contract_without_a_domain_goes_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "stops.odcs.yaml"
    file.write_text("kind: DataContract\n", encoding="utf-8")

    with pytest.raises(UserError, match="names no domain"):
        landing.push(mesh(Ledger({})), Screen(), file)


def test_a_major_version_ends_by_its_own_contract_with_another_status() -> None:
    held = product_state("stops")
    newest = held.model_copy(update={"contract_version": "2.1.0", "earlier": (held,)})
    bucket = Bucket(texts={held.contract.key: STOPS.encode()})
    text = landing.retirement(mesh(Ledger({}, state=newest), bucket), ProductName("transit", "stops"), 1).decode()
    assert text == STOPS.replace("version: 1.0.0", "version: 1.1.0").replace("status: active", "status: retired")


def test_a_major_version_that_is_not_there_does_not_end() -> None:
    with pytest.raises(UserError) as missing:
        landing.retirement(mesh(Ledger({}, state=product_state("stops"))), ProductName("transit", "stops"), 2)
    assert missing.value.hint == "there are: 1"
