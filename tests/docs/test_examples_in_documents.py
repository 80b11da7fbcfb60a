"""No document names a command, an option or a target that is not there; no link leads nowhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from written_documents import (
    DOCUMENTS,
    ROOT,
    TEMPLATE,
    Call,
    anchors,
    calls,
    links,
    mentioned,
    name,
    shown,
    targets,
)

from thresher.cli.main import thresher

#: Pages of a repository on GitHub, which documents reach by going up from its files.
ON_GITHUB = {"actions", "compare", "releases", "issues", "pulls", "security"}
QUERIES = sorted((TEMPLATE / "queries").glob("*.sql"))

SHOWN = [call for document in DOCUMENTS for call in shown(document)]
MENTIONED = [call for document in DOCUMENTS for call in mentioned(document)]


def parse(command: click.Command, words: list[str], name: str, parent: click.Context | None = None):
    """Parse what a command is given as `thresher` would, and run nothing."""
    context = command.make_context(name, words, parent=parent)
    with context:
        rest = [*context._protected_args, *context.args]
        if isinstance(command, click.Group) and rest:
            sub, found, left = command.resolve_command(context, rest)
            assert sub is not None
            assert found is not None
            parse(found, left, sub, context)


def faults(written: list[Call], *, whole: bool) -> list[str]:
    """Give the calls of thresher that it would not take, each with its reason."""
    found = []
    for call in written:
        usage = "[OPTIONS]" in call.words
        if call.words[0] != "thresher" or usage:
            continue
        try:
            parse(thresher, list(call.words[1:]), "thresher")
        except click.exceptions.NoArgsIsHelpError:
            continue  # `thresher docs` alone shows what it has
        except (click.MissingParameter, click.BadOptionUsage) as error:
            if whole:
                found.append(f"{call}: {error.format_message()}")
        except click.UsageError as error:
            found.append(f"{call}: {error.format_message()}")
    return found


def test_every_command_that_is_shown_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TEMPLATE)
    assert faults(SHOWN, whole=True) == []


def test_every_command_that_is_mentioned_is_one_as_far_as_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(TEMPLATE)
    assert faults(MENTIONED, whole=False) == []


def test_what_stands_above_the_queries_of_a_new_project_is_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(TEMPLATE)
    written = [
        Call(query, number, tuple(words))
        for query in QUERIES
        for number, line in enumerate(query.read_text(encoding="utf-8").splitlines(), 1)
        if "thresher " in line
        for words in calls(line[line.index("thresher ") :])
    ]
    assert len(written) >= len(QUERIES)
    assert faults(written, whole=True) == []


def test_every_target_that_is_shown_is_one() -> None:
    own, of_a_project = targets(ROOT / "Makefile"), targets(TEMPLATE / "Makefile")
    known = dict.fromkeys(DOCUMENTS, own | of_a_project)
    known[TEMPLATE / "README.md"] = of_a_project
    for example in (ROOT / "examples").glob("*/Makefile"):
        known[example.parent / "README.md"] = targets(example) | own
    wrong = [
        str(call)
        for call in SHOWN
        if call.words[0] == "make"
        for target in call.words[1:]
        if "=" not in target and target not in known[call.document]
    ]
    assert wrong == []


def test_the_commands_of_every_document_are_found() -> None:
    """So that none of the tests above passes because it found nothing to look at."""
    found = {call.words[0]: 0 for call in SHOWN}
    for call in SHOWN:
        found[call.words[0]] += 1
    assert found["thresher"] > 25
    assert found["make"] > 8
    assert len(MENTIONED) > 60
    words = {call.words for call in SHOWN if call.document == ROOT / "README.md"}
    assert ("make", "run_etl") in words
    assert ("thresher", "init", "shop") in words
    assert ("thresher", "run") in words


def broken(document: Path, target: str) -> str | None:
    """Say what is wrong with where a link of a document leads, or None."""
    if target.startswith(("https://", "mailto:")):
        return None
    path, _, anchor = target.partition("#")
    to = (document.parent / unquote(path)).resolve() if path else document
    if not to.is_relative_to(ROOT):
        # `../../actions` from the README's page, which is `.../blob/main/README.md`.
        return None if to.relative_to(ROOT.parents[1]).parts[0] in ON_GITHUB else "leaves"
    if not to.exists():
        return "is not there"
    if anchor and anchor not in anchors(to):
        return "has no such heading"
    return None


def test_every_link_leads_somewhere() -> None:
    found = [
        f"{name(document)}: {target} {wrong}"
        for document in DOCUMENTS
        for target in links(document)
        if (wrong := broken(document, target))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("docs/checks.md", None),
        ("docs/nothing.md", "is not there"),
        ("docs/commands.md#thresher-run", None),
        ("docs/commands.md#thresher-walk", "has no such heading"),
        ("#what-it-does", None),
        ("#what-it-does-not", "has no such heading"),
        ("../../actions/workflows/test.yml", None),
        ("../../nothing", "leaves"),
        ("http://example.com", "is not there"),
    ],
)
def test_a_link_that_leads_nowhere_is_seen(target: str, wrong: str | None) -> None:
    assert broken(ROOT / "README.md", target) == wrong


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("thresher walk", "no command `walk`"),
        ("thresher run --selekt x", "--selekt"),
        ("cd shop && thresher docs synk", "synk"),
        ("thresher plan --format yaml", "yaml"),
        ("thresher show", "Missing argument"),
    ],
)
def test_a_wrong_command_is_seen(line: str, told: str) -> None:
    written = [Call(ROOT / "README.md", 1, tuple(words)) for words in calls(line)]
    (fault,) = faults(written, whole=True)
    assert told in fault
