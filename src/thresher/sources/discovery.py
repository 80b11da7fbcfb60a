"""Finding input files: from globs to paths, and from paths to names that can be told.

File names are what others chose: they may hold quotes, line breaks, characters of glob patterns
and bytes that are no text. Past this module a file goes by its printable name, which leads back to
it; names never become part of another name or of SQL unquoted.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from thresher.errors import Place, SourceError
from thresher.project.source import ENDINGS, FORMATS

#: File names that an error shows.
SHOWN_NAMES = 3
_ESCAPE = re.compile(r"\\(?:(\\)|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_WILDCARD = re.compile(r"[*?\[]")
COMPRESSIONS = (".gz", ".zip")


def printable(path: str) -> str:
    """Write a path with escapes for what cannot be printed, so that [`original`][] undoes it."""
    return "".join(_printable(char) for char in path)


def original(name: str) -> str:
    """Give the path that a printable name stands for."""
    return _ESCAPE.sub(_unescape, name)


def find_files(globs: Iterable[str], root: Path, place: Place) -> list[tuple[str, Path]]:
    """Find the files that globs match, sorted by their printable names, each once.

    Hidden files and folders are found only where a glob names them.

    Args:
        globs: patterns relative to `root`.
        root: the project's folder.
        place: the asset, for errors.

    Raises:
        SourceError: a glob is wrong, or matches nothing.
    """
    found: dict[str, Path] = {}
    for pattern in globs:
        matches = list(_matches(pattern, root, place))
        if not matches:
            raise _nothing(pattern, root, place)
        for path in matches:
            found.setdefault(printable(_relative(path, root)), path)
    return sorted(found.items())


def ending(name: str) -> tuple[str, str]:
    """Give the ending that tells a file's format, and the one that tells its compression.

    Either is empty where there is none: `a.csv.gz` gives `.csv` and `.gz`.
    """
    path = Path(name.lower())
    compression = path.suffix if path.suffix in COMPRESSIONS else ""
    inner = Path(path.stem).suffix if compression else path.suffix
    return inner, compression


def unknown_format(name: str) -> tuple[str, str]:
    """Say that a file's name does not tell its format, and what to do."""
    inner, compression = ending(name)
    what = f"the ending `{inner}{compression}`" if inner or compression else "a name without ending"
    known = ", ".join(ENDINGS)
    hint = f"say `format:` with one of {', '.join(FORMATS)}; known endings: {known}"
    return f"{what} does not tell the format", f"{hint}, each also with .gz or .zip"


def _matches(pattern: str, root: Path, place: Place) -> Iterator[Path]:
    literal = root / pattern
    try:
        if literal.is_file() or literal.is_symlink():
            yield literal
            return
        base = Path(literal.anchor) if Path(pattern).is_absolute() else root
        relative = str(Path(pattern).relative_to(base)) if Path(pattern).is_absolute() else pattern
        if not _WILDCARD.search(relative):
            return
        parts = Path(relative).parts
        _refuse_closed(base, parts)
        for path in base.glob(relative):
            if _visible(path.relative_to(base).parts, parts) and _is_input(path):
                yield path
    except PermissionError as error:
        raise _closed(Path(error.filename), root, place) from error
    except (ValueError, NotImplementedError) as error:
        raise SourceError(
            f"`{pattern}` is not a valid glob",
            place=place,
            hint="`**` must stand alone between slashes, as in `data_raw/**/*.csv`",
        ) from error


def _refuse_closed(base: Path, parts: Sequence[str]) -> None:
    """Look into each folder that a glob looks into: a glob takes one it may not read for empty.

    Raises:
        PermissionError: one may not be read.
    """
    deep = "**" in parts
    fixed = itertools.takewhile(lambda part: not _WILDCARD.search(part), parts[:-1])
    for at, names, _ in os.walk(base.joinpath(*fixed), onerror=_refuse, followlinks=not deep):
        depth = len(Path(at).relative_to(base).parts)
        names[:] = [
            name
            for name in names
            if _visible((name,), parts)
            and (deep or (depth < len(parts) - 1 and fnmatchcase(name, parts[depth])))
        ]


def _refuse(error: OSError) -> None:
    if isinstance(error, PermissionError):
        raise error


def _closed(path: Path, root: Path, place: Place) -> SourceError:
    """Say which folder on the way to a path may not be looked into."""
    ways = (each for each in (*reversed(path.parents), path) if each.is_dir())
    folder = next((each for each in ways if not os.access(each, os.R_OK | os.X_OK)), path)
    return SourceError(
        f"the folder `{printable(_relative(folder, root))}` may not be read",
        place=place,
        hint="give the user who runs the command the right to: `chmod u+rx`",
    )


def _is_input(path: Path) -> bool:
    # A link to nothing is an input that is missing, and must not go unnoticed.
    return path.is_file() or (path.is_symlink() and not path.exists())


def _visible(parts: Iterable[str], pattern: Iterable[str]) -> bool:
    named = [part for part in pattern if part.startswith(".")]
    return all(
        not part.startswith(".") or any(fnmatchcase(part, name) for name in named) for part in parts
    )


def _relative(path: Path, root: Path) -> str:
    if ".." in path.parts:
        path = path.parent.resolve() / path.name
    for base in (root, root.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.as_posix()


def _nothing(pattern: str, root: Path, place: Place) -> SourceError:
    fixed = Path(pattern)
    while _WILDCARD.search(str(fixed)):
        fixed = fixed.parent
    folder = root / (fixed if fixed != Path(pattern) else fixed.parent)
    where = printable(_relative(folder, root)) if folder != root else "the project's folder"
    if (root / pattern).is_dir():
        return SourceError(
            f"`{pattern}` is a folder", place=place, hint=f"say which of its files: `{pattern}/*`"
        )
    shown = where if folder == root else f"`{where}`"
    what = f"no file matches `{pattern}`"
    if not folder.is_dir():
        return SourceError(f"{what}: there is no folder {shown}", place=place, hint=_fix(pattern))
    # Only what lies in the folder itself: a hint must not walk a whole disk.
    names = sorted(printable(each.name) for each in folder.iterdir() if each.is_file())
    near = get_close_matches(Path(pattern).name, names, n=SHOWN_NAMES, cutoff=0.4)
    some = near or names[:SHOWN_NAMES]
    hint = f"there is {', '.join(f'`{name}`' for name in some)}" if some else _fix(pattern)
    return SourceError(f"{what} in {shown}", place=place, hint=hint)


def _fix(pattern: str) -> str:
    return f"put files there, or mend `{pattern}`, which is relative to the project"


def _printable(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _unescape(match: re.Match[str]) -> str:
    backslash, byte, short, long = match.groups()
    if backslash:
        return "\\"
    if byte:
        return os.fsdecode(bytes([int(byte, 16)]))
    return chr(int(short or long, 16))
