"""What each format lets pass, held against what Python's own parsers say, and against standards."""

from __future__ import annotations

import ipaddress
import json
import re
import sys
import uuid
from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.project import parts
from thresher.quality.conditions import BLANK
from thresher.quality.formats import FORMATS

#: The expression of the HTML standard, copied from its section on valid e-mail addresses.
HTML_EMAIL = (
    r"[a-zA-Z0-9.!#$%&'*+\/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
HOST = "a" * 63


def passes(call):
    try:
        return bool(call())
    except ValueError:
        return False


def is_json(text):
    def refuse(constant):
        raise ValueError(constant)

    return passes(lambda: json.loads(text, parse_constant=refuse) or True)


def is_date(text):
    return passes(lambda: date.fromisoformat(text).isoformat() == text)


def is_timestamp(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", text)
    if match is None:
        return False
    offset = (match[4] or "").replace("Z", "+00:00")
    return passes(lambda: datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}"))


def texts(*examples, alphabet):
    """Give texts near some examples: as they are, with a character changed, and of the alphabet."""
    chosen = st.sampled_from(examples)
    changed = st.builds(
        lambda text, at, new: text[: at % (len(text) + 1)] + new + text[at % (len(text) + 1) + 1 :],
        chosen,
        st.integers(0, 60),
        st.text(alphabet, max_size=2),
    )
    return chosen | changed | st.text(alphabet, max_size=24)


TWO = st.integers(0, 61).map("{:02d}".format)
ORACLES = {
    "ipv4": (
        texts("192.168.0.1", "255.255.255.255", "0.0.0.0", alphabet="0123456789."),
        lambda text: passes(lambda: ipaddress.IPv4Address(text)),
    ),
    "ipv6": (
        texts(
            *("::", "::1", "1::", "2001:db8::ff00:42:8329", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"),
            *("1:2:3:4:5:6:1.2.3.4", "1::3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"),
            alphabet="01aF:.",
        )
        | st.ip_addresses(v=6).map(str),
        lambda text: passes(lambda: ipaddress.IPv6Address(text) is not None),
    ),
    "uuid": (
        texts(str(uuid.UUID(int=2**127 + 5)), str(uuid.NAMESPACE_DNS), alphabet="0aF-{}g"),
        lambda text: passes(lambda: str(uuid.UUID(text)) == text.lower()),
    ),
    "iso_date": (
        texts("2012-02-29", "2013-12-31", alphabet="0123456789-")
        | st.builds(lambda y, m, d: f"{y}-{m}-{d}", st.integers(1000, 9999), TWO, TWO),
        is_date,
    ),
    "iso_timestamp": (
        texts("2012-02-29T23:59:59Z", "2013-12-31 00:00:00.123456789+05:30", alphabet="0159-:.TZ+ ")
        | st.builds("2012-{}-{}T{}:{}:{}".format, TWO, TWO, TWO, TWO, TWO),
        is_timestamp,
    ),
    "json": (
        texts(
            *('{"a": [1, -2.5e3, true, null]}', '"NaN, ]"', "[NaN]", "[1,]", '{"a":1,}', "01"),
            *('"\\""', '"a\\\\"', '["\\n,]"]', "Infinity", ' {"a" : {} } '),
            alphabet='[]{},:"\\ntrfals01.-+eENI ',
        ),
        is_json,
    ),
    "integer": (
        texts("0", "-12", "+7", alphabet="0123456789+-. _"),
        lambda text: re.fullmatch("[+-]?[0-9]+", text) is not None,
    ),
    "decimal": (
        texts("0.5", "-.5", "12.", "+1", alphabet="0123456789+-. e,"),
        lambda text: passes(lambda: float(text) or True) and set(text) <= set("0123456789+-."),
    ),
    "email": (
        texts("ann@example.org", "o'hara+x@a-b.example", f"a@{HOST}.org", alphabet="a1.-@_!+ é"),
        lambda text: re.fullmatch(HTML_EMAIL, text) is not None,
    ),
}


def let_pass(warehouse, name, values):
    """Give the texts that the check of a format lets pass."""
    warehouse.database.register("given", pa.table({"text": pa.array(values, pa.string())}))
    warehouse.create("select distinct text from given", form="or replace table")
    result = warehouse.audit(f"columns: {{text: {{format: {name}}}}}").results[-1]
    assert result.status.value in ("passed", "failed"), result.message
    condition = f"select text from given except {warehouse.queries[-1].partition(' limit ')[0]}"
    if result.violations == 0:
        return set(values)
    params = {"p0": FORMATS[name].regex} if FORMATS[name].regex else None
    return {row[0] for row in warehouse.database.execute(condition, params).fetchall()}


@pytest.mark.parametrize("name", sorted(ORACLES))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_format_lets_pass_what_another_parser_takes(warehouse, name, data):
    strategy, oracle = ORACLES[name]
    values = data.draw(st.lists(strategy, min_size=1, max_size=60))
    assert let_pass(warehouse, name, values) == {text for text in values if oracle(text)}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "hostname",
            ["a", "example.org", "xn--bcher-kva.example", "3com.com", "1.2.3.4", f"{HOST}.org"],
            [
                "",
                "-a.org",
                "a-.org",
                "a..org",
                "a_b.org",
                "a.org.",
                "ü.de",
                f"a{HOST}.org",
                ".".join([HOST] * 4),
            ],
        ),
        (
            "url",
            [
                "http://example.org",
                "HTTPS://a.b/c?d=e&f#g",
                "https://u:p@a.b:8080/",
                "http://[::1]/",
                "https://a.b/%C3%BC/(x)?q=a/b?c",
                "http://127.0.0.1",
            ],
            [
                "",
                "example.org",
                "ftp://a.b",
                "http://",
                "http://a b",
                "http://a.b/ü",
                "//a.b",
                "http://a.b/%zz",
                "mailto:a@b.c",
                "http://-a.b",
                "http://a.b/c d",
                "http://[1]/",
            ],
        ),
        (
            "phone",
            ["+391234567890", "+12", "+123456789012345"],
            ["", "391234567890", "+0123", "+1", "+1234567890123456", "+39 123", "0039123"],
        ),
        (
            "iso_time",
            ["00:00:00", "23:59:59.999", "10:00:00Z", "10:00:00+05:30"],
            ["24:00:00", "10:60:00", "10:00", "1:00:00", "10:00:60", "10:00:00+24:00"],
        ),
        ("country_code", ["IT", "GB", "ZW"], ["", "UK", "it", "ITA", "XX", "EU", "SU"]),
    ],
)
def test_a_format_lets_pass_what_its_standard_does(warehouse, name, good, bad):
    assert let_pass(warehouse, name, [*good, *bad]) == set(good)


def test_there_are_as_many_countries_as_the_standard_has():
    assert len(set(FORMATS["country_code"].regex.split("|"))) == 249


def test_every_format_is_known_to_the_reader_and_has_a_line_in_the_documentation(request):
    assert tuple(FORMATS) == parts.FORMATS == tuple(sorted(FORMATS))
    text = (request.config.rootpath / "docs" / "checks.md").read_text(encoding="utf-8")
    section = text.partition("### `format`")[2].partition("### `references`")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == tuple(FORMATS)


def test_blank_is_what_python_calls_space(warehouse):
    """Each character of Unicode alone, but the halves of pairs, which no text holds."""
    every = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    warehouse.database.register("given", pa.table({"text": pa.array(every, pa.string())}))
    found = warehouse.database.execute(
        "select text from given where regexp_full_match(text, ?)", [BLANK]
    ).fetchall()
    assert {row[0] for row in found} == {text for text in every if text.isspace()}
