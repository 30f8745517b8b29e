"""mesh contract lint: proposals from files, from what is published, and from the text alone."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.frame import Frame
from cli.main import main
from datamesh.contract.profile import ColumnProfile, Profile
from tests.support.kits import bakery

Output = pytest.CaptureFixture[str]

_CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: shop-{0}
name: {0}
version: 1.0.0
status: active
domain: shop
dataProduct: {0}
schema:
  - name: {0}
    synonyms: [{{synonym: things}}]
    properties:
      - {{name: {1}, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: {2}, logicalType: {3}}}
team:
  members:
    - {{username: sam, customProperties: [{{property: datamesh.principals, value: [role/sam]}}]}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two contracts, and the rows of both in a folder: orders of people."""
    (tmp_path / "orders.odcs.yaml").write_text(_CONTRACT.format("orders", "order_no", "buyer_id", "integer"))
    (tmp_path / "buyers.odcs.yaml").write_text(_CONTRACT.format("buyers", "buyer_id", "joined", "string"))
    (tmp_path / "data").mkdir()
    orders = "".join(f"{n},{n % 3 + 1}\n" for n in range(9))
    (tmp_path / "data/orders_2013-01.csv").write_text(f"order_no,buyer_id\n{orders}")
    buyers = "".join(f"{n},{n:02}.01.2013\n" for n in range(1, 15))
    (tmp_path / "data/buyers.csv").write_text(f"buyer_id,joined\n{buyers}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


FILES = ["orders.odcs.yaml", "buyers.odcs.yaml"]


def told(capsys: Output, *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main(["contract", "lint", *arguments, "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def proposed(answer: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    return [(f["file"], f["line"], f["rule"]) for f in answer["findings"] if f["severity"] == "info"]


BOTH = [
    ("orders.odcs.yaml", 14, "questions.relationship"),
    ("buyers.odcs.yaml", 14, "questions.type"),
]


def test_files_in_a_folder_are_those_of_the_tables_that_they_are_named_for(shop: Path, capsys: Output) -> None:
    answer = told(capsys, *FILES, "--data", "data")
    assert proposed(answer) == BOTH
    assert (answer["errors"], answer["warnings"], answer["proposals"]) == (0, 0, 2)
    assert answer["findings"][0]["fix"].endswith("to: buyers.odcs.yaml#/schema/buyers/properties/buyer_id")
    assert "{format: " in answer["findings"][1]["fix"]


def test_a_file_of_another_name_is_said_to_be_a_tables(shop: Path, capsys: Output) -> None:
    (shop / "data/buyers.csv").rename(shop / "people.csv")
    given = ["--data", "data/orders_2013-01.csv", "--data", "buyers=people.csv"]
    assert proposed(told(capsys, *FILES, *given)) == BOTH
    given[-1] = "shop.buyers=people.csv"
    assert proposed(told(capsys, *FILES, *given)) == BOTH


def test_one_contract_needs_no_names(shop: Path, capsys: Output) -> None:
    (shop / "data/buyers.csv").rename(shop / "people.csv")
    assert proposed(told(capsys, "buyers.odcs.yaml", "--data", "people.csv")) == BOTH[1:]


def test_people_read_what_to_write_and_no_value_of_the_data(shop: Path, capsys: Output) -> None:
    assert main(["contract", "lint", *FILES, "--data", "data"]) == 0
    said, beside = capsys.readouterr()
    assert "questions.relationship" in said
    assert "relationships:" in said
    assert "2 read: 0 errors, 0 warnings, 2 proposals" in said
    assert "01.2013" not in said + beside


def test_rows_that_break_the_contract_are_counted_beside_it(shop: Path, capsys: Output) -> None:
    with (shop / "data/buyers.csv").open("a") as file:
        file.write("somebody,01.01.2013\n")
    assert main(["contract", "lint", *FILES, "--data", "data"]) == 0
    assert "shop.buyers: 1 row breaks the contract and is left out" in capsys.readouterr().err


def test_what_no_table_is_named_for_is_left_out_and_told(shop: Path, capsys: Output) -> None:
    (shop / "data/notes.txt").write_text("nothing\n")
    assert main(["contract", "lint", *FILES, "--data", "data"]) == 0
    assert "data: notes.txt left out" in capsys.readouterr().err


def test_without_rows_the_text_is_read_alone(shop: Path, capsys: Output) -> None:
    assert proposed(told(capsys, *FILES)) == []
    bare = (shop / FILES[0]).read_text().replace("    synonyms: [{synonym: things}]\n", "")
    (shop / FILES[0]).write_text(bare)
    assert proposed(told(capsys, *FILES)) == [("orders.odcs.yaml", 9, "questions.vocabulary")]


def test_a_database_to_measure_is_proposed_for_though_it_is_no_product(tmp_path: Path, capsys: Output) -> None:
    kit = bakery(tmp_path)
    contract = (kit / "contract.odcs.yaml").read_text()
    assert "relationships" in contract
    answer = told(capsys, str(kit / "contract.odcs.yaml"), "--data", str(kit / "data"), code=2)
    assert answer["errors"] > 0
    assert "questions.vocabulary" in {rule for _, _, rule in proposed(answer)}


def test_a_contract_with_errors_is_mended_first(shop: Path, capsys: Output) -> None:
    (shop / FILES[1]).write_text((shop / FILES[1]).read_text().replace("logicalType: string", "logicalType: strong"))
    assert main(["contract", "lint", *FILES, "--data", "data/orders_2013-01.csv", "--json"]) == 2
    said, beside = capsys.readouterr()
    assert proposed(json.loads(said)) == []
    assert "buyers.odcs.yaml: proposals wait until its errors are mended" in beside


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--data", "data/strange.csv"], "no table is named so"),
        (["--data", "orders=data/buyers.csv"], "missing-column"),
        (["--data", "data", "--published"], "give one of them"),
        (["--published"], "no local mesh was started here"),
    ],
)
def test_a_mistake_exits_with_2(shop: Path, arguments: list[str], said: str, capsys: Output) -> None:
    (shop / "data/strange.csv").write_text("a\n1\n")
    assert said in json.dumps(told(capsys, *FILES, *arguments, code=2))


def test_one_product_twice_is_a_mistake(shop: Path, capsys: Output) -> None:
    again = shop / "again/orders.odcs.yaml"
    again.parent.mkdir()
    again.write_text((shop / FILES[0]).read_text())
    answer = told(capsys, FILES[0], str(again), "--data", "data", code=2)
    assert "two of the contracts are of shop.orders" in answer["error"]
    assert told(capsys, FILES[0], str(again))["errors"] == 0


def test_what_is_published_serves_as_well_and_so_do_other_products(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    numbers = {"minimum": 1, "maximum": 3, "distinct": 3}
    orders = Profile(product="orders", rows=9, columns=(ColumnProfile(name="buyer_id", **numbers),))
    buyers = Profile(product="buyers", rows=3, columns=(ColumnProfile(name="buyer_id", **numbers),))
    published = {"orders": orders, "buyers": buyers}
    monkeypatch.setattr(Frame, "target", _target(shop, published))

    assert proposed(told(capsys, "orders.odcs.yaml", "--published")) == BOTH[:1]

    monkeypatch.setattr(Frame, "target", _target(shop, {"buyers": buyers}))
    assert main(["contract", "lint", "orders.odcs.yaml", "--published"]) == 0
    said, beside = capsys.readouterr()
    assert "0 proposals" in said
    assert "shop.orders: nothing of it is published" in beside


def _target(shop: Path, published: Mapping[str, Profile]) -> Any:
    """A mesh whose only domain has both products in force; some of them are published, after runs that failed."""
    texts = {f"contracts/{file}": (shop / file).read_bytes() for file in FILES}
    profiles = {f"profiles/{name}.json": profile.model_dump_json().encode() for name, profile in published.items()}
    objects = texts | profiles

    def batches(product: str, *, limit: int) -> list[Any]:
        assert limit > 1
        failed = SimpleNamespace(profile_key="", major=1)
        older = SimpleNamespace(profile_key="profiles/older.json", major=0)
        done = SimpleNamespace(profile_key=f"profiles/{product}.json", major=1)
        return [failed, older, done] if product in published else [failed]

    held = [
        SimpleNamespace(product=n, major=1, contract=SimpleNamespace(bucket="lake", key=f"contracts/{n}.odcs.yaml"))
        for n in ("orders", "buyers")
    ]
    s3 = SimpleNamespace(get_object=lambda Bucket, Key: {"Body": io.BytesIO(objects[Key])})  # noqa: N803
    return SimpleNamespace(
        domains=lambda: ["shop"],
        parameters=lambda domain: {"lake-bucket": f"lake-of-{domain}"},
        ledger=lambda domain: SimpleNamespace(products=lambda: held, batches=batches, domain=domain),
        client=lambda service: s3 if service == "s3" else None,
    )
