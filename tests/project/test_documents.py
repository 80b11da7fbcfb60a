import pytest
from pydantic import BaseModel, ConfigDict

from thresher.errors import ProjectError
from thresher.project.documents import nearest, parse_document, scalar, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    workers: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pipeline: str
    run: Inner = Inner()
    more: dict[str, Inner] = {}


def faults(text: str) -> list[str]:
    with pytest.raises(ProjectError) as caught:
        validate(Outer, parse_document(text, "config.yaml"))
    return [str(fault) for fault in caught.value.faults]


def test_every_fault_of_a_document_is_told_with_its_line_and_the_nearest_name():
    found = faults("pipelin: x\nrun:\n  workers: many\n  worker: 2\nmore:\n  a: {workrs: 1}\n")
    assert found == [
        "config.yaml:1: `pipeline` is missing\n  hint: add it: `pipeline: ...`",
        "config.yaml:3: `run.workers` should be a valid integer, not `many`",
        "config.yaml:4: unknown key `run.worker`\n  hint: did you mean `workers`?",
        "config.yaml:6: unknown key `more.a.workrs`\n  hint: did you mean `workers`?",
        "config.yaml:1: unknown key `pipelin`\n  hint: did you mean `pipeline`?",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: !!python/object/apply:os.system [ls]", "the YAML tag"),
        ("a: &a [*a]", "refers to itself"),
        ("a: 1\na: 2", "`a` is written twice, first in line 1"),
        ("x: [", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("a: 2013-13-45", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("- 1", "should be a mapping"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text, told):
    with pytest.raises(ProjectError) as caught:
        validate(Outer, parse_document(text, "config.yaml"))
    assert told in str(caught.value)


def test_an_alias_bomb_is_refused_before_it_unfolds():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    with pytest.raises(ProjectError, match="unfold to more than"):
        parse_document("\n".join(lines), "config.yaml")


def test_an_honest_alias_is_read():
    document = parse_document("a: &a {x: 1}\nb: *a\n", "config.yaml")
    assert document.value == {"a": {"x": 1}, "b": {"x": 1}}


def test_lines_count_from_where_the_document_begins_in_its_file():
    document = parse_document("a:\n  b: 1", "x.sql", first_line=10)
    assert document.place("a", "b").line == 11
    assert document.place("a", "nowhere").line == 10


@pytest.mark.parametrize(
    ("text", "value"),
    [("15", 15), ("1.5", 1.5), ("true", True), ("abc", "abc"), ("[1]", "[1]"), ("", "")],
)
def test_a_scalar_is_read_as_yaml_would(text, value):
    assert scalar(text) == value


def test_keys_are_names_whatever_they_look_like():
    text = "null: [NA]\non: 1\n2013: x"
    assert parse_document(text, "x").value == {"null": ["NA"], "on": 1, "2013": "x"}


def test_nothing_near_gives_no_hint():
    assert nearest("zzz", ["flights"]) is None
