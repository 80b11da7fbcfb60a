"""YAML read safely, with the line of every key: the base of each fault that names a place.

Only plain YAML is accepted. Tags that would make Python objects, aliases that refer to themselves
and aliases that unfold beyond [`MOST_VALUES`][] are refused before anything is built from them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from thresher.errors import Fault, Place, ProjectError
from thresher.project.synonyms import called_here

#: How many values a document may unfold to through its aliases.
MOST_VALUES = 100_000
#: How deep a document may be nested.
MOST_LEVELS = 100

_NO_ALIAS = "write the values out, without `&` and `*`"
_NO_YAML = "indent with spaces, not tabs; put texts that hold `:`, `#`, `*` or brackets in quotes"
_TEXT_TAG = "tag:yaml.org,2002:str"
_KEY_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Key = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document: its value, and where each part of it stands."""

    path: str
    value: Any
    lines: Mapping[Key, int]
    """Line in the file of each key and item, by the way to it."""
    plain: Mapping[Key, str]
    """Scalars that are written without quotes, as they are written, by the way to each."""

    def place(self, *way: str | int) -> Place:
        """Give the place of a part, or of the nearest part around it that has one."""
        for length in range(len(way), -1, -1):
            if way[:length] in self.lines:
                return Place(self.path, self.lines[way[:length]])
        return Place(self.path)


def parse_document(text: str, path: str, *, first_line: int = 1) -> Document:
    """Parse one YAML document that begins on a given line of its file.

    Raises:
        ProjectError: it is not plain, safe YAML.
    """
    loader = None
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(path, None, {(): first_line}, {})
        _refuse_unfolding(node, path, first_line)
        lines: dict[Key, int] = {}
        plain: dict[Key, str] = {}
        _locate(node, (), first_line, lines, plain, path)
        return Document(path, loader.construct_document(node), lines, plain)
    except yaml.MarkedYAMLError as error:
        raise ProjectError([_yaml_fault(error, path, first_line)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        fault = Fault(f"not valid YAML: {reason.splitlines()[0]}", Place(path, first_line))
        raise ProjectError([fault]) from None
    finally:
        if loader is not None:
            loader.dispose()


def scalar(text: str) -> Any:
    """Read a single plain value as YAML would (`15`, `2024-01-31`, `true`), or as text."""
    try:
        value = yaml.load(text, Loader=Loader)  # noqa: S506  # Loader is the safe one
    except (yaml.YAMLError, ValueError):
        return text
    return text if value is None or isinstance(value, (dict, list, set)) else value


def validate(model: type[Model], document: Document, *way: str | int, value: Any = None) -> Model:
    """Make a model of a document, or of the part of it at `way`.

    Args:
        model: what it should be.
        document: where the value comes from, for the places of faults.
        way: keys that lead to the part.
        value: the part, if it was changed after reading.

    Raises:
        ProjectError: every key that is missing, unknown or of the wrong type.
    """
    if value is None:
        value = document.value
        for key in way:
            value = value[key]
    try:
        return model.model_validate({} if value is None else value)
    except ValidationError as error:
        faults = [_model_fault(item, model, document, way) for item in error.errors()]
        raise ProjectError(dict.fromkeys(faults)) from None


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the hint that names what was probably meant, or None where nothing is near."""
    known = {n.lower(): n for n in names}
    found = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f"did you mean `{known[found[0]]}`?" if found else None


def _refuse_unfolding(node: yaml.Node, path: str, first_line: int) -> None:
    """Refuse what would be endless or huge once its aliases are unfolded."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def fault(at: yaml.Node, what: str, hint: str | None = None) -> ProjectError:
        return ProjectError([Fault(what, Place(path, at.start_mark.line + first_line), hint)])

    def size(at: yaml.Node, level: int) -> int:
        if id(at) in sizes:
            return sizes[id(at)]
        if id(at) in open_nodes:
            raise fault(at, "a YAML alias refers to itself", _NO_ALIAS)
        if level > MOST_LEVELS:
            raise fault(at, f"nested deeper than {MOST_LEVELS} levels")
        open_nodes.add(id(at))
        total = 1 + sum(size(child, level + 1) for child in _children(at))
        open_nodes.discard(id(at))
        if total > MOST_VALUES:
            what = f"YAML aliases unfold to more than {MOST_VALUES:,} values"
            raise fault(at, what, _NO_ALIAS)
        sizes[id(at)] = total
        return total

    size(node, 0)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _locate(
    node: yaml.Node,
    way: Key,
    first_line: int,
    lines: dict[Key, int],
    plain: dict[Key, str],
    path: str,
) -> None:
    lines.setdefault(way, node.start_mark.line + first_line)
    if isinstance(node, yaml.ScalarNode):
        if not node.style:
            plain[way] = node.value
        return
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            _locate(child, (*way, index), first_line, lines, plain, path)
        return
    for key, child in node.value:
        below = (*way, str(key.value))
        line = key.start_mark.line + first_line
        if below in lines:
            what = f"`{key.value}` is written twice, first in line {lines[below]}"
            raise ProjectError([Fault(what, Place(path, line), "keep one of the two")])
        lines[below] = line
        if isinstance(key, yaml.ScalarNode) and key.tag in _KEY_TAGS:
            key.tag = _TEXT_TAG  # `null:` and `on:` are names here, not values
        _locate(child, below, first_line, lines, plain, path)


def _yaml_fault(error: yaml.MarkedYAMLError, path: str, first_line: int) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + first_line if mark else first_line
    column = mark.column + 1 if mark else None
    problem = error.problem or "it cannot be read"
    if "could not determine a constructor for the tag" in problem:
        tag = problem.rsplit(" ", 1)[-1]
        return Fault(
            f"the YAML tag {tag} is refused",
            Place(path, line, column),
            "only plain values are read: texts, numbers, dates, lists and mappings",
        )
    return Fault(f"not valid YAML: {problem}", Place(path, line, column), _NO_YAML)


def _model_fault(
    item: Any, model: type[BaseModel], document: Document, way: tuple[str | int, ...]
) -> Fault:
    """Put what pydantic found into words, with the line and the nearest valid name."""
    loc = tuple(part for part in item["loc"] if not str(part).startswith("function-"))
    at = document.place(*way, *loc)
    key = ".".join(str(part) for part in (*way, *loc))
    if item["type"] == "extra_forbidden":
        names = _names(model, loc[:-1])
        fallback = f"valid keys: {', '.join(sorted(names))}" if names else None
        name = str(loc[-1])
        hint = called_here(name, names) or nearest(name, names) or fallback
        return Fault(f"unknown key `{key}`", at, hint)
    if item["type"] == "missing":
        return Fault(f"`{key}` is missing", at, f"add it: `{loc[-1]}: ...`")
    subject = f"`{key}`" if key else "the file"
    if item["type"] == "value_error":
        return Fault(f"{subject} {str(item['msg']).removeprefix('Value error, ')}", at)
    message = str(item["msg"]).removeprefix("Input should be ").partition(", unable to ")[0]
    hint = None
    if item["type"] in ("model_type", "dict_type"):
        message, hint = "a mapping of keys to values", "write `key: value` lines"
    given = item.get("input")
    shown = "" if isinstance(given, (dict, list)) or given is None else f", not `{given}`"
    return Fault(f"{subject} should be {message}{shown}", at, hint)


def _names(model: type[BaseModel], way: tuple[Any, ...]) -> list[str]:
    """Give the keys that are valid at a place of a model."""
    here: Any = model
    for part in way:
        here = _step(here, part)
    return list(here.model_fields) if _is_model(here) else []


def _step(here: Any, part: Any) -> Any:
    found = here
    if _is_model(here) and part in here.model_fields:
        found = here.model_fields[part].annotation
    while not _is_model(found):
        arguments = [a for a in getattr(found, "__args__", ()) if a is not type(None)]
        if not arguments:
            return None
        models = [a for a in arguments if _is_model(a)]
        found = models[0] if models else arguments[-1]
    return found


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)
