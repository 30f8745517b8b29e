"""`logicalTypeOptions.format` of a string: what it means, as a regular expression over the whole text (RE2).

email, uuid, uri, hostname, ipv4, ipv6, byte are those of JSON Schema and OpenAPI, which ODCS names; date, time and
date-time are RFC 3339's. `binary` and `password` say nothing about the text itself and are not checked.
"""

from __future__ import annotations

__all__ = ["STRING_FORMATS", "UNCHECKED_FORMATS"]

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"({_H16}:{_H16}|{_IPV4})"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def _ipv6() -> str:
    """RFC 3986's nine forms: `::` may stand for any run of zeros, the last 32 bits may be written as IPv4."""
    forms = [rf"({_H16}:){{6}}{_LS32}", rf"::({_H16}:){{5}}{_LS32}"]
    forms += [rf"(({_H16}:){{0,{n}}}{_H16})?::({_H16}:){{{4 - n}}}{_LS32}" for n in range(5)]
    forms += [rf"(({_H16}:){{0,5}}{_H16})?::{_H16}", rf"(({_H16}:){{0,6}}{_H16})?::"]
    return "|".join(forms)


STRING_FORMATS = {
    "email": r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" + rf"{_LABEL}(\.{_LABEL})+",
    "uuid": r"[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+",
    "hostname": rf"{_LABEL}(\.{_LABEL})*\.?",
    "ipv4": _IPV4,
    "ipv6": _ipv6(),
    "byte": r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    "date": _DAY,
    "time": _CLOCK,
    "date-time": rf"{_DAY}[Tt ]{_CLOCK}",
}
UNCHECKED_FORMATS = ("binary", "password")
