"""A cluster gives what one machine gives, also when one of its workers is killed, and says what is missing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time

import pandas as pd
import pytest
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import FoldStore, run
from merlib.learning.workers.cluster import cluster_address

distributed = pytest.importorskip("distributed", reason="CLUSTER NOT CHECKED: dask.distributed is not installed")


@pytest.fixture
def cluster():
    quiet = {"dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **quiet) as local:
        yield local


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_its_fold(cluster, tmp_path):
    samples = make_samples(people=4, size=28)
    experiment = make_experiment("ststnet", protocol="groupkfold:4", epochs=30)
    at_home = run(experiment, samples, store=tmp_path / "home", workers=1)
    with distributed.Client(cluster, set_as_default=False) as client:
        workers = list(client.run(os.getpid).values())
    killed = []

    def kill_one():
        while not list((tmp_path / "away").rglob("*.parquet")):  # until the first fold is done
            time.sleep(0.02)
        os.kill(workers[0], signal.SIGKILL)
        killed.append(workers[0])

    thread = threading.Thread(target=kill_one, daemon=True)
    thread.start()
    away = run(experiment, samples, store=tmp_path / "away", dask=cluster.scheduler_address)
    thread.join(10)
    assert killed, "no worker was killed while folds were trained"
    assert len(list((tmp_path / "away").rglob("*.parquet"))) == 4
    pd.testing.assert_frame_equal(away, at_home, check_exact=True)


def test_a_run_without_anything_to_train_needs_no_cluster(tmp_path):
    samples, experiment = make_samples(size=28), make_experiment("ststnet", epochs=1)
    first = run(experiment, samples, store=tmp_path, workers=1)
    again = run(experiment, samples, store=FoldStore(tmp_path), dask="tcp://127.0.0.1:1")
    pd.testing.assert_frame_equal(first, again)


def test_no_scheduler_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("merlib.learning.workers.cluster.PATIENCE", 1)
    with pytest.raises(MerlibError, match=r"(?s)no scheduler at tcp://127\.0\.0\.1:1 .*start one"):
        run(make_experiment("ststnet"), make_samples(size=28), store=tmp_path, dask="tcp://127.0.0.1:1")


def test_the_address_comes_from_the_argument_or_the_environment(monkeypatch):
    monkeypatch.delenv("MERLIB_DASK", raising=False)
    assert cluster_address() is None
    monkeypatch.setenv("MERLIB_DASK", "tcp://a:1")
    assert cluster_address() == "tcp://a:1"
    assert cluster_address("tcp://b:2") == "tcp://b:2"


@pytest.fixture
def certificate(tmp_path):
    """Dask's settings for a certificate that signs itself, for all parts of a cluster."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=merlib"]
    if shutil.which("openssl") is None:
        pytest.skip("TLS NOT CHECKED: openssl is not installed")
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    parts = ("scheduler", "worker", "client")
    files = {"cert": str(cert), "key": str(key)}
    names = {f"distributed.comm.tls.{part}.{kind}": file for part in parts for kind, file in files.items()}
    return {**names, "distributed.comm.tls.ca-file": str(cert), "distributed.comm.require-encryption": True}


@pytest.mark.slow
def test_a_cluster_with_certificates_trains_and_refuses_whoever_has_none(certificate, tmp_path):
    import dask

    samples, experiment = make_samples(size=28), make_experiment("ststnet", epochs=1)
    at_home = run(experiment, samples, store=tmp_path / "home", workers=1)
    quiet = {"dashboard_address": None, "silence_logs": 50, "threads_per_worker": 1, "n_workers": 1}
    with dask.config.set(certificate):
        security = distributed.Security()
        local = distributed.LocalCluster(protocol="tls://", security=security, **quiet)
    with local:
        address = local.scheduler_address
        assert address.startswith("tls://")
        with pytest.raises(MerlibError, match=r"docs/cluster\.md"):
            run(experiment, samples, store=tmp_path / "refused", dask=address)
        with dask.config.set(certificate):
            away = run(experiment, samples, store=tmp_path / "away", dask=address)
    pd.testing.assert_frame_equal(away, at_home, check_exact=True)
