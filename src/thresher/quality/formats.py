"""The formats that `format` knows: a regular expression each, and what it leaves to a cast.

Each says where its definition comes from, and none asks the world: that a country exists is read
from a list, that a mailbox exists is not looked at. `docs/checks.md` says what is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.quality.column_types import is_text
from thresher.quality.kinds import Sql
from thresher.quality.subject import Subject


@dataclass(frozen=True, slots=True)
class Format:
    """A form that texts can have."""

    regex: str | None
    """RE2 expression that matches from end to end; None where SQL alone decides."""
    also: str | None = None
    """Condition of SQL on the text `{text}` that must hold as well."""


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_HEX = "[0-9A-Fa-f]{1,4}"
_LOW = f"(?:{_HEX}:{_HEX}|{_IPV4})"
#: The nine ways in which `::` can stand, by how many groups follow it; RFC 3986 writes them so.
_IPV6 = "|".join(
    [
        f"(?:{_HEX}:){{7}}{_HEX}",
        f"(?:{_HEX}:){{6}}{_IPV4}",
        *(
            f"(?:(?:{_HEX}:){{0,{4 - after}}}{_HEX})?::(?:{_HEX}:){{{after}}}{_LOW}"
            if after < 5
            else f"::(?:{_HEX}:){{5}}{_LOW}"
            for after in range(5, -1, -1)
        ),
        f"(?:(?:{_HEX}:){{0,5}}{_HEX})?::{_HEX}",
        f"(?:(?:{_HEX}:){{0,6}}{_HEX})?::",
    ]
)
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_ATOM = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_UNRESERVED = r"A-Za-z0-9\-._~!$&'()*+,;="
_PCHAR = rf"(?:[{_UNRESERVED}:@]|%[0-9A-Fa-f]{{2}})"
_URL = (
    rf"(?i:https?)://(?:(?:[{_UNRESERVED}:]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:{_HOST}|\[(?:{_IPV6})\])(?::[0-9]{{1,5}})?"
    rf"(?:/{_PCHAR}*)*(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)
_DATE = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_OFFSET = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_REAL_DAY = "try_cast(left({text}, 10) as date) is not null"
#: What DuckDB lets pass beside JSON, looked for outside of strings: NaN, infinity, a last comma.
_LAX_JSON = (
    r"""regexp_matches(regexp_replace({text}, '"(?:[^"\\]|\\.)*"', '""', 'g'),"""
    r""" '(?i)nan|inf|,\s*[\]}}]')"""
)
#: ISO 3166-1 alpha-2, as of 2025: the codes that are officially assigned.
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

FORMATS: Mapping[str, Format] = {
    "country_code": Format("|".join(_COUNTRIES.split())),
    "decimal": Format(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
    # WHATWG HTML, "valid e-mail address": what browsers accept.
    "email": Format(rf"{_ATOM}@{_HOST}"),
    # RFC 1123, section 2.1.
    "hostname": Format(_HOST, "length({text}) <= 253"),
    "integer": Format("[+-]?[0-9]+"),
    # RFC 3986, section 3.2.2: no leading zeros, which some systems take for octal.
    "ipv4": Format(_IPV4),
    # RFC 4291, section 2.2.
    "ipv6": Format(_IPV6),
    # ISO 8601-1, the extended form of a calendar date.
    "iso_date": Format(_DATE, _REAL_DAY),
    "iso_time": Format(f"{_TIME}{_OFFSET}?"),
    # RFC 3339, section 5.6, with or without the offset.
    "iso_timestamp": Format(f"{_DATE}[Tt ]{_TIME}{_OFFSET}?", _REAL_DAY),
    # RFC 8259.
    "json": Format(None, f"json_valid({{text}}) and not {_LAX_JSON}"),
    # ITU-T E.164.
    "phone": Format(r"\+[1-9][0-9]{1,14}"),
    # RFC 3986, with a scheme of RFC 9110 and a host.
    "url": Format(_URL),
    # RFC 9562, section 4.
    "uuid": Format("[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
}


def misformed(check: Check, subject: Subject) -> Sql:
    """Find texts that do not have a format."""
    (name,) = check.columns
    column, type_ = subject.table.column(name), subject.table.type(name)
    if not is_text(type_):
        raise AssetError(f"`{name}` is `{type_}`, and only texts have a format")
    formed = well_formed(check.argument("format"), f"cast({column} as varchar)")
    return Sql(f"{column} is not null and not ({formed.text})", formed.params)


def well_formed(name: str, text: str, *, parameter: str = "p0") -> Sql:
    """Give the condition that a text has a format.

    Args:
        name: of the format.
        text: an expression of SQL.
        parameter: name of the placeholder for the regular expression.
    """
    format_ = FORMATS[name]
    holds = [f"regexp_full_match({text}, ${parameter})"] if format_.regex else []
    if format_.also:
        holds.append(f"({format_.also.format(text=text)})")
    return Sql(" and ".join(holds), {parameter: format_.regex} if format_.regex else {})
