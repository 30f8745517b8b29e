"""Verbs of general English and the words of one family with them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FAMILIES", "FAMILY_ENDINGS", "MEASURED", "MEASURING_VERBS", "VERBS"]

_VERBS = """
absorb accept accommodate accompany accomplish accumulate achieve acquire act activate adapt add address adhere adjust
administer admit adopt advance advertise advise affect affiliate agree aid aim align allocate allow amend analyse
analyze announce answer appear apply appoint appraise approach approve arrange arrest arrive ask assemble assess
assign assist associate assume attach attack attain attempt attend attract audit author authorise authorize award back
bake base bear beat become begin belong bid bike bind bite block blow board book borrow bowl break breed bring
broadcast build burn bury buy calculate call care carry carve cast catch cause celebrate certify chair challenge
change charter chase check choose circulate claim classify clean climb close coach code collect combine come command
comment commission commit communicate compete compile complete compose comprise compute conceive concern conclude
conduct confer configure confirm conquer connect consider consist constitute construct consult consume contact contain
contest continue contract contribute control convert cook cooperate coordinate copy correspond cost counsel cover
create credit cross cure cut damage date deal decorate dedicate defeat defend define delegate deliver depart depend
deploy deposit describe design designate destroy detect determine develop devise die dig direct discharge disclose
discover discuss dispatch display distribute divide dock document donate draft draw dress drill drink drive earn eat
edit educate elect eliminate embed emerge emit employ enable encounter encourage end endorse engage enjoy enlist enrol
enroll enter entitle equip escort establish estimate evaluate examine exceed exchange execute exercise exhibit exist
expand experience explain explore export express extend extract face facilitate fall farm feature feed fetch fight
file fill film finance find finish fit fix flow fly focus fold follow force form formulate forward founded frame fund
furnish gain gather generate get give go govern grade graduate grant greet grow guarantee guard guide handle hand hang
happen harvest head heal hear help hire hit hold honor honour host house hunt identify illustrate implement import
improve include incorporate increase incur indicate induct infect influence inform inhabit inherit initiate injure
insert inspect inspire install instruct insure integrate intend interact interview introduce invent invest investigate
invite involve issue join judge jump keep kill knit know label land last laugh launch lay lead learn lease leave
lecture lend license lie lift link list listen live load loan locate lock lodge log look lose love mail maintain make
manage manufacture map march mark market marry master match measure mediate meet mentor mention merge migrate mine
model moderate modify monitor motivate mount move narrate negotiate nominate note notify number nurse observe obtain
occupy occur offer officiate open operate order organise organize originate overlap oversee own pack paint park
participate partner pass patrol pay perform permit photograph pick pilot pitch place plan plant play point portray
possess post pour practice practise predict prefer prepare prescribe present preserve preside process produce program
progress project promote propose protect prove provide publish pull purchase pursue push put qualify quote race raise
rank rate reach read receive recognise recognize recommend record recover recruit redeem refer referee reflect regard
register regulate relate release relocate remain remark remove render renew rent repair repay replace report represent
reproduce request require research reserve reside resign resolve respond restore result retain retire return reveal
review revise reward ride rise roll rule run sail satisfy save say schedule score screen seal search seat secure see
seek select sell send serve set settle shape share ship shoot show sign sing sink sit situate sleep smoke solve speak
specialise specialize specify spend sponsor spread stage stand star start state station stay steal steer stock stop
store stream strike study submit subscribe succeed suffer suggest suit supervise supply support surround survey
survive suspend swim take talk taste teach tell tend test throw touch tour track trade train transfer translate
transmit transport travel treat trigger try turn tutor type undergo undertake unite update upgrade upload use utilise
utilize validate value vary verify view visit volunteer vote wait walk want warn wash watch water wear weave weigh
welcome win witness work worship write yield
"""
VERBS = frozenset(_VERBS.split())
"""Common verbs that may relate two things, in base form (but founded). Those that deny (lack, miss, exclude) do not
stand here: to leave one of them unread would turn an answer into its opposite."""

_FAMILIES = """
act action activity; admit admission; advise adviser advisor advice; apply application applicant; attend attendance
attendee; author authorship; bear born birth birthday birthdate; buy buyer; begin beginning beginner; choose choice;
close closure closing; loan borrow borrower; compete competition competitor; complain complaint; conclude conclusion;
decide decision; defend defence defense defender; deliver delivery; depart departure; describe description; destroy
destruction; die death dead; direct director; divide division; donate donation donor; enter entry entrance; expand
expansion; extend extension; fail failure; fly flight; found foundation founder; give gift; govern governor; grow
growth; hospitalise hospitalization; injure injury; interpret interpreter; invent inventor; lend lender; lose loss
loser; maintain maintenance; marry marriage; move movement; occupy occupation; occur occurrence; own ownership; pay
payment; permit permission; produce production producer; publish publication publisher; receive receipt recipient;
register registration registrar registry; respond response; sell sale seller; serve service server; sign signature;
speak speech speaker; store storage; submit submission; subscribe subscription subscriber; succeed success; survive
survivor survival; suspend suspension; teach teacher; transact transaction; transmit transmission; treat treatment;
vary variation variety; weigh weight; withdraw withdrawal; able ability; deep depth; high height; long length; strong
strength; warm warmth; wide width; young youth; popular popularity; capable capability; senior seniority
"""
FAMILIES: tuple[tuple[str, ...], ...] = tuple(tuple(group.lower().split()) for group in _FAMILIES.split(";"))
"""Verbs, adjectives and their nouns, where an ending rule does not lead from one to the other."""

FAMILY_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "er": ("", "e"), "or": ("", "e"), "e": ("",), "ment": ("", "e"), "at": ("", "e"), "anc": ("", "e"),
    "enc": ("", "e"), "ant": ("", "e"), "ent": ("", "e"), "al": ("", "e"), "ist": ("",), "ship": ("",),
}  # fmt: skip
"""Endings of a stem that lead back to its verb, with what takes their place: teacher, payment, attende(e)."""

MEASURING_VERBS = {
    "earn": "paid",
    "cost": "expensive",
    "weigh": "heavy",
    **dict.fromkeys(("accommodate", "seat", "hold"), "roomy"),
}
"""Verbs that say a number of a thing, and the adjectives of what they measure."""

MEASURED = ("priced", "rated")
"""The same of what is done: priced below 30, rated above 4."""
