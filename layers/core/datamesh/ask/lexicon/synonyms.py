"""Words that name the same thing in a schema, as data: one group a line.

`EVERYDAY`, `KINDS` and `PHRASES` are general lists: an entry needs no more than to be plain English. What is only used
so where people ask for data stands in `SEEN`, and only while at least three databases of the training kit need it.
"""

from __future__ import annotations

__all__ = ["DOERS", "EVERYDAY", "KINDS", "PHRASES", "SEEN"]

_EVERYDAY = """
price cost
job occupation profession
company firm corporation business enterprise
country nation
photo photograph picture image
movie film
car automobile
employee worker staff
customer client
teacher instructor
student pupil
phone telephone
sex gender
salary wage
shop store
doctor physician
plane airplane aeroplane aircraft
ship boat vessel
author writer
road street
quantity amount
lawyer attorney
location place
identifier id
colour color
centre center
theatre theater
programme program
licence license
manufacturer maker producer
population resident inhabitant
"""
EVERYDAY: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _EVERYDAY.strip().splitlines())
"""Each word may stand for any other of its line."""

_SEEN = """
kind type
"""
SEEN: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _SEEN.strip().splitlines())
"""The first word may stand for the others of its line."""

_KINDS = """
company: agency airline bakery bank brewery carrier dealership distributor lender manufacturer merchant provider
company: publisher railway seller shipper startup studio subsidiary supplier utility vendor wholesaler winery
person: actor actress advisor analyst archer architect artist astronaut astronomer athlete attendee attorney author
person: banker barber bartender beneficiary bidder blogger borrower bowler boxer broker butcher buyer candidate
person: captain carpenter cashier chancellor chef chemist citizen cleaner clergyman clerk climber comedian congressman
person: contractor councillor counselor courier creditor critic customer cyclist dancer dealer debtor delegate dentist
person: deputy diplomat director doctor donor driver drummer economist editor electrician employee entrepreneur envoy
person: expert farmer fencer firefighter fisherman freelancer gardener goalkeeper golfer governor guardian guest
person: guitarist gymnast historian homeowner hunter inspector instructor intern inventor investor janitor jockey
person: journalist judge juror knight landlord lawyer lender librarian lieutenant mathematician mayor mechanic
person: medalist member merchant midwife miner minister musician nanny nominee novelist nun nurse optician owner
person: painter paramedic passenger patient patron pedestrian pharmacist philosopher physician physicist pianist pilot
person: player playwright plumber poet policeman politician porter priest professor psychiatrist pupil racer rapper
person: reader realtor recipient referee refugee respondent rider rower runner sailor salesman salesperson scholar
person: scientist sculptor secretary seller sergeant sheriff shopper singer skater skier soldier songwriter speaker
person: specialist spectator sprinter staff stewardess student subscriber surfer surgeon surveyor survivor swimmer
person: tailor taxpayer teacher technician tenant therapist tourist trader trainee trainer trustee tutor umpire user
person: veterinarian victim violinist visitor vocalist voter waiter waitress worker wrestler writer
"""
KINDS: tuple[tuple[str, ...], ...] = tuple(tuple(line.replace(":", "").split()) for line in _KINDS.strip().splitlines())
"""Of each line, what the others are kinds of: where a schema has employees, people may be these.

People by what they do, not by whose they are (friends, parents). Words are compared by their stem, so nobody stands
here whose stem is a thing's, too: an officer's is that of office, a reviewer's that of review.
"""

_DOERS = """
accountant commander controller designer developer examiner installer interviewer investigator lecturer manager
marketer moderator negotiator observer officer operator organizer organiser photographer planner programmer promoter
recruiter reporter researcher reviewer steward superintendent supervisor tester translator
"""
DOERS = frozenset(_DOERS.split())
"""People, too, but only as they are written: a reviewer's stem is that of a review."""

_PHRASES = """
last name, surname, family name, lastname
first name, forename, given name, firstname
zip code, zip, postal code, postcode, post code
birth date, birthday, date of birth, birthdate, dob
phone number, phone, telephone number
email address, email, e mail
job title, job
home town, hometown
web site, website
start date, starting date
end date, ending date
middle name, second name
address line 1, address
amount, amount of money
quantity, units
"""
PHRASES: tuple[tuple[str, ...], ...] = tuple(tuple(line.split(", ")) for line in _PHRASES.strip().splitlines())
"""The same for phrases: each may stand for any other of its line inside a name."""
