"""Asset functions that raise or give back the wrong thing: each fails by its own line."""

from __future__ import annotations

from textwrap import indent

import pytest
from published_shop import Case, Shop

PATH = "src/warehouse/new.py"
HEAD = "import pyarrow as pa\nfrom thresher import asset\n"
DEF = '@asset(inputs={"orders": "clean.orders"})\ndef new(orders: pa.Table):\n'
TRACE = "`thresher run --debug` shows the whole traceback"
FRAME = "return a frame of Polars, pandas, PyArrow or DuckDB"


def file(content: str | bytes, *told: str, code: int = 1, hints: int = 1) -> Case:
    """A whole file."""
    return Case(
        {PATH: content},
        (PATH, *told),
        code=code,
        hints=hints,
        mended={PATH: f"{HEAD}\n{DEF}    return orders\n"},
        builds=frozenset({"warehouse.new"}),
    )


def body(text: str, *told: str) -> Case:
    """A function; its body begins in the sixth line of the file."""
    return file(f"{HEAD}\n{DEF}{indent(text, '    ')}\n", "warehouse.new failed", *told)


RAISING = {
    "raises": body("raise ValueError('no orders')", f"{PATH}:6: ValueError: no orders\n", TRACE),
    "raises deeper": body("def f():\n    return 1 / 0\nreturn f()", f"{PATH}:7: ZeroDivisionError"),
    "raises without a word": body("assert orders is None", f"{PATH}:6: AssertionError\n"),
    "raises far too many words": body("raise ValueError('x' * 9999)", f"{'x' * 500}...\n"),
    "raises midway": body("yield orders\nraise ValueError('midway')", f"{PATH}:7: ValueError: mid"),
    "calls sys.exit": body("import sys\nsys.exit(3)", f"{PATH}:7: it called `sys.exit(3)`\n"),
    "calls sys.exit midway": body(
        "import sys\nyield orders\nsys.exit('x')", f"{PATH}:8: it called"
    ),
    "calls itself": body("def f():\n    return f()\nreturn f()", f"{PATH}:7: RecursionError"),
    "needs too much": body("raise MemoryError", f"{PATH}:6: MemoryError"),
    "raises when loaded": file(
        f"{HEAD}T = open('nothing.txt')\n{DEF}    return orders\n", f"{PATH}:3: FileNotFoundError"
    ),
}

RETURNING = {
    "nothing": body("orders.num_rows", "it returned None", FRAME),
    "a number": body("return 42", "it returned `int`", FRAME),
    "a text": body("return 'orders'", "it returned `str`", FRAME),
    "a set": body("return {1, 2}", "it returned `set`", FRAME),
    "a class of frames": body("return pa.Table", "it returned `type`", FRAME),
    "a list of numbers": body("return [1, 2, 3]", "batch 1 is `int`, not a frame", FRAME),
    "no rows at all": body("return []", "its columns are unknown", "one frame without rows"),
    "an empty generator": body("return\nyield", "its columns are unknown", "one frame without"),
    "a generator of numbers": body("yield 1", "batch 1 is `int`", FRAME),
    "a generator that changes": body("yield orders\nyield 2", "batch 2 is `int`", FRAME),
    "batches unlike the first": body(
        "yield orders\nyield orders.drop(['id'])", "batch 2: it lacks `id`", "columns of the first"
    ),
    "no columns": body("return pa.table({})", "a frame without columns", FRAME),
    "one name twice": body("return pa.table([[1], [2]], names=['x', 'x'])", "`x`", "rename one"),
    "values of two types": body("return [{'x': 1}, {'x': 'a'}]", "`x`", "`int`, `str`", "one type"),
}

FILES = {
    "missing module": file(
        f"import not_there\n{HEAD}{DEF}    return orders\n",
        f"{PATH}:1: it imports `not_there`, which is not installed",
        "`pip install not_there`",
        code=2,
    ),
    "missing module inside": file(
        f"{HEAD}\n{DEF}    import not_there\n", f"{PATH}:6: it imports `not_there`", code=2
    ),
    "syntax error": file(f"{HEAD}\n@asset\ndef new(:\n", f"{PATH}:5:9: not valid", code=2, hints=0),
    "indentation": file(f"{HEAD}\n{DEF}return 1\n", f"{PATH}:6:1: not valid", code=2, hints=0),
    "latin-1": file(b"x = 1\ny = 'Zo\xeb'\n", f"{PATH}:2: it is not UTF-8", "save it", code=2),
    "NUL byte": file("x = 1\0\n", "not valid Python", "null bytes", code=2, hints=0),
    "no asset": file("x = 1\n", f"{PATH}:1: it has no function under `@asset`", code=2),
    "unknown input": file(
        f"{HEAD}@asset(inputs={{'o': 'clean.ordres'}})\ndef new(o: pa.Table): ...\n",
        "`clean.ordres`, which does not exist",
        "did you mean `clean.orders`?",
        code=2,
    ),
    "annotated as no frame": file(
        f"{HEAD}@asset(inputs={{'o': 'clean.orders'}})\ndef new(o: dict): ...\n",
        f"{PATH}:4: the parameter `o` does not say which frame it takes",
        "annotate it with one of: ",
        code=2,
    ),
    "not annotated": file(
        f"{HEAD}@asset(inputs={{'o': 'clean.orders'}})\ndef new(o): ...\n",
        f"{PATH}:4: the parameter `o` does not say which frame it takes",
        code=2,
    ),
}


@pytest.mark.parametrize("case", RAISING.values(), ids=RAISING)
def test_a_function_that_raises_fails_by_its_line(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)


@pytest.mark.parametrize("case", RETURNING.values(), ids=RETURNING)
def test_a_function_that_returns_no_table_is_told_what_to_return(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)


@pytest.mark.parametrize("case", FILES.values(), ids=FILES)
def test_a_file_that_holds_no_asset_function_runs_nothing(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)


def test_a_module_of_the_project_is_told_by_its_own_line(shop: Shop) -> None:
    module = "src/shared/rates.py"
    shop.put({module: "X = 1\ndef (\n", PATH: f"from shared import rates\n{HEAD}{DEF}    ...\n"})
    ended = shop.run()
    assert ended.code == 2
    assert f"{module}:2:5: not valid Python" in ended.said
    shop.assert_untouched()


def test_the_traceback_is_shown_where_it_is_asked_for(shop: Shop) -> None:
    shop.put(
        {
            ".env": "TOKEN=hunter2-in-env\n",
            ".env.example": "TOKEN=\n",
            "config.yaml": "pipeline: shop\nparams: {token: '${TOKEN}'}\nrun: {retries: 0}\n",
            PATH: f"{HEAD}\n{DEF}    raise ValueError('hunter2-in-env')\n",
        }
    )
    assert shop.run().code == 1
    asked = shop.process("run", "--debug")
    assert asked.code == 1
    assert f'{PATH}", line 6, in new' in asked.said
    assert "Traceback (most recent call last)" in asked.said
    assert "hunter2-in-env" not in asked.said
    shop.assert_untouched()
