"""The shape of the code: ceilings that keep each file, function and class easy to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

FILE_LINES = 400
FUNCTION_LINES = 60
CLASS_METHODS = 15
PARAMETERS = 6
DOCUMENTED = 0.95
BROAD_EXCEPTS = 5

#: Names of modules that say nothing, so that anything can be put there.
EMPTY_NAMES = {"base", "common", "core", "helper", "helpers", "misc", "util", "utils"}

#: Where Thresher's own modules may be imported late, because importing must be free.
LATE_IMPORTS = (
    "plugins.py",
    "__init__.py",
    "__main__.py",
    "testing/plugin.py",
    "testing/prefixes.py",
    "api/",
    "cli/",
    # What reads is loaded when there is something to read: most runs find nothing new.
    "sources/databases.py",
    "sources/files.py",
)

#: Not the parentheses of a list of characters, which are empty.
POSSESSIVE_GROUP = re.compile(r"[^(]\)[*+?]\+")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Modules = dict[str, ast.Module]


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def methods(node: ast.ClassDef) -> list[Function]:
    """Find what a class does, private or not; a property is something that it has."""
    found = [each for each in node.body if isinstance(each, Function)]
    return [each for each in found if "property" not in map(ast.unparse, each.decorator_list)]


def lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def parameters(function: Function) -> list[str]:
    """Name the parameters that can be given by position, without the method's own."""
    given = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    return given[1:] if given[:1] in (["self"], ["cls"]) else given


def public(node: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    """Find what a reader of the documentation is shown: no constructors and magic methods."""
    for each in node.body:
        if isinstance(each, Function | ast.ClassDef) and not each.name.startswith("_"):
            yield each
            if isinstance(each, ast.ClassDef):
                yield from public(each)


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Say whether a handler takes whatever comes, and does not raise it again."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        each is None or (isinstance(each, ast.Name) and each.id in {"Exception", "BaseException"})
        for each in caught
    )


def imports_thresher(node: ast.AST) -> bool:
    match node:
        case ast.Import():
            return any(alias.name.partition(".")[0] == "thresher" for alias in node.names)
        case ast.ImportFrom(level=level, module=module):
            return level > 0 or (module or "").partition(".")[0] == "thresher"
    return False


def late_imports(tree: ast.Module) -> list[int]:
    found = {
        node.lineno
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and imports_thresher(node)
    }
    return sorted(found)


def test_no_file_is_long(root: Path, modules: Modules) -> None:
    long = {
        path: count
        for path in modules
        if (count := len((root / "src/thresher" / path).read_text().splitlines())) > FILE_LINES
    }
    assert long == {}


def test_no_function_is_long(modules: Modules) -> None:
    long = {
        f"{path}:{function.lineno} {function.name}": lines(function)
        for path, tree in modules.items()
        for function in functions(tree)
        if lines(function) > FUNCTION_LINES
    }
    assert long == {}


def test_no_class_does_everything(modules: Modules) -> None:
    wide = {
        f"{path}:{node.lineno} {node.name}": len(methods(node))
        for path, tree in modules.items()
        for node in classes(tree)
        if len(methods(node)) > CLASS_METHODS
    }
    assert wide == {}


def test_no_function_takes_many_parameters_by_position(modules: Modules) -> None:
    wide = {
        f"{path}:{function.lineno} {function.name}": parameters(function)
        for path, tree in modules.items()
        for function in functions(tree)
        if len(parameters(function)) > PARAMETERS
    }
    assert wide == {}


def test_every_module_says_what_it_is_for(modules: Modules) -> None:
    assert [path for path, tree in modules.items() if not ast.get_docstring(tree)] == []


def test_what_is_public_is_documented(modules: Modules) -> None:
    shown = [(path, node) for path, tree in modules.items() for node in public(tree)]
    silent = [
        f"{path}:{node.lineno} {node.name}" for path, node in shown if not ast.get_docstring(node)
    ]
    assert len(silent) <= (1 - DOCUMENTED) * len(shown), silent


def test_only_the_command_line_prints(modules: Modules) -> None:
    printing = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        if not path.startswith("cli/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_no_function_changes_a_module(modules: Modules) -> None:
    changing = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
    ]
    assert changing == []


def test_broad_excepts_are_few(modules: Modules) -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    assert len(broad) <= BROAD_EXCEPTS, broad


def test_every_module_is_named_for_what_it_holds(modules: Modules) -> None:
    parts = {path: PurePosixPath(path).with_suffix("").parts for path in modules}
    empty = [
        path
        for path, names in parts.items()
        if any(name.strip("_") in EMPTY_NAMES for name in names)
    ]
    assert empty == []


def test_own_modules_are_imported_at_the_top(modules: Modules) -> None:
    late = [
        f"{path}:{line}"
        for path, tree in modules.items()
        if not path.startswith(LATE_IMPORTS) and not path.endswith("/__init__.py")
        for line in late_imports(tree)
    ]
    assert late == []


@pytest.mark.parametrize(
    ("code", "late"),
    [
        ("from thresher import errors", []),
        ("def f():\n    from thresher import errors", [2]),
        ("class C:\n    def m(self):\n        import thresher.errors", [3]),
        ("def f():\n    from . import errors", [2]),
        ("def f():\n    import json", []),
    ],
)
def test_a_late_import_is_seen(code: str, late: list[int]) -> None:
    assert late_imports(ast.parse(code)) == late


def test_no_group_is_repeated_possessively(modules: Modules) -> None:
    """Python 3.11.0 to 3.11.4 match too much by it: `re` means an atomic group there."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str | bytes)
        and POSSESSIVE_GROUP.search(repr(node.value))
    ]
    assert not found


@pytest.mark.parametrize(
    ("handler", "broad"),
    [
        ("except: pass", True),
        ("except Exception: pass", True),
        ("except BaseException as error: raise ValueError from error", True),
        ("except (OSError, Exception): pass", True),
        ("except BaseException: raise", False),
        ("except OSError: pass", False),
        ("except (OSError, ValueError): pass", False),
    ],
)
def test_a_broad_except_is_seen(handler: str, broad: bool) -> None:
    tree = ast.parse(f"try: pass\n{handler}")
    assert [is_broad(each) for each in ast.walk(tree) if isinstance(each, ast.ExceptHandler)] == [
        broad
    ]


def test_what_is_measured_is_what_is_there() -> None:
    tree = ast.parse(
        '"""Text."""\n'
        "class A:\n"
        "    def m(self, a, /, b, *, c):\n"
        "        return (a,\n"
        "                b)\n"
        "    def _m(self): ...\n"
        "    @property\n"
        "    def p(self): ...\n"
        "def _f(a): ...\n"
    )
    (node,) = classes(tree)
    assert [lines(each) for each in methods(node)] == [3, 1]
    assert [parameters(each) for each in functions(tree)] == [["a"], ["a", "b"], [], []]
    assert [each.name for each in public(tree)] == ["A", "m", "p"]
