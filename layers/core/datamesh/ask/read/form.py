"""What the grammar makes of a question: who asks what of whom, with names still open to every table they may mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal as Choice
from typing import TypeAlias

from datamesh.ask.dates import Period
from datamesh.ask.intent import Grain, MeasureFn, Op
from datamesh.ask.lattice import Literal, Name

__all__ = [
    "COMPOUND",
    "NEVER",
    "Aggregate",
    "AnyOf",
    "Both",
    "Calculated",
    "Changed",
    "Compared",
    "Contains",
    "Count",
    "Dated",
    "Direction",
    "Everything",
    "Form",
    "How",
    "KeyForm",
    "Lacking",
    "Linked",
    "OrderForm",
    "Out",
    "Over",
    "Plain",
    "Portion",
    "Post",
    "PredForm",
    "Ranked",
    "SetForm",
    "Spread",
    "Tallied",
    "TextMatch",
    "Thing",
    "Valued",
    "Yard",
]

Direction = Choice["asc", "desc"]
How = Choice["in", "before", "after", "since", "until", "between"]
TextMatch = Choice["contains", "starts", "ends"]
Over = Choice["avg", "max", "min", "median", "every", "some", "own"]
NEVER = "never"
"""In a hint: an event that did not happen; not a state that is another one."""
COMPOUND = "compound"
"""In a hint: a noun that stands before another, and says whose these are: customer orders."""


@dataclass(frozen=True)
class Yard:
    """What is compared with instead of a number: the average, the price of every book, the oldest customer's age.

    Over other rows, or (own) another attribute of the same row. Without `attr` it is the compared one's; without `of`
    it is over all rows.
    """

    over: Over
    attr: Name | None = None
    of: SetForm | None = None


@dataclass(frozen=True)
class Compared:
    """An attribute against a number: seats above 300. Without a name, what the adjective measures: longer than 300."""

    attr: Name | None
    op: Op
    number: float | Yard
    high: float | None = None  # between number and high
    adjective: str = ""
    negated: bool = False


@dataclass(frozen=True)
class Valued:
    """An attribute that is one of some values; without a name, whatever column holds them. `hint`: the words around.
    `done_to`: things that whoever is called so does something to, and is none of: (the members that) Ann mentors."""

    attr: Name | None
    values: tuple[Literal, ...]
    hint: tuple[str, ...] = ()
    negated: bool = False
    done_to: Name | None = None


@dataclass(frozen=True)
class Contains:
    attr: Name | None  # none: of what the thing is called
    how: TextMatch
    text: str
    negated: bool = False


@dataclass(frozen=True)
class Dated:
    """In, before or after a period; `since` and `between` are ranges. `attr` names the date, `hint` may."""

    attr: Name | None
    how: How
    period: Period
    last: Period | None = None
    hint: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Lacking:
    """An attribute without a value, or (negated) with one. `flag`: only a column of yes and no is meant."""

    attr: Name
    negated: bool = False
    flag: bool = False


@dataclass(frozen=True)
class Linked:
    """Related to a row of the set: flown by Boeing planes, with more than 3 flights."""

    to: SetForm
    hint: tuple[str, ...] = ()
    negated: bool = False
    count: tuple[Op, int] | None = None


@dataclass(frozen=True)
class Tallied:
    """A number over the rows of each: an average price above 30."""

    fn: MeasureFn
    attr: Name
    op: Op
    number: float
    of: SetForm | None = None  # over these rows of each


@dataclass(frozen=True)
class AnyOf:
    preds: tuple[PredForm, ...]


@dataclass(frozen=True)
class Both:
    """Each of them, by a row of its own where rows of something else are meant."""

    preds: tuple[PredForm, ...]


PredForm: TypeAlias = Compared | Valued | Contains | Dated | Lacking | Linked | AnyOf | Both | Tallied
Post: TypeAlias = "PredForm | Ranked"  # what may stand behind a noun


@dataclass(frozen=True)
class Ranked:
    """The first by something: by an attribute, by an adjective, by how many rows of a set or (ROWS) of its own."""

    direction: Direction
    attr: Name | None = None
    adjective: str = ""
    of: SetForm | None = None
    fn: MeasureFn | None = None  # the attribute's total or average, per thing; over the rows of the set
    hint: tuple[str, ...] = ()  # the verb that the rows are called by: reserved most often
    total: bool = False  # the most inhabitants: of several rows, all of theirs


@dataclass(frozen=True)
class SetForm:
    """Rows of a thing (or values of an attribute), with what restricts them. Without a head: of whatever fits.

    `verb`: the words by which these are those of what was named before: the mountains (that they) climb.
    """

    head: Name | None
    preds: tuple[PredForm, ...] = ()
    rank: Ranked | None = None
    number: int | None = None
    each: bool = False
    distinct: bool = False
    plural: bool = False
    verb: tuple[str, ...] = ()

    def plus(self, *preds: PredForm) -> SetForm:
        return replace(self, preds=self.preds + preds)


@dataclass(frozen=True)
class Plain:
    """An attribute of the rows of a set; `label`: the name of what the attribute is the key of."""

    attr: Name
    of: SetForm | None = None
    distinct: bool = False
    label: bool = False


@dataclass(frozen=True)
class Thing:
    """The rows of a set themselves, as a person would call them."""

    of: SetForm


@dataclass(frozen=True)
class Everything:
    of: SetForm


@dataclass(frozen=True)
class Count:
    of: SetForm


@dataclass(frozen=True)
class Aggregate:
    """A function of an attribute over a set; `contract`: the attribute is a measure already."""

    fn: MeasureFn
    attr: Name
    of: SetForm | None = None


Out: TypeAlias = Plain | Thing | Everything | Count | Aggregate


@dataclass(frozen=True)
class KeyForm:
    """What to group by: a name, or a stretch of time; `hint`: what stands before it, shipped per month."""

    name: Name | None = None
    grain: Grain | None = None
    of: SetForm | None = None
    hint: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrderForm:
    """Without `by`: by the first number that is shown or (not `by_number`) by what is shown first."""

    direction: Direction
    by: Out | None = None
    by_number: bool = True


@dataclass(frozen=True)
class Calculated:
    """The first output and the second as one: the highest price minus the lowest."""

    op: Choice["+", "-", "*", "/"]


@dataclass(frozen=True)
class Portion:
    """The first output of those rows only, as a share of all: the share of orders that are open. Without any: of each
    group."""

    preds: tuple[PredForm, ...] = ()
    percent: bool = False


@dataclass(frozen=True)
class Changed:
    """The first output of two kinds of rows, side by side or as one number; without them, from group to group."""

    how: Choice["both", "difference", "growth"]
    now: PredForm | None = None
    before: PredForm | None = None


@dataclass(frozen=True)
class Spread:
    """The first output of each group, put together: the average number of orders per customer."""

    fn: MeasureFn


@dataclass(frozen=True)
class Form:
    outputs: tuple[Out, ...]
    groups: tuple[KeyForm, ...] = ()
    order: tuple[OrderForm, ...] = ()
    bare: bool = False  # no verb asks to show or to list
    made: Calculated | Portion | Changed | Spread | None = None
    sort: bool = False  # the verb asks for an order, which must follow
    rows: SetForm | None = None  # what there is one row for, where nothing is counted
    first: SetForm | None = None  # the groups themselves, ranked or kept by a count: the month with the most
