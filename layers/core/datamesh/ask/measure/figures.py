"""Outcomes in figures: coverage, precision, accuracy, false answers; in all and by kind of question. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from datamesh.ask.measure.outcome import Outcome
from datamesh.ask.measure.questions import Key
from datamesh.ask.measure.rows import alike
from datamesh.ask.measure.shape import SHAPES

__all__ = ["Figures", "Paraphrases", "by_kind", "classes", "figures", "latency", "paraphrases", "unmatched", "without"]

_LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Figures:
    """Counts of questions. `questions` are those with an answer, `unanswerable` those that only a refusal is right for.

    `by_rule`: correct by an alternative only. `nontrivial`: those whose rows are not empty, NULL or zero.
    """

    questions: int = 0
    correct: int = 0
    wrong: int = 0
    refused: int = 0
    by_rule: int = 0
    nontrivial: int = 0
    correct_nontrivial: int = 0
    unanswerable: int = 0
    false_answers: int = 0

    @property
    def answered(self) -> int:
        return self.correct + self.wrong

    @property
    def coverage(self) -> float | None:
        """Share of the questions with an answer that were answered, rightly or not."""
        return _share(self.answered, self.questions)

    @property
    def precision(self) -> float | None:
        """Share of the answers that are right."""
        return _share(self.correct, self.answered)

    @property
    def accuracy(self) -> float | None:
        """Share of the questions with an answer that got it: execution accuracy."""
        return _share(self.correct, self.questions)

    @property
    def accuracy_nontrivial(self) -> float | None:
        return _share(self.correct_nontrivial, self.nontrivial)

    @property
    def false_answer_rate(self) -> float | None:
        """Share of the questions without an answer that got one."""
        return _share(self.false_answers, self.unanswerable)

    def as_dict(self) -> dict[str, Any]:
        shares = ("coverage", "precision", "accuracy", "accuracy_nontrivial", "false_answer_rate")
        return asdict(self) | {"answered": self.answered} | {name: getattr(self, name) for name in shares}


@dataclass(frozen=True)
class Paraphrases:
    """Pairs of wordings of one question (they have the same gold SQL) that are both answered: how many give the same
    rows, and those that do not."""

    pairs: int
    agree: int
    differ: tuple[tuple[Key, Key], ...]

    @property
    def share(self) -> float | None:
        return _share(self.agree, self.pairs)


def figures(outcomes: Iterable[Outcome]) -> Figures:
    found = list(outcomes)
    verdicts = Counter(outcome.verdict for outcome in found)
    nontrivial = [o for o in found if o.question.answerable and not o.question.is_trivial]
    return Figures(
        questions=verdicts["correct"] + verdicts["wrong"] + verdicts["refused"],
        correct=verdicts["correct"],
        wrong=verdicts["wrong"],
        refused=verdicts["refused"],
        by_rule=sum(o.verdict == "correct" and bool(o.reason) for o in found),
        nontrivial=len(nontrivial),
        correct_nontrivial=sum(o.verdict == "correct" for o in nontrivial),
        unanswerable=verdicts["false_answer"] + verdicts["rightly_refused"],
        false_answers=verdicts["false_answer"],
    )


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Figures]]:
    """Figures of the answerable questions by database, and by difficulty, tables and shape where these are known."""
    answerable = [outcome for outcome in outcomes if outcome.question.answerable]
    return {
        "difficulty": _split(answerable, lambda o: o.question.difficulty, _LEVELS),
        "tables": _split(answerable, _tables, ("one", "several")),
        "shape": _split(answerable, lambda o: o.shape, SHAPES),
        "database": _split(answerable, lambda o: o.question.db, ()),
    }


def latency(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Milliseconds of planning: median, 95th percentile, most."""
    took = sorted(outcome.planning_ms for outcome in outcomes)
    if not took:
        return {}
    return {"median": took[len(took) // 2], "p95": took[int(0.95 * len(took))], "max": took[-1]}


def classes(outcomes: Iterable[Outcome], label: Callable[[Outcome], str]) -> dict[str, list[Key]]:
    """The questions of each class, the largest class first."""
    found: defaultdict[str, list[Key]] = defaultdict(list)
    for outcome in outcomes:
        found[label(outcome)].append(outcome.key)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def unmatched(outcomes: Iterable[Outcome]) -> dict[str, list[Key]]:
    """The questions refused for each word, the most frequent word first."""
    found: defaultdict[str, list[Key]] = defaultdict(list)
    for outcome in outcomes:
        for word in dict.fromkeys(word.casefold() for word in outcome.unmatched):
            found[word].append(outcome.key)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def paraphrases(outcomes: Iterable[Outcome]) -> Paraphrases:
    told: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.answered and outcome.question.sql:
            told[outcome.question.db, " ".join(outcome.question.sql.split()).casefold()].append(outcome)
    pairs = [pair for wordings in told.values() for pair in combinations(wordings, 2)]
    differ = [(one.key, other.key) for one, other in pairs if not alike(one.rows, other.rows)]
    return Paraphrases(len(pairs), len(pairs) - len(differ), tuple(differ))


def without(outcomes: Iterable[Outcome], flagged: Collection[Key]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.key not in flagged]


def _split(outcomes: Sequence[Outcome], label: Callable[[Outcome], str], order: Sequence[str]) -> dict[str, Figures]:
    parts: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        parts[label(outcome)].append(outcome)
    names = [*order, *sorted(parts.keys() - set(order) - {""})]
    return {name: figures(parts[name]) for name in names if name in parts}


def _tables(outcome: Outcome) -> str:
    single = outcome.question.single_table
    return "" if single is None else "one" if single else "several"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
