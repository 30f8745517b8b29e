"""`python -m bench.planner PRODUCTS COLUMNS VALUES AT_HOME WORK`: loading a mesh's knowledge and planning, in one line.

AT_HOME (0 to 1) of the questions say the domain of what they ask about.

The knowledge is loaded as the query function does it in a new process: the registry's items, the pack out of the
bucket, here a directory; then the vocabulary of a caller who may read everything. Questions are of ten kinds. Seconds
are of the processor, for a shared machine has others; S3's and DynamoDB's own time is left out.
"""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from bench.mesh import Made, made, questions
from datamesh.ask.planner import plan
from datamesh.ask.view import view_of
from datamesh.registry.knowledge import KnowledgeLoader
from datamesh.registry.pack import PACK_KEY, write_pack

T = TypeVar("T")
_ASKED = 200
_TODAY = date(2026, 11, 28)
_ACCOUNT = "123456789012"
_PRINCIPAL = f"arn:aws:iam::{_ACCOUNT}:role/analyst"
_PUBLISHED = "2026-11-28T12:00:00+00:00"


class Directory:
    """The few calls of S3 that loading makes, over files."""

    class exceptions:  # noqa: N801 - as in boto3
        class NoSuchKey(Exception):
            pass

    def __init__(self, root: Path) -> None:
        self._root = root

    def get_object(self, *, Key: str, Range: str = "", **_: str) -> dict[str, Any]:  # noqa: N803 - as in boto3
        path = self._root / Key
        if not path.exists():
            raise self.exceptions.NoSuchKey
        size = path.stat().st_size
        start, end = map(int, re.findall(r"\d+", Range)) if Range else (0, size)
        with path.open("rb") as file:
            file.seek(start)
            body = io.BytesIO(file.read(end - start + 1))
        return {"Body": body, "ETag": "one", "ContentRange": f"bytes {start}-{end}/{size}"}


class Items:
    """A registry that was filled."""

    def __init__(self, products: list[Made]) -> None:
        self._items = [_item(product) for product in products]

    def products(self) -> list[dict[str, Any]]:
        return [dict(item) for item in self._items]


def _item(product: Made) -> dict[str, Any]:
    table = product.name.partition(".")[2]
    values = {"version": "1.0.0", "database": "d", "table": table, "reader_role_arn": "r", "status": "active"}
    names = ("snapshot_id", "sequence", "total_rows", "rows_in", "rows_published", "rows_quarantined")
    counts = dict.fromkeys(names, 1) | {"run_id": "r", "status": "published", "published_at": _PUBLISHED}
    return {
        "name": f"{product.name}#1",
        "account": _ACCOUNT,
        "contract": values | {"knowledge_key": f"{product.name}/contract"},
        "snapshot": counts | {"knowledge_key": f"{product.name}/profile"},
    }


def main() -> int:
    products, columns, values = map(int, sys.argv[1:4])
    at_home, root, mesh = float(sys.argv[4]), Path(sys.argv[5]), made(products, columns, values)
    packing = _packed(root, mesh)
    told: dict[str, Any] = {
        "products": products,
        "columns": sum(len(product.profile.columns) for product in mesh),
        "values": sum(len(column.values or ()) for product in mesh for column in product.profile.columns),
        "pack_mb": round((root / PACK_KEY).stat().st_size / 1e6, 1),
        "packing_s": round(packing, 2),
    }
    items = Items(mesh)
    del mesh
    print(json.dumps(told | _measured(root, items, questions(products, columns, _ASKED, at_home=at_home))))
    return 0


def _packed(root: Path, mesh: list[Made]) -> float:
    """Writes the pack, and what it was made of is not there any more. Seconds."""
    held = {f"{product.name}/contract": product.contract for product in mesh}
    held |= {f"{product.name}/profile": product.profile.model_dump_json().encode() for product in mesh}
    (root / PACK_KEY).parent.mkdir(parents=True, exist_ok=True)
    contracts, profiles = ([key for key in held if key.endswith(end)] for end in ("/contract", "/profile"))
    return _took(
        lambda: write_pack(root / PACK_KEY, old=None, contracts=contracts, profiles=profiles, read=held.__getitem__)
    )[0]


def _measured(root: Path, items: Any, asked: list[tuple[str, str]]) -> dict[str, Any]:
    loader = KnowledgeLoader(items, Directory(root), "")
    loading, knowledge = _took(loader.load)
    viewing, view = _took(lambda: view_of(knowledge, _PRINCIPAL))
    first = _took(lambda: plan("How many", view.knowledge, view.columns, today=_TODAY))[0]
    again = _took(loader.load)[0]
    times: dict[str, list[float]] = defaultdict(list)
    outcomes: Counter[str] = Counter()
    for kind, question in asked:
        took, found = _took(lambda: plan(question, view.knowledge, view.columns, today=_TODAY))  # noqa: B023 - at once
        times[kind].append(took * 1000)
        outcomes[f"{kind}: {found.status}"] += 1
    every = sorted(took for each in times.values() for took in each)
    return {
        "loading_s": round(loading + viewing + first, 3),
        "loading_again_s": round(again, 3),
        "planning_ms": {"median": round(median(every), 1), "p95": round(every[int(0.95 * len(every))], 1)},
        "kinds_ms": {kind: round(median(each), 1) for kind, each in times.items()},
        "outcomes": dict(sorted(outcomes.items())),
    }


def _took(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


if __name__ == "__main__":
    sys.exit(main())
