"""Prints how many files of each kind end as what. Exits with 1 where one ends otherwise than it must.

`python -m tests.corpus [WORDS]`: those whose name has the words, or all.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.corpus.outcomes import CASES, outcome


def main(words: str = "") -> int:
    ends: Counter[tuple[str, str]] = Counter()
    wrong = []
    chosen = [case for case in CASES if words in str(case)]
    for case in chosen:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as place:
            try:
                found = outcome(case, Path(place))
            except Exception as error:  # a file that ends otherwise than by a reason is what is looked for
                wrong.append(f"{case}: {type(error).__name__}: {error}")
                continue
        ends[case.kind, found.end] += 1
        if found != case.outcome:
            wrong.append(f"{case}:\n    {found}\n    {case.outcome}")
        if (took := time.perf_counter() - began) > 5:
            sys.stdout.write(f"{took:5.1f} s  {case}\n")
    names = ("published", "partial", "rejected")
    lines = [f"{'kind':<20}{''.join(f'{name:>12}' for name in names)}"]
    lines += [
        f"{kind:<20}{''.join(f'{ends[kind, name]:>12}' for name in names)}"
        for kind in dict.fromkeys(case.kind for case in chosen)
    ]
    lines += [f"{len(chosen)} files, {len(wrong)} otherwise than they must", *wrong]
    sys.stdout.write("\n".join(lines) + "\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
