"""Everything that can go wrong goes wrong, by a seeded schedule, on the real local mesh; then every row is counted.

    DATAMESH_CHAOS_SEED=... DATAMESH_CHAOS_BATCHES=200 pytest tests/e2e/test_mesh_chaos.py

runs one schedule again (tests/support/chaos/plan.py says what of it is the same). `make chaos` runs several, of 200
batches each; the suite runs a shorter one.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datamesh.registry.store import Registry
from tests.support.chaos import check, plan
from tests.support.chaos.run import Chaos

SEED = os.environ.get("DATAMESH_CHAOS_SEED", "datamesh")
BATCHES = int(os.environ.get("DATAMESH_CHAOS_BATCHES", "24"))
PRODUCTS = plan.products()
QUEUE = f"datamesh-dev-{plan.DOMAIN}-arrivals"


@pytest.fixture
def chaos(mesh: Any, tmp_path: Path) -> Iterator[Chaos]:
    """Products of chaos's own. A message comes back soon, and a router's lease ends soon, or the test would wait."""
    for product in PRODUCTS:
        contract = tmp_path / f"{product}.odcs.yaml"
        contract.write_text(plan.contract(product), encoding="utf-8")
        assert mesh.json("contract", "push", str(contract))["outcome"] == "applied"
    sqs = mesh.target.client("sqs")
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    with (
        mesh.configured(f"datamesh-dev-{plan.DOMAIN}-route-arrivals", LEASE_SECONDS="6"),
        mesh.configured(f"datamesh-dev-{plan.DOMAIN}-sweep-batches", LEASE_SECONDS="6"),
    ):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "4"})
        yield Chaos(SEED, mesh.home, mesh.target, PRODUCTS)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=before)


def test_every_row_is_accounted_for_once_whatever_happens(
    mesh: Any, chaos: Chaos, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\nchaos: {line}")

    say(f"DATAMESH_CHAOS_SEED={SEED} DATAMESH_CHAOS_BATCHES={BATCHES}")
    began = time.monotonic()

    faults = chaos.rage(plan.faults(SEED, batches=BATCHES), batches=BATCHES, within=20 * BATCHES + 120)
    raged = time.monotonic()
    chaos.settle(within=900)

    batches = chaos.batches()
    say(f"{len(batches)} batches {dict(Counter(batch.status for batch in batches))}, files {chaos.did}")
    say(f"faults {dict(Counter(fault['outcome'] for fault in faults for _ in range(fault['happened'])))}")
    say(f"{raged - began:.0f} s of chaos, {time.monotonic() - raged:.0f} s to settle")
    steps = [step for batch in batches for step in chaos.ledger.steps(batch.product, batch.batch_id)]
    say(f"{sum(step.detail.get('conflicts', 0) for step in steps)} conflicts were answered within the last step")
    assert len(batches) >= BATCHES
    assert sum(1 for fault in faults if fault["happened"]) > len(faults) // 2, "this schedule hardly does any harm"
    assert check.wrong(chaos, registered(mesh, chaos)) == []


def registered(mesh: Any, chaos: Chaos) -> list[dict[str, Any]]:
    """The registry's products, once it has heard of the newest snapshot of each, or had time enough."""
    registry = Registry(mesh.target.table(mesh.target.parameters("platform")["registry-table"]))
    until = time.monotonic() + 120
    while check.behind(chaos, found := registry.products()) and time.monotonic() < until:
        time.sleep(1)
    return found
