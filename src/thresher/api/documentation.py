"""What a project says of itself in its README: the summary and the graph, written and held.

Everything here is told from the project's files alone, so that it is the same in every environment.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from thresher.docs.markers import marked, replaced, with_section
from thresher.docs.mermaid import chart
from thresher.docs.summary import summary
from thresher.errors import CommandError, Fault, OutdatedError, Place, ProjectError
from thresher.project.project import Project
from thresher.project.text_files import unreadable
from thresher.storage.local import write_whole

README = "README.md"
SECTION = "The pipeline"
"""Title of the section that is added to a document without markers."""

_DIFF_LINES = 60


@dataclass(frozen=True, slots=True)
class Page:
    """A document of a project as it is, and as it should be."""

    path: str
    """Relative to the project."""
    before: str | None
    """None where there is no such file."""
    after: str
    parts: tuple[str, ...]
    """What of it Thresher writes: `summary`, `graph`."""
    added: bool
    """Whether the section with the markers is new."""

    @property
    def current(self) -> bool:
        """Whether it says what the project says."""
        return self.before == self.after

    @property
    def diff(self) -> list[str]:
        """The lines that differ, as `diff -u` shows them; of many, the first ones."""
        before, after = (self.before or "").splitlines(), self.after.splitlines()
        as_it_is, as_written = self.path, f"{self.path} (thresher docs sync)"
        lines = list(unified_diff(before, after, as_it_is, as_written, lineterm=""))
        left = len(lines) - _DIFF_LINES
        return [*lines[:_DIFF_LINES], f"... and {left:,} more lines"] if left > 0 else lines


def summarize(project: Project) -> str:
    """Write the summary of a project: a Markdown list of at most ten lines."""
    queries = project.root / "queries"
    return summary(project, sorted(path.name for path in queries.glob("*.sql")))


def page(project: Project, path: str = README) -> Page:
    """Decide what a document of a project should hold; nothing is changed.

    Args:
        project: what the user wrote.
        path: the document, relative to the project.

    Raises:
        ProjectError: its markers are broken, or it cannot be read as UTF-8.
    """
    before = _read(project.root / path, path)
    parts = {"summary": summarize(project), "graph": _graph(project)}
    found = marked(before or "", parts, path)
    if found:
        return Page(path, before, replaced(before or "", parts, path), tuple(found), added=False)
    text = f"# {_title(project)}\n" if before is None else before
    after = with_section(text, SECTION, parts)
    return Page(path, before, after, tuple(parts), added=True)


def sync(project: Project, path: str = README) -> Page:
    """Write the summary and the graph into a document of a project, whole or not at all.

    Returns:
        The document as it was before, and as it is now.

    Raises:
        ProjectError: its markers are broken, or it cannot be read as UTF-8.
        WarehouseError: it cannot be written.
    """
    made = page(project, path)
    if not made.current:
        target = (project.root / path).resolve()
        mode = target.stat().st_mode if target.exists() else None
        write_whole(target, made.after.encode())
        if mode is not None:
            target.chmod(mode)
    return made


def outdated(made: Page) -> OutdatedError:
    """Give the error that says that a document is not current."""
    what = "it does not say what the project says"
    if made.before is None:
        what = "it is not there"
    elif made.added:
        what = "it has no markers for the summary and the graph"
    file = "" if made.path == README else f" --file {shlex.quote(made.path)}"
    return OutdatedError(what, place=Place(made.path), hint=f"`thresher docs sync{file}` writes it")


def _read(file: Path, path: str) -> str | None:
    """Read a document with every character of it; None where there is none."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise CommandError(f"`{path}` is a folder", hint="name a file in it") from None
    except OSError as error:
        raise ProjectError([unreadable(error, path)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = "it is not UTF-8, and what is written into it would be"
        raise ProjectError([Fault(what, Place(path, line), "save it as UTF-8")]) from None


def _title(project: Project) -> str:
    return project.settings.config.pipeline


def _graph(project: Project) -> str:
    """Write the graph as a block of Markdown, and what was folded in it."""
    if not project.assets:
        return "Nothing to draw yet.\n"
    drawn = chart(project.assets, project.settings.config.layers)
    everything = "`thresher graph --format svg` draws all of it"
    if not drawn.text:
        return f"The graph is larger than a page draws; {everything}.\n"
    note = ""
    if drawn.folded:
        many = len(drawn.folded) > 1
        layers = ", ".join(f"`{layer}`" for layer in drawn.folded)
        note = (
            f"The graph is larger than a page draws, so the layer{'s' if many else ''} {layers} "
            f"{'are one box each' if many else 'is one box'}; {everything}.\n\n"
        )
    return f"{note}```mermaid\n{drawn.text}```\n"
