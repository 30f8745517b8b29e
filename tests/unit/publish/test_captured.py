"""The side door: what leaves by it comes out as it went in, and what gets lost on the way is noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datamesh.errors import InfrastructureError
from datamesh.publish import onepass
from datamesh.publish.captured import Captured
from tests.support.staging import column, staged, table

THINGS = table(column("id", "integer"), column("what"))
TEXTS = [
    'all "quotes" ""',
    "lines\nand\r\nreturns\ttabs",
    "backslash \\ \\n \\u0000",
    "{}[],:'",
    "émoji 🛩 \u2028 \x01 \x7f",
    "x" * 1_900_000,
    '"' * 600_000,
    "\x02" * 300_000,
    "",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_texts_come_out_as_they_went_in(tmp_path: Path, text: str) -> None:
    body = "".join(json.dumps({"id": i, "what": text}, ensure_ascii=False) + "\n" for i in (1, "bad", 2))

    done = staged(tmp_path, THINGS, {"f.jsonl": body})

    assert [(number, value) for _, number, _, _, value in done.bad] == [(2, "bad")]
    [(line,)] = done.quarantine("line")
    assert json.loads(line) == {"id": "bad", "what": text}


def test_files_of_several_layouts_leave_by_one_door(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.csv": "id,what\n1,a\nx,b\n",
        "b.csv": "what;id\na;1\nb;y\nc;z\n",
        "c.jsonl": '{"id": 1}\n{"id": "w"}\n',
        "d.csv": "id,what\n1,a\n2,b\n",
    }

    done = staged(tmp_path, THINGS, files)

    assert [(file, number, value) for file, number, _, _, value in done.bad] == [
        ("a.csv", 2, "x"),
        ("b.csv", 2, "y"),
        ("b.csv", 3, "z"),
        ("c.jsonl", 2, "w"),
    ]


@pytest.mark.parametrize("body", ["id,what\n1,a\nx,b\ny,c\n", 'id,what\n1,"a"\nx,b\ny,c\n'])
def test_a_row_that_the_door_loses_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    real = onepass.collect

    def losing(*given: Any, **more: Any) -> Captured:
        told = real(*given, **more)
        return replace(told, rows=told.rows - 1)

    monkeypatch.setattr(onepass, "collect", losing)

    with pytest.raises(InfrastructureError, match="staging failed"):
        staged(tmp_path, THINGS, {"f.csv": body})
