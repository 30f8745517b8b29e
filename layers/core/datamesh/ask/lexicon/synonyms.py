"""Words of general English that name the same thing in a schema, as data: one group a line."""

from __future__ import annotations

__all__ = ["PHRASES", "SYNONYMS"]

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
kind type
category type
identifier id
colour color
centre center
theatre theater
programme program
licence license
manufacturer maker producer
university college
population resident inhabitant
headquarters headquarter
"""
SYNONYMS: tuple[tuple[str, ...], ...] = tuple(tuple(line.split()) for line in _EVERYDAY.strip().splitlines())
"""Everyday English: each word may stand for any other of its line."""

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
"""
PHRASES: tuple[tuple[str, ...], ...] = tuple(tuple(line.split(", ")) for line in _PHRASES.strip().splitlines())
"""The same for phrases: each may stand for any other of its line inside a name."""
