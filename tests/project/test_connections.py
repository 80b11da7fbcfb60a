"""`connections:` of `config.yaml`: their forms, what is wrong with them, and their secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from thresher.errors import ProjectError
from thresher.project.connections import ConnectionConfig
from thresher.project.settings import read_settings


def connection(given: Any):
    return ConnectionConfig.model_validate(given).connection("shop")


@pytest.mark.parametrize(
    ("given", "kind", "target"),
    [
        ("sqlite:data/a.sqlite", "sqlite", "data/a.sqlite"),
        ("sqlite:///data/a.sqlite", "sqlite", "data/a.sqlite"),
        ("sqlite:////srv/a.sqlite", "sqlite", "/srv/a.sqlite"),
        ("sqlite:/srv/a.sqlite", "sqlite", "/srv/a.sqlite"),
        ({"sqlite": "a.sqlite"}, "sqlite", "a.sqlite"),
        ("postgresql://u:p@h/d", "postgresql", "postgresql://u:p@h/d"),
        (
            "postgres://h:5433/d?sslmode=require",
            "postgresql",
            "postgres://h:5433/d?sslmode=require",
        ),
        ({"postgresql": "postgresql:///d"}, "postgresql", "postgresql:///d"),
        # A password that came from a variable may hold what no URL may.
        (
            "postgresql://u:p@ss/w#rd?%@h/d",
            "postgresql",
            "postgresql://u:p%40ss%2Fw%23rd%3F%25@h/d",
        ),
        ("postgresql://u:p%40ss@h/d", "postgresql", "postgresql://u:p%40ss@h/d"),
        ({"dbapi": "pg8000.dbapi:connect"}, "dbapi", "pg8000.dbapi:connect"),
    ],
)
def test_a_connection_has_several_forms(given, kind, target):
    made = connection(given)
    assert (made.kind, made.target) == (kind, target)


@pytest.mark.parametrize(
    ("given", "shown", "secrets"),
    [
        ("sqlite:a.sqlite", "sqlite:a.sqlite", ()),
        ("postgresql://u:se:cret@h:1/d", "postgresql://u:***@h:1/d", ("se%3Acret", "se:cret")),
        (
            "postgresql://u:p%40ss@h/d?sslmode=require",
            "postgresql://u:***@h/d",
            ("p%40ss", "p@ss"),
        ),
        ("postgresql://h/d?user=u&password=hush", "postgresql://h/d", ("hush",)),
        ("postgresql://u@h/d", "postgresql://u@h/d", ()),
        (
            {"dbapi": "a.b:connect", "arguments": {"user": "u", "api_key": "hush", "port": 1}},
            "a.b:connect(api_key, port, user)",
            ("hush",),
        ),
    ],
)
def test_what_is_shown_holds_no_secret(given, shown, secrets):
    made = connection(given)
    assert made.shown == shown
    assert made.secrets == secrets
    assert not any(secret in made.shown + made.identity for secret in secrets)


def test_a_connection_is_known_by_where_it_leads_and_as_whom():
    one = connection("postgresql://u:old@h/d?sslmode=require&password=x")
    assert one.identity == connection("postgres://u:new@h/d?password=y&sslmode=require").identity
    others = ["postgresql://v:old@h/d", "postgresql://u:old@h/e", "postgresql://u:old@i/d"]
    assert len({one.identity, *(connection(each).identity for each in others)}) == 4
    dsn = {"dbapi": "a:connect", "arguments": {"dsn": "h1/x", "password": "a"}}
    other = {"dbapi": "a:connect", "arguments": {"dsn": "h2/x", "password": "a"}}
    changed = {"dbapi": "a:connect", "arguments": {"dsn": "h1/x", "password": "b"}}
    assert connection(dsn).identity == connection(changed).identity != connection(other).identity


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mysql://u:hush-hush@h/d", "`connections.shop` should be `sqlite:PATH`"),
        ("{}", "should be `sqlite:PATH`"),
        ("{sqlite: a, dbapi: 'b:c'}", "should be `sqlite:PATH`"),
        ("{sqlite: a, arguments: {x: 1}}", "has `arguments`, which only a `dbapi`"),
        ("{dbapi: pg8000}", "should have `dbapi: module:function`"),
        ("{dbapi: 'a:b', argumnts: {}}", "unknown key `connections.shop.argumnts`"),
        ("{postgresql: 'h/d'}", "should be a URL such as"),
        ("7", "should be"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_without_a_secret(tmp_path, text, told):
    (tmp_path / "config.yaml").write_text(f"pipeline: p\nconnections:\n  shop: {text}\n")
    with pytest.raises(ProjectError) as caught:
        read_settings(tmp_path, variables={})
    assert told in str(caught.value)
    assert "config.yaml:3: " in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_an_environment_replaces_connections_and_hides_all_their_secrets(tmp_path: Path):
    (tmp_path / "config.yaml").write_text(
        "pipeline: p\n"
        "connections:\n"
        "  shop: postgresql://u:literal-one@h/d\n"
        "  crm: postgresql://u:${CRM}@h/d\n"
        "environments:\n"
        "  dev: {}\n"
        "  test: {connections: {shop: 'postgresql://u:literal-three@p/d'}}\n"
        "  prod: {connections: {shop: 'postgresql://u:literal-two@p/d'}}\n"
    )
    (tmp_path / ".env.example").write_text("CRM=\n")
    variables = {"CRM": "from-outside"}
    settings = read_settings(tmp_path, environment="prod", variables=variables)
    assert settings.connections["shop"].target == "postgresql://u:literal-two@p/d"
    assert settings.record()["connections"] == {
        "shop": "postgresql://u:***@p/d",
        "crm": "postgresql://u:***@h/d",
    }
    text = "literal-one literal-two literal-three from-outside"
    assert settings.masker.text(text) == "*** *** *** ***"
