"""What the repository holds is what its predictions give: no committed reference or record is red."""

from __future__ import annotations

import pytest

from merlib.places import repository_root
from merlib.publishing.verify.committed import verify_committed
from merlib.publishing.verify.finding import findings_table


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_committed_record_is_computed_again():
    table = findings_table(verify_committed(repository_root() / "results" / "reference"))
    red = table[table["verdict"] == "red"]
    assert red.empty, red.to_string()
    assert (table["verdict"] == "green").sum() > 200
