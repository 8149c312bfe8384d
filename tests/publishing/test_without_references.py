"""With ``MERLIB_REFERENCES=off`` no committed prediction is read, and the report still runs to its end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from merlib.publishing.records.ledger import read_records


@pytest.mark.slow
def test_the_report_runs_when_no_reference_is_read(tmp_path):
    environment = {**os.environ, "MERLIB_REFERENCES": "off", "MERLIB_STORE": str(tmp_path / "store")}
    verb = [sys.executable, "-c", "from merlib.cli.main import main; main()", "run", "15", "--results", tmp_path]
    done = subprocess.run(verb, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout
    written = {record["id"] for record in read_records([tmp_path / "runs"])}
    assert "extra.ledger" in written
    assert "extra.reference_runs" not in written
