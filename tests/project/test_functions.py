import pytest

from thresher.errors import ProjectError
from thresher.project.asset import PythonInput
from thresher.project.functions import parse_function

GOOD = '''
"""A table."""
import polars as pl
from thresher import Context, asset
from lib.dates import season

@asset(
    description="How planes are used.",
    inputs={"flights": "clean.Flights"},
    columns={"tailnum": {"type": "varchar", "not_null": True}},
)
def aircraft_use(flights: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    return flights.filter(pl.col("delay") > ctx.params["min_delay"])
'''


@pytest.fixture
def root(tmp_path):
    (tmp_path / "src" / "lib").mkdir(parents=True)
    (tmp_path / "src" / "lib" / "dates.py").write_text(
        "from lib import deep\n\ndef season(): ...\n"
    )
    (tmp_path / "src" / "lib" / "deep.py").write_text("import pandas\n")
    return tmp_path


def test_a_function_is_read_without_running_it(root):
    parsed = parse_function(GOOD + "\nraise SystemExit\n", "src/warehouse/use.py", root)
    assert parsed is not None
    body = parsed.body
    assert body.inputs == (PythonInput("flights", "clean.flights", "polars.LazyFrame"),)
    assert body.context == "ctx"
    assert parsed.params == (("min_delay", 13),)
    assert not parsed.uses_run_time
    assert [path for path, _ in body.modules] == ["src/lib/dates.py", "src/lib/deep.py"]
    assert [name for name, _ in body.packages] == ["pandas", "polars"]
    assert parsed.head.value["columns"]["tailnum"]["not_null"] is True
    assert parsed.head.place("columns", "tailnum").line == 10


def test_comments_and_layout_are_no_part_of_it(root):
    one = parse_function(GOOD, "a.py", root)
    other = parse_function(GOOD.replace("    return", "    # why\n\n    return"), "a.py", root)
    changed = parse_function(GOOD.replace(" > ", " >= "), "a.py", root)
    assert one.body.source == other.body.source != changed.body.source


def test_what_is_said_of_the_table_is_no_part_of_it_but_its_inputs_are(root):
    def source(said, import_="import thresher"):
        text = f"{import_}\n\n{said}\ndef made():\n    return []\n"
        return parse_function(text, "a.py", root).body.source

    bare = source("@thresher.asset")
    for said in ("", "isolate=True", "tags=('a',), columns={'n': {'unique': True}}"):
        assert source(f"@thresher.asset({said})") == bare
    given = "@asset(inputs={{'n': '{}'}}{})\ndef f(n: 'polars.LazyFrame'): ...\nlater = 1\n"

    def of_inputs(name, more=""):
        text = f"from thresher import asset\n\n{given.format(name, more)}"
        return parse_function(text, "a.py", root).body.source

    assert of_inputs("raw.a") == of_inputs("raw.a", ", isolate=True") != of_inputs("raw.b")


def test_a_package_is_part_of_what_imports_its_module(root):
    (root / "src" / "lib" / "__init__.py").write_text("K = 1\n")
    one = parse_function(GOOD, "a.py", root)
    (root / "src" / "lib" / "__init__.py").write_text("K = 2\n")
    assert parse_function(GOOD, "a.py", root).body.modules != one.body.modules


def test_a_change_of_an_imported_module_is_noticed(root):
    one = parse_function(GOOD, "a.py", root)
    (root / "src" / "lib" / "deep.py").write_text("import pandas\nX = 1\n")
    assert parse_function(GOOD, "a.py", root).body.modules != one.body.modules


@pytest.mark.parametrize(
    ("use", "params", "run_time"),
    [
        ("ctx.params.get('a', 1)", (("a", 4),), False),
        ("ctx.params[name]", None, False),
        ("other(ctx)", None, True),
        ("ctx.run_time", (), True),
    ],
)
def test_what_it_takes_from_its_context(root, use, params, run_time):
    text = f"import thresher\n@thresher.asset\ndef t(ctx: thresher.Context):\n    return {use}\n"
    parsed = parse_function(text, "t.py", root)
    assert (parsed.params, parsed.uses_run_time) == (params, run_time)


def test_a_file_without_an_asset_is_none(root):
    assert parse_function("def f(): ...", "f.py", root) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def (", "t.py:2:5: not valid Python"),
        ("@asset(columns=COLUMNS)\ndef t(): ...", "should be a literal"),
        ("@asset(**x)\ndef t(): ...", "takes no `**`"),
        ("@asset('x')\ndef t(): ...", "keyword arguments only"),
        ("@asset\nasync def t(): ...", "cannot be `async`"),
        ("@asset\ndef t(*a): ...", "cannot take `*a`"),
        ("@asset\ndef t(x: pl.LazyFrame): ...", "`x` is not in `inputs`"),
        ("@asset(inputs={'x': 'a.b'})\ndef t(x): ...", "which frame it takes"),
        ("@asset(inputs={'x': 'a.b'})\ndef t(): ...", "`inputs` names `x`"),
        ("@asset\ndef t(): ...\n@asset\ndef u(): ...", "second `@asset` function"),
        ("import no_such_package\n@asset\ndef t(): ...", "`no_such_package`, which is not"),
        ("from . import x\n@asset\ndef t(): ...", "relative imports are refused"),
    ],
)
def test_faults(root, text, told):
    imports = "from thresher import asset; import polars as pl\n"
    with pytest.raises(ProjectError) as caught:
        parse_function(imports + text, "t.py", root)
    assert told in str(caught.value)
