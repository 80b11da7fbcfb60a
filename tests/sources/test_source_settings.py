"""What `source:` may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from thresher.project.contract import Tolerance
from thresher.project.source import FilesSettings


def test_one_glob_is_a_list_of_one() -> None:
    assert FilesSettings.model_validate({"files": "a.csv"}).files == ("a.csv",)


def test_what_is_dumped_is_read_again() -> None:
    settings = FilesSettings.model_validate({"files": ["a", "b"], "tolerate": "5%", "null": "NA"})
    assert FilesSettings.model_validate(settings.model_dump()) == settings


def test_the_dump_holds_plain_values_only() -> None:
    plain = (str, int, bool, tuple, dict, type(None))
    dumped = FilesSettings.model_validate({"files": "a", "tolerate": 3}).model_dump()
    assert all(isinstance(value, plain) for value in dumped.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerate_rows": "half"},
        {"unpack_limit": 0},
        {"unpack_limit": "much"},
        {"on_removed": "forget"},
        {"drift": {"new_column": "ignore"}},
        {"drift": {"columns": "freeze"}},
        {"drift": "freeze"},
    ],
)
def test_what_is_done_with_bad_input_is_one_of_a_few_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FilesSettings.model_validate({"files": "a", **wrong})


@pytest.mark.parametrize(
    ("tolerate", "expected"),
    [(0, Tolerance()), (2, Tolerance(2)), ("5%", Tolerance(share=0.05))],
)
def test_tolerance_is_a_count_or_a_share(tolerate: Any, expected: Tolerance) -> None:
    settings = FilesSettings.model_validate({"files": "a", "tolerate": tolerate})
    assert settings.tolerance == expected


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"files": []}, "at least 1 item"),
        ({"fromat": "csv"}, "Extra inputs"),
        ({"format": "xml"}, "'csv', 'json'"),
        ({"delimiter": "||"}, "at most 1 character"),
        ({"encoding": "utf-9"}, "text encoding such as `utf-8`"),
        ({"encoding": "base64"}, "text encoding such as `utf-8`"),
        ({"skip": -1}, "greater than or equal to 0"),
        ({"tolerate": "some"}, "count such as `5`"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        FilesSettings.model_validate({"files": "a"} | wrong)
