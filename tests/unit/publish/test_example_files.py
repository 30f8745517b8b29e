"""The example files against their contracts: what publishing comes to, beside counts that know nothing of contracts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from datamesh.contract.parse import parse
from datamesh.publish.try_out import try_out
from examples import nycflights

EXAMPLES = Path(__file__).parents[3] / "examples"

# The rows that break a rule of severity error, in words that DuckDB's own reader understands.
BAD_ROWS = {
    "operations.flights": "false",
    "fleet.planes": "seats < 20",
    "network.airports": "lat > 71.5 OR tz NOT BETWEEN -11 AND -4",
    "network.airlines": "false",
    "weather.observations": "wind_speed > 200",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return nycflights.locate(tmp_path_factory.mktemp("nycflights"))


@pytest.mark.parametrize("product", sorted(BAD_ROWS))
def test_every_row_of_the_examples_is_accounted_for(product: str, files: dict[str, Path], tmp_path: Path) -> None:
    domain, _, name = product.partition(".")
    contract = parse((EXAMPLES / domain / f"{name}.odcs.yaml").read_bytes())

    done = try_out(contract, [files[product]], workdir=tmp_path / "work")

    with duckdb.connect() as con:
        read = f"read_csv('{files[product]}', header = true, nullstr = 'NA', sample_size = -1)"
        [(rows, bad)] = con.execute(f"SELECT count(*), count(*) FILTER ({BAD_ROWS[product]}) FROM {read}").fetchall()
    assert (done.counts.rows_in, done.counts.rows_quarantined) == (rows, bad)
    assert done.counts.balanced
    assert done.status == ("partial" if bad else "published")
