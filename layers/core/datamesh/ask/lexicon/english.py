"""Word forms, relations and adjectives of general English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ADJECTIVES",
    "BIRTH_WORDS",
    "CARRIERS",
    "COMPARATIVES",
    "DETERMINERS",
    "EMPTY_WORDS",
    "FLAG_FRONTS",
    "FLAG_TAILS",
    "FUNCTION_WORDS",
    "IRREGULAR",
    "KIND_COLUMNS",
    "LABEL_WORDS",
    "MERE_WORDS",
    "OPPOSITES",
    "ORDINALS",
    "PERSONS",
    "PLURALS",
    "ROLES",
    "ROW_WORDS",
    "SEXES",
    "SHELL_WORDS",
    "SHORT_FORMS",
    "SPELLED",
    "SUPERLATIVES",
    "TAIL_WORDS",
    "UNITS",
    "UNIT_NAMES",
    "UNIT_WORDS",
    "WORTH",
    "Tier",
]

_NOUNS = """
person people persons peoples; man men; woman women; child children; foot feet; tooth teeth; mouse mice; goose geese
analysis analyses; crisis crises; thesis theses; basis bases; index indices indexes; matrix matrices; vertex vertices
bus buses; gas gases
criterion criteria; phenomenon phenomena; curriculum curricula; medium media; bacterium bacteria
life lives; wife wives; knife knives; shelf shelves; half halves; wolf wolves; thief thieves; loaf loaves
staff; equipment; furniture; information; sheep; fish; aircraft
"""
_FORMS = """
percent percentage
be is are was were been being am; have has had having; do does did done doing
go goes went gone going; fly flies flew flown flying; take takes took taken taking; make makes made making
give gives gave given giving; get gets got gotten getting; hold holds held holding; build builds built building
buy buys bought buying; sell sells sold selling; send sends sent sending; spend spends spent spending
lead leads led leading; read reads reading; write writes wrote written writing; drive drives drove driven driving
teach teaches taught teaching; know knows knew known knowing; speak speaks spoke spoken speaking
win wins won winning; lose loses lost losing; run runs ran running; begin begins began begun beginning
sing sings sang sung singing; swim swims swam swum swimming; wear wears wore worn wearing
bear bears bore born; choose chooses chose chosen choosing; come comes came coming; become becomes became
find finds found finding; keep keeps kept keeping; leave leaves left leaving; meet meets met meeting
pay pays paid paying; say says said; see sees saw seen; show shows showed shown showing; sit sits sat
stand stands stood standing; steal steals stole stolen; tell tells told; think thinks thought; grow grows grew grown
draw draws drew drawn; eat eats ate eaten; fall falls fell fallen; rise rises rose risen; throw throws threw thrown
catch catches caught; bring brings brought; feed feeds fed; fight fights fought; shoot shoots shot; lie lies lay lain
"""

IRREGULAR: Mapping[str, str] = {
    form: forms.split()[0]
    for line in (_NOUNS + _FORMS).strip().splitlines()
    for forms in line.split(";")
    for form in forms.split()
}
"""Form to base form, where an ending rule does not lead there."""

PLURALS: Mapping[str, str] = {
    form: (forms.split()[1:] or [form])[0]
    for line in _NOUNS.strip().splitlines()
    for forms in line.split(";")
    for form in forms.split()[:2]
}
"""Singular and plural of a noun to its plural, where no ending makes it."""

_SHORT_FORMS = """
number num nbr; quantity qty; amount amt; average avg; maximum max; minimum min; percent pct; department dept; date dt
code cd; year yr; employee emp empl; manager mgr; customer cust; account acct; salary sal; address addr
organization org; telephone tel; transaction txn trx; category ctgry; description descr desc; balance bal; weight wt
level lvl; group grp; payment pmt; prerequisite prereq; firstname fname; lastname lname; birthdate dob; name nm
flag flg; count cnt; country ctry cntry; supplier supp; product prod; vendor vndr; warehouse whse; headquarters hq
square sq; foot ft; value val; building bldg; package pkg; message msg; manufacturer mfr; height ht; population pop
"""
SHORT_FORMS: Mapping[str, str] = {
    short: forms.split()[0]
    for line in _SHORT_FORMS.strip().splitlines()
    for forms in line.split(";")
    for short in forms.split()[1:]
}
"""Short forms that names of tables and columns are written with, each to the one word that it is short for."""

_FUNCTION_WORDS = """
a an the this that these those there here it its they their them he his him she her we our us you your i me my who
whom whose which what where when why how is are was were be been being am do does did has have had can could would
will shall may might must should of in on at by to from for with without into onto over under about as and or nor not
no but if than then so such each every per all any both either neither some most more less least fewer many much few
other others another own same only also just please s t corresponding respective ones
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that carry grammar. None of them alone names a thing of the schema, and a missing one is never the reason for
a refusal; those that carry meaning must all the same be read by a rule."""

ROLES: Mapping[str, frozenset[str]] = {
    "from": frozenset(("from", "origin", "source", "depart", "departure", "start", "sender", "begin", "leave")),
    "to": frozenset(("to", "destination", "dest", "target", "arrive", "arrival", "receiver", "recipient", "end")),
    "report": frozenset(("manager", "supervisor", "boss", "lead")),
    "belong": frozenset(("parent", "group")),
    **dict.fromkeys(("start", "begin", "depart", "leave"), frozenset(("from", "origin", "source", "departure"))),
    **dict.fromkeys(("end", "finish", "terminate", "arrive"), frozenset(("to", "destination", "dest", "arrival"))),
}
"""What a preposition of motion or a verb says about the key that is meant."""

LABEL_WORDS = ("name", "title", "label")
"""What the column is called that things are known by."""

PERSONS = (("first", "last"), ("given", "family"), ("fore", "sur"), ("f", "l"))
"""The parts of a person's name, each before `name`."""

PLACES = ("city", "town", "village", "municipality", "suburb", "location", "place", "community", "district")
WIDER_PLACES = ("state", "province", "county", "region", "country", "nation")
"""What the names of two columns have in them of which the second says where the first is: Springfield, Ohio."""

_WORTH = """
rating score grade mark salary wage payment bid price fee fine toll balance deposit donation budget cost rent charge tip
bonus income measurement temperature discount refund tax premium
"""
WORTH = frozenset(_WORTH.split())
"""Things that are numbers: the average rating is of what ratings say. The average enrolment is none of a grade."""

_KIND_COLUMNS = """
type kind category class job occupation profession position role species breed sex gender specialty speciality
specialization specialisation rank designation trade
"""
KIND_COLUMNS = frozenset(_KIND_COLUMNS.split())
"""What the name of a column ends in that says of which kind its rows are: its values are nouns."""

BIRTH_WORDS = ("birth", "born", "birthday", "birthdate")
"""What the name of a column has in it that says when somebody was born."""

SEXES: Mapping[str, tuple[str, ...]] = {"m": ("male", "man", "men"), "f": ("female", "woman", "women")}
"""Codes of a sex, and what people call who is of it."""

TAIL_WORDS = ("code", "id", "name", "number", "value", "type", "description", "detail")
"""What the name of a column may end in without anybody saying it: the product type (code)."""

FLAG_FRONTS, FLAG_TAILS = ("is", "was", "has"), ("flag", "indicator", "yn")
"""What the name of a column of yes and no may have around what it says: is active, active flag."""

ROW_WORDS = ("record", "entry", "row")
"""What may stand behind a thing's noun without saying more: an election record."""

SHELL_WORDS = ("detail", "information", "info", "list", "table", "data", "ref", "tbl", "dim", "fact")
"""What the name of a table may have around its noun."""

_DETERMINERS = "a an the this these those each every any some no their its his her our of"
DETERMINERS = frozenset(_DETERMINERS.split())
"""After these a word is a noun, not a verb."""

EMPTY_WORDS = frozenset(("ever", "yet", "already", "actually", "respectively", "anywhere", "still"))
"""Adverbs that say nothing that the verb does not."""

MERE_WORDS = ("max", "maximum", "min", "minimum", "total", "average", "number", "no", "count", "first", "last", "other")
"""What says nothing alone of the name that it is a part of."""

_CARRIERS = """
number: number text; value: number; amount: number; size: number; level: number text; score: number; point: number
count: number; rate: number; percentage: number; figure: number; total: number
date: date; day: date; time: date time; year: date year; name: text; title: text; type: text; kind: text; status: text
information: number text date time; info: number text date time
"""
CARRIERS: Mapping[str, frozenset[str]] = {
    word.strip(): frozenset(kinds.split())
    for line in _CARRIERS.strip().splitlines()
    for word, _, kinds in (entry.partition(":") for entry in line.split(";"))
}
"""What may stand behind the name of a column without saying more than what it holds: market value, phone number."""

_MEASURES = """
dollar usd eur euro cent percent pct km kilometer mile meter m ft foot inch mm cm kg kmh mph mb mib kb gb hz minute
"""
UNIT_WORDS = (*_MEASURES.split(), "thousand", "million", "billion")
"""What the name of a column may end in to say in what it is measured."""

_UNIT_NAMES = """
usd: dollar; eur: euro; km: kilometer; kilometre: kilometer; m: meter; metre: meter; kg: kilogram; ft: foot
cm: centimeter; mm: millimeter; mph: mile hour; kmh: kilometer hour; pct: percent; mb: megabyte; gb: gigabyte; lb: pound
"""
UNIT_NAMES: Mapping[str, tuple[str, ...]] = {
    short.strip(): tuple(full.split())
    for line in _UNIT_NAMES.strip().splitlines()
    for short, _, full in (entry.partition(":") for entry in line.split(";"))
}
"""Units by their short form, and the same in full."""

_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
SPELLED: Mapping[str, int] = {word: number for number, word in enumerate(_NUMBERS.split(), start=1)}

_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ORDINALS: Mapping[str, int] = {word: number for number, word in enumerate(_ORDINALS.split(), start=1)}

_UNITS = """
pound minute second hour day week month quarter year kilometre metre degree point people unit piece star millimeter
centimeter kilogram gram ton liter litre lb ghz square
"""
UNITS = frozenset((*_MEASURES.split(), *_UNITS.split()))
"""What may stand behind a number without saying more than the column does."""


@dataclass(frozen=True)
class Tier:
    """Nouns that an adjective may measure; `high` says whether more of it is a larger value of the noun."""

    nouns: frozenset[str]
    high: bool


_BEGUN = "opened opening founded established launched launch created creation released release built start"
_ADJECTIVES = """
long: length distance | duration time hour | page day minute
short: - length distance | - height | - duration time | - page day minute
old: age | - birth birthday birthdate born | - {begun} | - year built founded
young: - age | birth birthday birthdate born
tall: height ; high: height elevation altitude ; heavy: weight ; light: - weight
large: size area capacity population enrollment square ; big: size area capacity population enrollment square
small: - size area capacity population enrollment square
expensive: price cost fee ; costly: price cost fee ; cheap: - price cost fee
fast: speed | - time duration ; slow: - speed | time duration ; deep: depth ; wide: width ; thick: thickness
rich: wealth money income worth ; populous: population ; populated: population ; crowded: population
late: date time | year ; early: - date time | - year ; recent: date time | year ; new: {begun} | date time | year
hot: temperature ; warm: temperature ; cold: - temperature ; far: distance ; near: - distance ; close: - distance
paid: salary wage pay earning income compensation ; rated: rating score star ; priced: price cost
windy: wind ; rainy: precipitation rain ; wet: precipitation rain ; loud: volume ; profitable: profit
roomy: capacity occupancy seating
"""


def _tier(text: str) -> Tier:
    words = text.split()
    return Tier(frozenset(w for w in words if w != "-"), high=words[0] != "-")


ADJECTIVES: Mapping[str, tuple[Tier, ...]] = {
    word.strip(): tuple(_tier(tier) for tier in tiers.split("|"))
    for line in _ADJECTIVES.replace("{begun}", _BEGUN).strip().splitlines()
    for word, _, tiers in (entry.partition(":") for entry in line.split(";"))
}
"""What an adjective measures, in tiers: a later one counts only where no earlier one is there. Only what can be
measured stands here; good, bad, best and worst do not."""


def _degree(word: str, ending: str) -> str:
    if word.endswith("y"):
        return f"{word[:-1]}i{ending}"
    if word.endswith("e"):
        return word + ending[1:]
    doubled = len(word) < 5 and word[-1] in "gtnd" and word[-2] in "aeiou" and word[-3:-2] not in tuple("aeiou")
    return f"{word}{word[-1]}{ending}" if doubled else word + ending


_GRADED = ("paid", "rated", "priced")  # highest paid, best rated
COMPARATIVES: Mapping[str, str] = {
    **{_degree(word, "er"): word for word in ADJECTIVES},
    **{f"more {word}": word for word in ADJECTIVES},
    "farther": "far",
    "further": "far",
}
SUPERLATIVES: Mapping[str, str] = {
    **{_degree(word, "est"): word for word in ADJECTIVES},
    **{f"most {word}": word for word in ADJECTIVES},
    "farthest": "far",
    "most recently": "recent",
    "last": "late",
    "first": "early",
    **{f"{degree} {word}": word for degree in ("highest", "best", "top") for word in _GRADED},
    "furthest": "far",
}
OPPOSITES: Mapping[str, str] = {
    **{f"least {word}": word for word in ADJECTIVES},
    **{f"{degree} {word}": word for degree in ("lowest", "worst") for word in _GRADED},
}
