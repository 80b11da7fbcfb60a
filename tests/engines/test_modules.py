from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from thresher.errors import AssetError

ASSET = """
from thresher import asset
from {module} import value

@asset()
def made():
    return [{{'v': value()}}]
"""


@pytest.fixture(autouse=True)
def _path_as_it_was(shop: Any) -> Any:
    before = list(sys.path)
    yield
    shop.engine.close()
    assert sys.path == before


def value(shop: Any, module: str, name: str = "clean.made") -> Any:
    built = shop.python(name, ASSET.format(module=module))
    return shop.rows(f"select v from {name}", built)[0][0]


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("src/mine.py", "mine"),
        ("src/mine.py", "src.mine"),
        ("mine.py", "mine"),
        ("src/lib/mine.py", "lib.mine"),
        ("src/lib/__init__.py", "lib"),
    ],
)
def test_modules_of_the_project_can_be_imported_and_edited(
    shop: Any, file: str, module: str
) -> None:
    # The texts are of one length and written in one second: bytecode would not tell them apart.
    for expected in (1, 2, 3):
        shop.write(file, f"def value(): return {expected}\n")
        assert value(shop, module) == expected
    assert list(shop.root.rglob("__pycache__")) == []


def test_an_edit_reaches_what_imports_it(shop: Any) -> None:
    shop.write("src/outer.py", "from inner import value\n")
    for expected in (1, 2):
        shop.write("src/inner.py", f"def value(): return {expected}\n")
        assert value(shop, "outer") == expected


def test_a_module_is_loaded_once_while_it_stays(shop: Any) -> None:
    shop.write(
        "src/mine.py",
        "import itertools\ncount = itertools.count()\ndef value(): return next(count)\n",
    )
    assert [value(shop, "mine", f"clean.t{number}") for number in range(3)] == [0, 1, 2]


def test_two_projects_never_share_a_module(make_shop: Any) -> None:
    shops = [make_shop("one"), make_shop("two")]
    for number, shop in enumerate(shops):
        shop.write("src/mine.py", f"def value(): return {number}\n")
    for _ in range(2):
        assert [value(shop, "mine") for shop in shops] == [0, 1]
    for shop in shops:
        shop.engine.close()


def test_the_file_is_read_anew_and_forgotten(shop: Any) -> None:
    before = set(sys.modules)
    for expected in (1, 2):
        source = f"from thresher import asset\n@asset()\ndef made(): return [{{'v': {expected}}}]\n"
        built = shop.python("clean.made", source)
        assert shop.rows("select v from clean.made", built) == [(expected,)]
    assert [name for name in set(sys.modules) - before if "thresher_asset" in name] == []


def test_assets_are_loaded_from_many_threads(shop: Any) -> None:
    shop.write("src/mine.py", "def value(): return 5\n")
    names = [f"clean.t{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda name: value(shop, "mine", name), names)) == {5}


def test_classes_of_the_file_know_their_module(shop: Any) -> None:
    source = """
from __future__ import annotations
import dataclasses, typing
from thresher import asset

@dataclasses.dataclass
class Row:
    n: int

@asset()
def made():
    return [dataclasses.asdict(Row(1)) | {"t": str(typing.get_type_hints(Row)["n"])}]
"""
    assert shop.rows("from clean.made", shop.python("clean.made", source)) == [(1, "<class 'int'>")]


@pytest.mark.parametrize("text", ["def made(:\n", "x = 1\n  y = 2\n"])
def test_a_file_that_broke_since_it_was_read_is_told(shop: Any, text: str) -> None:
    shop.write("src/clean/made.py", "from thresher import asset\n@asset()\ndef made(): ...\n")
    asset = shop.function("clean.made")
    shop.write("src/clean/made.py", text)
    with pytest.raises(AssetError) as caught:
        shop.build(asset, (), params={})
    assert caught.value.fault.place.path == "src/clean/made.py"
    assert caught.value.fault.place.line == text.count("\n")


def test_a_function_that_is_gone_is_told(shop: Any) -> None:
    shop.write("src/clean/made.py", "from thresher import asset\n@asset()\ndef made(): ...\n")
    asset = shop.function("clean.made")
    shop.write("src/clean/made.py", "other = 1\n")
    with pytest.raises(AssetError, match="no function `made`"):
        shop.build(asset, (), params={})
