"""A copy's configuration has its warehouses at home, and is the same in all else."""

from __future__ import annotations

import pytest
import yaml

from thresher.project.isolation import isolated_config

BLOCK = """\
# é
pipeline: shop
default_environment: local
environments:
  local: {}
  dev: &dev {warehouse: "${PROD}", protected: true}
  more: {<<: *dev}
  prod:
    warehouse: ${PROD_WAREHOUSE:-elsewhere} # far away
    params: {warehouse: kept}
  long:
    warehouse: >
      /srv/
      warehouse
    protected: false
params: {warehouse: kept}
"""


def test_every_warehouse_is_brought_home_and_nothing_else_changes():
    made = isolated_config(BLOCK)
    expected = yaml.safe_load(BLOCK)
    for name in ("dev", "more", "prod", "long"):
        expected["environments"][name]["warehouse"] = "warehouse"
    assert yaml.safe_load(made.text) == expected
    assert made.environment == "local"
    lines = zip(made.text.splitlines(), BLOCK.splitlines(), strict=True)
    assert [old for new, old in lines if new != old] == [
        '  dev: &dev {warehouse: "${PROD}", protected: true}',
        "    warehouse: ${PROD_WAREHOUSE:-elsewhere} # far away",
        "    warehouse: >",
        "      /srv/",
        "      warehouse",
    ]


@pytest.mark.parametrize("text", ["pipeline: p\n", "", "environments:\n", "environments: {dev: }"])
def test_what_names_no_warehouse_stays(text):
    made = isolated_config(text)
    assert (made.text, made.environment) == (text, "dev")
