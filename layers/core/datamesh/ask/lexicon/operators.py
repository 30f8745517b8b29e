"""Phrases that do something: what each says, in one table. `category payload: phrases`, separated by commas."""

from __future__ import annotations

from collections.abc import Mapping

from datamesh.ask.lexicon.english import ADJECTIVES, COMPARATIVES, OPPOSITES, SPELLED, SUPERLATIVES

__all__ = ["OPERATORS"]

_TABLE = """
show: show, list, find, give, return, tell, display, report, get, retrieve, provide, compute, calculate, determine
show: select, take
show: print, output, show me, give me, tell me, list out, find out, list me, find me, get me, return me
show: i want to know, i would like to know, i d like to know, i need to know, let me know, i want to find out
show: i would like to see, i d like to see, i need to see, can you list, could you list, can you find, could you find
show: could you give me, would you show me, would you tell me, would you list, i need, i d like, i would like
show: we need, i want, can you show, could you show, let me see
show: i want to see, can you show me, can you tell me, could you tell me, could you show me, can you give me, fetch
show: what is, what are, what was, what were, what, which is, which are, who is, who are, who was, who were, whats
show: name, state, identify, look up, see, list all, give a list of, show a list of, give me a list of
show: what is the list of, find the list of, retrieve the list of
also_show: find, give, return, tell me, show, list, display, compute, calculate, get, count
also_show: what are those, what are these, what is that
showing: showing, showing only, showing just, listing, returning, displaying, giving
please: please, kindly, i d like to know, i would like to know, i want to know, i need to know, can you tell me
please: could you tell me
how_many: how many
count: total count of, the total count of
count: count, number of, the number of, total number of, the total number of, count of, the count of
count: count the number of, count the total number of, how many
tally: count, counts
agg avg: average, mean, avg, average of, mean of
agg sum: total, sum, sum of, total of, combined, total amount of, overall, sum total of
agg max: maximum, max, highest, largest, greatest, biggest, maximal, maximum of
agg min: minimum, min, lowest, smallest, least, minimal, minimum of
agg median: median, median of
distinct: distinct, different, unique, various
all_details: all information, all the information, all info, all details, all the details, all data, all the data
all_details: the information, the data, the info
all_details: all columns, everything, information, all attributes, the details, all available information, details
group: for each, for every, per, by, grouped by, group by, broken down by, for each of the, in each, of each
group: from each, for the different, in different, in the different, at different, across different
group: across each, at each, on each, to each, with each, for all different, for different, for each different
group: by each, grouped by each, in every, of every, from every, under each, within each, according to, based on
group: corresponding to each, associated with each, belonging to each
each: each, every, each of the, each different, each distinct
cmp >: over, above, exceeding, exceeds, exceed, in excess of, >
cmp >=: at least, no less than, no fewer than, not less than, not fewer than, a minimum of, > =
cmp <: under, below, <
cmp <=: at most, no more than, not more than, no greater than, up to, a maximum of, < =
cmp =: only, just, equal to, equals, equal, exactly, =, the same as
cmp <>: not equal to, except, except for, excluding, apart from, other than, different from, unequal to
after_cmp >=: and later, onward, onwards, or above, or over, and above, and more, and over, or after
after_cmp <=: and earlier, or below, or under, and below, and less, or before
between: between
most desc: most, the most, highest, the highest, largest, the largest, greatest, the greatest, maximum, the maximum
most desc: biggest, the biggest, the top, top, max, the max, the highest number of, the most number of
most desc: the greatest number of
most desc: highest number of, the largest number of, largest number of, greatest number of, most number of
most desc: the maximum number of, maximum number of, the highest total number of, the largest amount of
most desc: the most amount of
most asc: least, the least, fewest, the fewest, lowest, the lowest, smallest, the smallest, minimum, the minimum
most asc: bottom, the bottom, min, the min, the lowest number of, the smallest number of, the fewest number of
most asc: lowest number of, smallest number of, fewest number of, least number of, the least number of
most asc: the minimum number of, minimum number of, the smallest amount of, the least amount of
common desc: most widely used, most popular, most prominent, most frequently occurring, most commonly occurring
common asc: least popular
common desc: most common, most frequent, most frequently used, most commonly used, most often used, most frequently
common asc: least common, least frequent, least frequently used, least commonly used
often desc: most often, the most often, most frequently, the most frequently, the most, most times, the most times
often desc: most number of times, the most number of times, the greatest number of times, most widely
often desc: the largest number of times, most commonly, by most of times
often asc: least often, the least often, least frequently, the least frequently, the least, the fewest times
single: a single, single
times 1: once
times 2: twice
rows: record, records, entry, entries, times, time
sole_count: frequency, frequencies
anybody: person, individual, one
kind: kind of, kinds of, sort of, sorts of
kind_of_value: type of, types of
top desc: top, first
top asc: bottom, last
sorting: sort, sorted, order, ordered, rank, ranked, arrange, arranged, listed, ordering, sorting
way asc: ascending, increasing, alphabetical, alphabetic, lexicographical, lexicographic, ascending alphabetical
way asc: alphabetical ascending, increasing alphabetical
way desc: descending, decreasing, reverse alphabetical, reverse, descending alphabetical
alphabetical: alphabetically, alphabetized, lexicographically
direction asc: ascending, in ascending, in ascending order, in an ascending order, in increasing order, asc, increasing
direction asc: in the ascending order, ascending order, ascendingly, increasingly
direction asc: from low to high, from lowest to highest, from the lowest to the highest, from smallest to largest
direction asc: from fewest to most, from least to most, from small to large, from earliest to latest
direction asc: from oldest to newest
direction asc: from the earliest to the latest, from shortest to longest, from cheapest to most expensive
direction asc: from youngest to oldest, lowest first, smallest first, earliest first, oldest first, least first
direction asc: fewest first
direction asc: from young to old, from early to late, from cheap to expensive, from short to long, from a to z
direction asc: from earlier to later, from younger to older, from smaller to larger, earlier first, younger first
direction asc: shortest first, cheapest first, youngest first
direction desc: descending, in descending order, in a descending order, in decreasing order, desc, decreasing
direction desc: in descending
direction desc: in the descending order, descending order, descendingly, in reverse order
direction desc: from high to low, from highest to lowest, from the highest to the lowest, from largest to smallest
direction desc: from most to fewest, from most to least, from large to small, from latest to earliest
direction desc: from the latest to the earliest, from newest to oldest, from longest to shortest
direction desc: from oldest to youngest
direction desc: from old to young, from late to early, from expensive to cheap, from long to short, from z to a
direction desc: from later to earlier, from older to younger, from larger to smaller, later first, older first
direction desc: highest first, largest first, biggest first, greatest first, most first, latest first, newest first
direction desc: longest first, most recent first, most expensive first
whose: whose, where the, where, for which the, such that the, where their, where its, whos
where: where, in which, for which, on which, at which, to which, by which
in_common: common, shared
shared: shared by, shared between, common to, used by both, shared by both, shared by the
with: with, having, with a, with an
without: without, without a, without an, without any, with no, having no, that have no, who have no, which have no
without: lacking, that lack, who lack, that have not any, free of, free from
not: not, never, cannot
adverb: also, once, currently, still, presently
anything: anything, something, anyone, anybody, someone, somebody
nothing: nothing, nobody, no one, no body
have: have, has, had, have had, has had
have: contain, contains, include, includes
have_not: have no, has no, had no, do not have, does not have, did not have, do not have any, does not have any
have_not: do not contain, does not contain, did not contain, contain no, contains no, contained no
have_not: do not include, does not include, include no, includes no
have_not: did not have any, have not, has not any, have never had, has never had, never had
be: is, are, was, were, be, been, being
aux: do, does, did, can, could
that: that, who, which
in: in terms of, in charge of, responsible for, part of, a part of
in: in, at, on, from, of, for, to, by, into, under, within, via, through, during, about, as, among, across, near
in: amongst
missing: missing, unknown, null, empty, blank, not known, not recorded, not given, not available, not specified
missing: not set
missing: without a value, without value, undefined
has_missing: has no value, have no value, has no known value, is missing, are missing, is unknown, are unknown
has_missing: is null
has_missing: is empty, are empty, is blank, is not known, are not known, is not recorded, is not given
has_missing: was not recorded
named: named, called, titled, with the name, with name, by the name of, whose name is, with the title, with title
contains contains: containing, contains, contain, includes, including, include, like, with the substring
contains contains: containing the word, contains the word, contain the word, that contains, that contain
contains contains: containing the substring, contains the substring, contain the substring, includes the word, has
contains contains: containing the phrase, contains the string, contain the string, include the word
contains contains: contained the word, contained the substring, contained the string, contained, includes word
contains contains: contains word, containing word, contain word, include word, with the word
contains contains: contains substring, containing substring, contain substring
contains contains: includes the substring, include the substring, include the string, includes the string
contains starts: starting with, starts with, start with, beginning with, begins with, begin with, started with
contains starts: starts with the letter, starting with the letter, begins with the letter, beginning with the letter
contains starts: starts from, start from, starting from, starting by, starts by
contains starts: start with the letter, begin with the letter, starts with letter, starting with letter
contains ends: ending with, ends with, end with, ending in, ends in, ended with
in_part: in part, in it, in them
part_of: in, in part of, as part of, as a part of
calc -: difference between, difference of, gap between
calc /: ratio of, ratio between
infix +: plus
infix -: minus
infix *: times, multiplied by
infix /: divided by
share 1: share of, proportion of, fraction of, what share of, which share of, what proportion of, what fraction of
share 100: percentage of, percent of, what percentage of, which percentage of, what percent of
change growth: growth of, growth in, growth rate of
change difference: increase in, increase of, change in, change of, rise in, difference in, decrease in
changed growth: growth
changed difference: change, increase
versus: versus, vs, compared with, compared to, in comparison with, in comparison to, against
compare_with: compare
placed: located, based, situated, found, held
so_much: years old, year old, years of age
edge starts: first letter, initial letter, first character, initial
edge ends: last letter, final letter, last character
piece: word, letter, substring, string, phrase, character, characters, letters
lead: and, and what about, what about, and how about, how about, and for, now, but, only, and only, just, and also
lead: also, the same for, same for, and now, now only, then, and then, ok
instead: instead
both: both
neither: neither
nor: nor
either: either
or: or
and: and
too: and what is their, and what are their, and what was their, and what were their, and what is its, and what are its
too: and what was its, and what were its, and what is his, and what is her
asked_too: and what is, and what are, and what was, and what were
too: as well as, along with, together with, and also, and their, and its, and the corresponding, plus
before: before, earlier than, prior to
until: until, in or before, on or before
after: after, later than
since: since, in or after, on or after
tail: are there, is there, were there, was there, exist, do we have, are there in total, there are, are recorded
tail: on record, on file, in our record, in record, in the dataset, in the list
tail: in the database, in our database, in total, in all, in the data, are in the database, have been recorded
tail: exists, available, made, take place, took place, taken place, have taken place, occurred, have occurred
tail: happened, have there been, has there been, had there been, did we have, have we had
tail: do they have, summed, summed up, listed, in the table, offered, in the system
tail: do you have, are available, we have, are known, are listed, are in our records, overall, in the records
"""


_MORE = (">", "more greater larger higher bigger longer taller heavier older later")
_LESS = ("<", "less fewer smaller lower shorter lighter younger earlier")


_FIRST = (
    ("desc", ("most recent", "latest", "newest", "highest", "largest", "longest", "most expensive")),
    ("asc", ("oldest", "earliest", "lowest", "smallest", "youngest", "shortest", "cheapest")),
)


_SO_MANY = (*SPELLED, *map(str, range(1, 11)))  # top 3 cheap


def _rows() -> list[tuple[str, str, str]]:
    rows = []
    for line in _TABLE.strip().splitlines():
        head, _, listed = line.partition(": ")
        category, _, payload = head.partition(" ")
        rows += [(category, payload, phrase.strip()) for phrase in listed.split(", ")]
    for sign, words in (_MORE, _LESS):
        for word in words.split():
            rows += [
                ("more", sign, word),
                ("cmp", sign, f"{word} than"),
                ("cmp", f"{sign}=", f"{word} than or equal to"),
            ]
            rows += [("cmp", f"{sign}=", f"equal to or {word} than"), ("after_cmp", f"{sign}=", f"or {word}")]
    for way, said in _FIRST:  # starting with the oldest one
        starts = [f"starting {at} the {word}" for word in said for at in ("from", "with")]
        rows += [("direction", way, start + one) for start in starts for one in ("", " one")]
    rows += [("compare", word, f"{form} than") for form, word in COMPARATIVES.items()]
    rows += [("how_much", word, f"how {word}") for word in ADJECTIVES]
    rows += [("superlative", word, form) for form, word in SUPERLATIVES.items()]
    rows += [("top_adjective", word, f"{number} {word}") for word in ADJECTIVES for number in _SO_MANY]
    rows += [("superlative", f"- {word}", form) for form, word in OPPOSITES.items()]
    return rows


def _indexed() -> dict[str, dict[tuple[str, ...], list[tuple[str, str]]]]:
    index: dict[str, dict[tuple[str, ...], list[tuple[str, str]]]] = {}
    for category, payload, phrase in _rows():
        words = tuple(phrase.split())
        index.setdefault(words[0], {}).setdefault(words, []).append((category, payload))
    return index


OPERATORS: Mapping[str, Mapping[tuple[str, ...], list[tuple[str, str]]]] = _indexed()
"""First word to the phrases that begin with it, each with what it may be: (category, payload)."""
