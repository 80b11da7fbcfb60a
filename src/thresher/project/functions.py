"""Python assets, read from their source without running it.

The function, its inputs and its contract are taken from the syntax tree, so that a plan needs to
import nothing of the user's; arguments of `@asset` must therefore be literals.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.errors import Fault, Place, ProjectError
from thresher.project.asset import PythonBody, PythonInput
from thresher.project.documents import Document, nearest
from thresher.project.text_files import read_text

FRAMES = (
    "duckdb.DuckDBPyRelation",
    "pandas.DataFrame",
    "polars.DataFrame",
    "polars.LazyFrame",
    "pyarrow.RecordBatchReader",
    "pyarrow.Table",
)
"""Kinds of frame that an input can be asked for as."""
CONTEXTS = ("thresher.Context",)
_DECORATOR = "thresher.asset"


@dataclass(frozen=True, slots=True)
class ParsedFunction:
    """What the source of a Python asset tells."""

    body: PythonBody
    head: Document
    """The arguments of `@asset` that can stand at the head of any asset."""
    params: tuple[tuple[str, int], ...] | None = ()
    """Parameters it takes from its context and their lines; None where that cannot be told."""
    uses_run_time: bool = False
    isolate: bool | None = None
    """Whether it asks for a process of its own; None where it does not say."""


def parse_function(text: str, path: str, root: Path) -> ParsedFunction | None:
    """Read the asset of a Python file, or None where the file has no function under `@asset`.

    Args:
        text: source of the file.
        path: the file, relative to the project.
        root: folder of the project, where the modules it imports are looked for.

    Raises:
        ProjectError: every fault of the file.
    """
    tree = _tree(text, path)
    names = _imported_names(tree)
    found = [
        (node, call)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for call in node.decorator_list
        if _qualified(call.func if isinstance(call, ast.Call) else call, names) == _DECORATOR
    ]
    if not found:
        return None
    node, decorator = found[0]
    faults: list[Fault] = []
    if len(found) > 1:
        place = Place(path, found[1][0].lineno)
        faults.append(Fault("a file makes one table: it has a second `@asset` function", place))
    if isinstance(node, ast.AsyncFunctionDef):
        faults.append(Fault("an asset function cannot be `async`", Place(path, node.lineno)))
    head, given, isolate = _arguments(decorator, path, faults)
    inputs, context = _parameters(node, given, names, path, faults)
    modules, packages = _imports(tree, path, root, faults)
    if faults:
        raise ProjectError(faults)
    body = PythonBody(
        function=node.name,
        source=_normal(tree),
        inputs=inputs,
        context=context,
        modules=modules,
        packages=packages,
    )
    return ParsedFunction(body, head, *_context_uses(node, context), isolate=isolate)


def _normal(tree: ast.Module) -> str:
    """Write a module without comments, layout, and the arguments of `@asset` but its `inputs`.

    These say what must hold for the table and how it is made, and decide none of its rows.
    """
    names = _imported_names(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [_bare(each, names) for each in node.decorator_list]
    return ast.unparse(tree)


def _bare(decorator: ast.expr, names: Mapping[str, str]) -> ast.expr:
    if not isinstance(decorator, ast.Call) or _qualified(decorator.func, names) != _DECORATOR:
        return decorator
    inputs = [keyword for keyword in decorator.keywords if keyword.arg == "inputs"]
    return ast.Call(decorator.func, [], inputs) if inputs else decorator.func


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Give what each imported name stands for: `pl` -> `polars`, `asset` -> `thresher.asset`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _qualified(node: ast.expr | None, names: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        base = _qualified(node.value, names)
        return f"{base}.{node.attr}" if base else None
    return None


def _arguments(
    decorator: ast.expr, path: str, faults: list[Fault]
) -> tuple[Document, dict[str, Any], bool | None]:
    """Read the arguments of `@asset`: its head, its `inputs`, and whether it is isolated."""
    value: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {(): decorator.lineno}
    call = decorator if isinstance(decorator, ast.Call) else None
    if call and call.args:
        what = "`@asset` takes keyword arguments only"
        faults.append(Fault(what, Place(path, call.lineno)))
    for keyword in call.keywords if call else ():
        place = Place(path, keyword.lineno)
        if keyword.arg is None:
            faults.append(Fault("`@asset` takes no `**` arguments", place))
            continue
        try:
            value[keyword.arg] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, SyntaxError):
            what = f"the argument `{keyword.arg}` of `@asset` should be a literal"
            hint = "it is read without running the file: write the value itself"
            faults.append(Fault(what, place, hint))
            continue
        lines[keyword.arg,] = keyword.lineno
        lines.update(_lines(keyword.value, (keyword.arg,)))
    inputs = value.pop("inputs", {})
    if not isinstance(inputs, dict) or not all(isinstance(v, str) for v in inputs.values()):
        place = Place(path, lines.get(("inputs",)))
        what = '`inputs` should be a mapping such as `{"flights": "clean.flights"}`'
        faults.append(Fault(what, place))
        inputs = {}
    isolate = value.pop("isolate", None)
    if isolate is not None and not isinstance(isolate, bool):
        place = Place(path, lines.get(("isolate",)))
        faults.append(Fault("`isolate` should be `True` or `False`", place))
    return Document(path, value, lines, {}), inputs, isolate


def _lines(
    node: ast.expr, way: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], int]]:
    if isinstance(node, ast.Dict):
        for key, child in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield (*way, str(key.value)), key.lineno
                yield from _lines(child, (*way, str(key.value)))
    elif isinstance(node, (ast.List, ast.Tuple)):
        for index, child in enumerate(node.elts):
            yield (*way, index), child.lineno
            yield from _lines(child, (*way, index))


def _parameters(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    given: Mapping[str, str],
    names: Mapping[str, str],
    path: str,
    faults: list[Fault],
) -> tuple[tuple[PythonInput, ...], str | None]:
    """Tell which parameter takes which asset, and as what."""
    inputs: list[PythonInput] = []
    context: str | None = None
    parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    if extra := node.args.vararg or node.args.kwarg:
        what = f"an asset function cannot take `*{extra.arg}`"
        faults.append(Fault(what, Place(path, extra.lineno)))
    for parameter in parameters:
        place = Place(path, parameter.lineno)
        frame = _qualified(parameter.annotation, names)
        if frame in CONTEXTS:
            context = parameter.arg
            continue
        asset = given.get(parameter.arg)
        if asset is None:
            what = f"the parameter `{parameter.arg}` is not in `inputs`"
            hint = f'name its asset: `@asset(inputs={{"{parameter.arg}": "layer.name"}})`'
            faults.append(Fault(what, place, nearest(parameter.arg, given) or hint))
        elif frame not in FRAMES:
            what = f"the parameter `{parameter.arg}` does not say which frame it takes"
            hint = f"annotate it with one of: {', '.join(FRAMES)}"
            faults.append(Fault(what, place, hint))
        else:
            inputs.append(PythonInput(parameter.arg, asset.lower(), frame))
    taken = {parameter.arg for parameter in parameters}
    for name in given:
        if name not in taken:
            what = f"`inputs` names `{name}`, which `{node.name}` does not take"
            faults.append(Fault(what, Place(path, node.lineno), nearest(name, taken)))
    return tuple(inputs), context


def _context_uses(
    node: ast.AST, context: str | None
) -> tuple[tuple[tuple[str, int], ...] | None, bool]:
    """Tell which parameters a function takes from its context, and whether it asks the time.

    `ctx.params["name"]` and `ctx.params.get("name")` can be told; any other use of the context may
    reach every parameter.
    """
    parents = {child: at for at in ast.walk(node) for child in ast.iter_child_nodes(at)}
    params: dict[str, int] = {}
    dynamic = uses_run_time = False
    for use in ast.walk(node):
        if not (isinstance(use, ast.Name) and use.id == context):
            continue
        attribute = parents[use]
        name = attribute.attr if isinstance(attribute, ast.Attribute) else None
        uses_run_time |= name == "run_time"
        if name == "params":
            given = _literal_key(attribute, parents)
            dynamic |= given is None
            if given is not None:
                params.setdefault(given, use.lineno)
        elif name is None:
            dynamic = uses_run_time = True
    return (None if dynamic else tuple(sorted(params.items()))), uses_run_time


def _literal_key(attribute: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> str | None:
    above = parents[attribute]
    key: ast.AST | None = None
    if isinstance(above, ast.Subscript):
        key = above.slice
    elif isinstance(above, ast.Attribute) and above.attr == "get":
        call = parents[above]
        key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _imports(
    tree: ast.Module, path: str, root: Path, faults: list[Fault]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Find the project's modules and the installed packages that a file imports, all the way."""
    modules: dict[str, str] = {}
    packages: dict[str, str] = {}
    waiting = [(tree, path)]
    while waiting:
        found, at = waiting.pop()
        for name, line in _imported_modules(found, at, faults):
            file = _project_module(name, root)
            if file is not None:
                key = file.relative_to(root).as_posix()
                if key not in modules and (parsed := _parse(file, key, faults)):
                    modules[key] = hashlib.sha256(_normal(parsed).encode()).hexdigest()
                    waiting.append((parsed, key))
                continue
            top = name.partition(".")[0]
            if top in sys.stdlib_module_names or top == "thresher" or _in_project(top, root):
                continue
            if importlib.util.find_spec(top) is None:
                hint = f"install it: `pip install {top}`"
                what = f"it imports `{top}`, which is not installed"
                faults.append(Fault(what, Place(at, line), hint))
            else:
                packages[top] = _version(top)
    return tuple(sorted(modules.items())), tuple(sorted(packages.items()))


def _prefixes(name: str) -> list[str]:
    """Give what importing a name runs: `a.b.c` runs `a` and `a.b` as well."""
    parts = name.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _imported_modules(
    tree: ast.Module, path: str, faults: list[Fault]
) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from ((name, node.lineno) for name in _prefixes(alias.name))
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                hint = "import it by its name from the project's root or from `src`"
                faults.append(Fault("relative imports are refused", Place(path, node.lineno), hint))
            elif node.module:
                yield from ((name, node.lineno) for name in _prefixes(node.module))
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno


def _project_module(name: str, root: Path) -> Path | None:
    parts = name.split(".")
    for base in (root / "src", root):
        file = base.joinpath(*parts)
        if file.with_suffix(".py").is_file():
            return file.with_suffix(".py")
        if (file / "__init__.py").is_file():
            return file / "__init__.py"
    return None


def _in_project(top: str, root: Path) -> bool:
    """Say whether a top-level name is a module or a folder of the project."""
    places = [base / top for base in (root / "src", root)]
    return any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)


def _parse(file: Path, path: str, faults: list[Fault]) -> ast.Module | None:
    try:
        return _tree(read_text(file, path), path)
    except ProjectError as error:
        faults += error.faults
        return None


def _tree(text: str, path: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        column = getattr(error, "offset", None)
        what = f"not valid Python: {getattr(error, 'msg', error)}"
        raise ProjectError([Fault(what, Place(path, line, column))]) from None


def _version(package: str) -> str:
    """Give the version of the distribution that a top-level package comes from."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        owners = importlib.metadata.packages_distributions().get(package, ())
        return ",".join(
            f"{name}=={importlib.metadata.version(name)}" for name in sorted(set(owners))
        )
