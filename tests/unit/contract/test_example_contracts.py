"""The contracts of the example mesh."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamesh.contract.lint import lint
from datamesh.contract.model import Contract
from datamesh.contract.parse import parse

EXAMPLES = Path(__file__).parents[3] / "examples"
FILES = sorted(EXAMPLES.glob("*/*.odcs.yaml"))
CONTRACTS = {contract.name: contract for contract in (parse(file.read_bytes()) for file in FILES)}


def test_five_products_in_four_domains() -> None:
    assert sorted(CONTRACTS) == [
        "fleet.planes",
        "network.airlines",
        "network.airports",
        "operations.flights",
        "weather.observations",
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_lint_finds_nothing(file: Path) -> None:
    assert lint(file.read_bytes(), file=str(file)) == []
    assert parse(file.read_bytes()).domain == file.parent.name


def related() -> list[tuple[Contract, tuple[str, ...], Contract, tuple[str, ...]]]:
    return [
        (contract, relationship.columns, CONTRACTS[f"{to.domain}.{to.product}"], relationship.to_columns)
        for contract in CONTRACTS.values()
        for relationship in contract.table.relationships
        for to in [relationship.to]
    ]


def test_relationships_lead_to_keys_of_the_same_types() -> None:
    # Given every relationship of the mesh, across its domains
    assert len(related()) == 6
    for contract, columns, target, to_columns in related():
        # Then it ends at the target's whole key, column by column of one type
        assert set(to_columns) == set(target.table.primary_key)
        for mine, theirs in zip(columns, to_columns, strict=True):
            ours, other = contract.table.column(mine), target.table.column(theirs)
            assert ours is not None
            assert other is not None
            assert ours.type == other.type


def test_the_meteorologist_reads_the_weather_and_where_the_airports_are() -> None:
    granted = {
        name: role.columns
        for name, contract in CONTRACTS.items()
        for role in contract.roles
        if "role/datamesh-dev-meteorologist" in role.principals
    }
    assert granted == {"network.airports": ("faa", "name", "lat", "lon", "alt"), "weather.observations": None}
    assert all("role/datamesh-dev-analyst" in c.roles[0].principals for c in CONTRACTS.values())


def test_each_product_answers_questions_and_says_what_it_holds() -> None:
    for contract in CONTRACTS.values():
        assert contract.verified
        assert all(statement.sql for statement in contract.verified)
        assert all(column.description and column.business_name for column in contract.table.columns)
