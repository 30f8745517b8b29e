"""Words that name the same thing in a schema, as data: one group a line.

`EVERYDAY`, `KINDS` and `PHRASES` are general lists: an entry needs no more than to be plain English. What is only used
so where people ask for data stands in `SEEN`, and only while at least three databases of the training kit need it.
"""

from __future__ import annotations

__all__ = ["EVERYDAY", "KINDS", "PHRASES", "SEEN"]

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
headquarters headquarter
"""
EVERYDAY: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _EVERYDAY.strip().splitlines())
"""Each word may stand for any other of its line."""

_SEEN = """
kind type
"""
SEEN: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _SEEN.strip().splitlines())
"""The first word may stand for the others of its line."""

_KINDS = """
company: manufacturer supplier airline publisher bank retailer vendor brewery studio
person: employee customer member student teacher player author artist actor driver pilot technician scientist captain
person: climber wrestler swimmer physician patient passenger entrepreneur guest owner candidate delegate
"""
KINDS: tuple[tuple[str, ...], ...] = tuple(tuple(line.replace(":", "").split()) for line in _KINDS.strip().splitlines())
"""Of each line, what the others are kinds of: where a schema has employees, people may be these."""

_PHRASES = """
last name, surname, family name
first name, forename, given name
zip code, zip, postal code, postcode, post code
birth date, birthday, date of birth, birthdate
phone number, phone, telephone number
email address, email, e mail
job title, job
home town, hometown
web site, website
start date, starting date
end date, ending date
middle name, second name
address line 1, address
"""
PHRASES: tuple[tuple[str, ...], ...] = tuple(tuple(line.split(", ")) for line in _PHRASES.strip().splitlines())
"""The same for phrases: each may stand for any other of its line inside a name."""
