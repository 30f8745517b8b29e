"""`make gate`: what is fitted follows the examples, the same ones always alike, and no database is judged by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import gate as fit
from datamesh.ask.gate import Gate
from tests.support.kits import bakery, garage


def example(database: str, cost: float, *, right: bool) -> fit.Example:
    return fit.Example(database, dict.fromkeys(fit.FEATURES, 1.0) | {"cost": cost}, right)


# Of a hundred answers at each cost, the dearer ones are wrong more often.
EXAMPLES = [
    example(f"d{n % 3}", cost / 4, right=n >= wrong) for cost, wrong in ((0, 0), (1, 10), (4, 50)) for n in range(100)
]


def test_what_costs_more_is_less_sure() -> None:
    made = fit.fitted(EXAMPLES)
    assert made.weights["cost"].weight < -0.5
    assert {name for name, weight in made.weights.items() if weight.weight} == {"cost"}
    assert made.sureness(EXAMPLES[0].evidence) > 0.85 > 0.7 > made.sureness(EXAMPLES[-1].evidence)
    assert fit.fitted(EXAMPLES) == made


def test_a_database_is_judged_by_the_others() -> None:
    liar = [example("liar", 0.0, right=False) for _ in range(50)]
    held = fit.left_one_out([*EXAMPLES, *liar])
    assert min(sure for sure, _ in held[-50:]) > 0.85  # by its own answers it would be less


def test_the_curve_only_falls_and_ends_with_all() -> None:
    marks = fit.curve(fit.left_one_out(EXAMPLES), EXAMPLES)
    precisions = [mark.precision for mark in marks]
    assert len(marks) > 1
    assert precisions == sorted(precisions, reverse=True)
    assert marks[-1].coverage == 1.0
    assert marks[-1].precision == pytest.approx(240 / 300, abs=1e-4)


def test_the_program_writes_a_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bakery(tmp_path / "kit")
    garage(tmp_path / "kit")
    out = tmp_path / "gate.json"
    assert fit.main([str(tmp_path / "kit"), "--out", str(out)]) == 0
    assert "6 answers, 5 right, 2 databases" in capsys.readouterr().out
    made = Gate.model_validate(json.loads(out.read_text()))
    assert set(made.weights) == set(fit.FEATURES)


def test_one_database_alone_is_judged_by_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bakery(tmp_path / "kit")
    garage(tmp_path / "kit")
    (tmp_path / "not").write_text("garage\n")
    with pytest.raises(SystemExit):
        fit.main([str(tmp_path / "kit"), "--except", str(tmp_path / "not"), "--out", str(tmp_path / "gate.json")])
    assert "two databases are needed" in capsys.readouterr().err
    assert not (tmp_path / "gate.json").exists()
