"""The twin that experiments are judged on is the one the analysis plan froze."""

from __future__ import annotations

import re

from merlib.datasets.twin.flow import twin_code
from merlib.datasets.twin.population import EDITION, SEED
from merlib.places import repository_root


def test_the_plan_names_edition_seed_and_digest_of_what_is_drawn():
    plan = (repository_root() / "results" / "reference" / "ANALYSIS_PLAN.md").read_text()
    assert f"edition {EDITION}, people of seed {SEED}" in plan
    assert twin_code() in re.findall(r"`([0-9a-f]{64})`", plan)
