"""What would make questions about a contract answered better: proposals, from its text and from what its rows hold.

Values in, values out: the rows are counted elsewhere (contract/evidence.py). No proposal holds a value of the data.
"""

from datamesh.ask.proposals.propose import propose

__all__ = ["propose"]
