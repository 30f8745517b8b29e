"""What publishing would do, without AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datamesh.contract.intake import Merge
from datamesh.contract.model import Contract, Table, Version
from datamesh.events import Reason
from datamesh.publish.ledger import Counts
from datamesh.publish.try_out import TryOut, try_out
from tests.support.staging import column, table

COLUMNS = (column("id", "integer", required=True), column("name"))


def contract(wanted: Table) -> Contract:
    return Contract("c", "testing", "things", Version(1), "active", "v3.2.0", (wanted,))


def run(tmp_path: Path, wanted: Table, files: dict[str, str], **more: Any) -> TryOut:
    paths = []
    for name, body in files.items():
        (tmp_path / name).write_text(body)
        paths.append(tmp_path / name)
    return try_out(contract(wanted), paths, workdir=tmp_path / "work", **more)


def test_clean_files_would_be_published(tmp_path: Path) -> None:
    done = run(tmp_path, table(*COLUMNS), {"a.csv": "id,name\n1,a\n", "b.csv": "id\n2\n"})

    assert (done.status, done.counts.rows_in, done.counts.rows_published, done.sample) == ("published", 2, 2, ())


def test_bad_rows_are_shown(tmp_path: Path) -> None:
    body = "id,name\n1,a\n" + "".join(f"x{n},b\n" for n in range(5))

    done = run(tmp_path, table(*COLUMNS), {"a.csv": body}, sample=2)

    assert (done.status, done.counts.rows_quarantined) == ("partial", 5)
    assert done.reasons == (Reason(rule="type", column="id", rows=5),)
    assert done.sample == (
        {"file": "a.csv", "row_number": 2, "rule": "type", "column": "id", "value": "x0"},
        {"file": "a.csv", "row_number": 3, "rule": "type", "column": "id", "value": "x1"},
    )


def test_a_refused_file_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, table(*COLUMNS), {"a.csv": "id\n1\n", "b.csv": ""})

    assert (done.status, done.refused, done.reasons) == ("rejected", ("b.csv",), (Reason(rule="empty-file"),))


def test_a_header_and_nothing_else_is_an_empty_file(tmp_path: Path) -> None:
    done = run(tmp_path, table(*COLUMNS), {"a.csv": "id,name\n"})

    assert (done.status, done.reasons) == ("rejected", (Reason(rule="empty-file"),))


def test_of_files_that_each_replace_the_table_the_last_one_counts(tmp_path: Path) -> None:
    wanted = table(*COLUMNS, write_mode="overwrite")

    done = run(tmp_path, wanted, {"a.csv": "id\n1\nx\n2\n3,too,many\n", "b.txt": "", "c.csv": "id\n9\n"})

    assert done.status == "published"
    assert (done.counts.rows_in, done.counts.rows_published, done.counts.rows_superseded) == (5, 1, 4)
    assert done.counts.balanced


def test_rows_are_merged_by_key_and_some_delete_it(tmp_path: Path) -> None:
    keyed = (column("id", "integer", primary_key_position=1), column("seq", "integer"), column("op"))
    wanted = table(*keyed, write_mode="merge", merge=Merge("seq", "op", ("D",)))

    done = run(
        tmp_path, wanted, {"a.csv": "id,seq,op\n1,1,I\n2,5,I\n3,1,I\n,1,I\n", "b.csv": "id,seq,op\n2,4,D\n3,2,D\n"}
    )

    # 2 was deleted before it was put; 3 after
    assert done.counts == Counts(rows_in=6, rows_published=2, rows_quarantined=1, rows_superseded=2, rows_deleted=1)
    assert done.status == "partial"
