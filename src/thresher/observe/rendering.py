"""Templates of pages, and how figures and texts stand in them.

All that is put into a template is escaped, and its control characters are made visible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from thresher.observe.wording import count, counted, duration, percent, visible
from thresher.sizes import spell_size

if TYPE_CHECKING:
    from jinja2 import Environment, FileSystemBytecodeCache

#: Most characters shown of one value of data.
SHOWN_CHARACTERS = 200


def render(template: str, view: Mapping[str, Any]) -> str:
    """Write a page.

    Args:
        template: name of a file of this package.
        view: what the template names.
    """
    return _environment().get_template(template).render(view)


def share(part: float) -> str:
    """Write a share, given between 0 and 1."""
    return percent(part, 1)


def moment(stamp: str) -> str:
    """Write an instant of UTC, given in ISO 8601."""
    return datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M:%S UTC")


@cache
def _environment() -> Environment:
    """Make what templates are written with; they are compiled once, and kept for later runs."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        bytecode_cache=_compiled(),
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_template),
    )
    environment.filters |= {
        "count": count,
        "counted": counted,
        "duration": duration,
        "size": spell_size,
        "share": share,
        "moment": moment,
        "value": _value,
        "marked": _marked,
    }
    return environment


def _compiled() -> FileSystemBytecodeCache | None:
    """Make the place for what was compiled: a folder of this user among the temporary files.

    To compile the templates takes longer than all else that a run does which finds nothing to do.
    """
    from jinja2 import FileSystemBytecodeCache
    from jinja2.bccache import Bucket

    class Kept(FileSystemBytecodeCache):
        """Is done without where it cannot be written."""

        def dump_bytecode(self, bucket: Bucket) -> None:
            with suppress(OSError):
                super().dump_bytecode(bucket)

    with suppress(OSError, RuntimeError):  # no folder that is this user's alone
        return Kept(pattern="__thresher_%s.cache")
    return None


def _template(name: str) -> str:
    return (files("thresher.observe") / name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """Make control characters visible; what is HTML already stays as it is."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _marked(text: str) -> Any:
    """Set what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
