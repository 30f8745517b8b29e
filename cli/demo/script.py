"""What is asked in the demonstration, as whom, and what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CLOSED", "GUEST", "OPENED", "QUESTIONS", "STEWARD", "WISH", "Question"]


@dataclass(frozen=True)
class Question:
    """`truth` is SQL, by hand, over the source files; None for a question that is to be refused, for `unmatched`.

    The order of the rows matters where the question says one.
    """

    text: str
    truth: str | None = None
    ordered: bool = True
    role: str = "analyst"
    expected: Literal["answered", "refused"] = "answered"
    unmatched: str = ""


QUESTIONS = (
    Question("How many flights were cancelled?", "SELECT count(*) FROM operations.flights WHERE dep_time IS NULL"),
    Question(
        "Which airlines have the worst average departure delay?",
        """SELECT name, avg(dep_delay) AS delay FROM operations.flights JOIN network.airlines USING (carrier)
           GROUP BY name ORDER BY delay DESC LIMIT 5""",
    ),
    Question(
        "How many flights did the planes of each manufacturer make?",
        """SELECT p.manufacturer, count(*) AS flights FROM operations.flights f, fleet.planes p
           WHERE f.tailnum = p.tailnum AND f.dep_time IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1""",
    ),
    Question(
        "What is the average departure delay of each airline?",
        "SELECT name, avg(dep_delay) FROM operations.flights JOIN network.airlines USING (carrier) GROUP BY name",
        ordered=False,
    ),
    Question(
        "How many flights does United Air Lines operate?",
        "SELECT count(*) FROM operations.flights WHERE carrier = 'UA'",
    ),
    Question(
        "How many flights left from Newark in July?",
        "SELECT count(*) FROM operations.flights WHERE origin = 'EWR' AND month = 7",
    ),
    Question(
        "How late do flights leave when the wind is stronger than 30 miles per hour?",
        """SELECT count(*), avg(f.dep_delay) FROM operations.flights f, weather.observations w
           WHERE f.origin = w.origin AND f.time_hour = w.time_hour AND w.wind_speed > 30""",
    ),
    Question("How many moonbeams did each airline carry?", expected="refused", unmatched="moonbeams"),
)

GUEST, STEWARD = "guest", "steward"
WISH = {
    "target": "operations.flights",
    "rows": "month = 1",
    "purpose": "a report on cancellations in January",
    "until": "30d",
}
"""What the guest asks to read; the steward owns it."""

CLOSED = Question("How many flights were cancelled?", role=GUEST, expected="refused")
OPENED = Question(
    CLOSED.text, "SELECT count(*) FROM operations.flights WHERE dep_time IS NULL AND month = 1", role=GUEST
)
