"""Folds beyond one machine: the same tasks on a dask.distributed cluster, through joblib's backend.

A fold whose worker dies is given to another one; a fold that fails for another reason is tried again `RETRIES` times.
Workers write into the fold store themselves, so its folder must be on a file system that all of them share. Each fold
has its own seed, so the predictions are those of a local run.

Tasks are pickles, so whoever can reach a ``tcp://`` scheduler can run any program as the user of its workers.
``docs/cluster.md`` says how ``tls://`` keeps others out; the certificates come from dask's own settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from merlib.errors import MerlibError

VARIABLE = "MERLIB_DASK"
RETRIES = 2
PATIENCE = 60  # seconds to wait for the scheduler and for a first worker


def cluster_address(address: str | None = None) -> str | None:
    """Return the scheduler to use: `address`, else what MERLIB_DASK names, else None for this machine."""
    return address or os.environ.get(VARIABLE) or None


@contextmanager
def on_cluster(address: str, shared: object) -> Iterator[None]:
    """Send what joblib runs inside the block to a cluster.

    Parameters
    ----------
    address : str
        Address of the scheduler, such as ``tls://HOST:8786``, or ``tcp://127.0.0.1:8786``.
    shared : object
        The object that all tasks refer to; it is sent to each worker once.

    Raises
    ------
    MerlibError
        When dask.distributed is not installed, or no scheduler answers at the address.
    """
    from joblib import parallel_config

    try:
        from distributed import Client
    except ImportError:
        action = "pip install 'merlib[cluster]', or run without --dask."
        raise MerlibError("dask.distributed is not installed.", "it, for a run on a cluster.", action) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        found = f"no scheduler at {address} ({type(error).__name__})."
        raise MerlibError(found, "a running dask scheduler.", "start one (dask scheduler), and workers.") from None
    except TypeError as error:  # what distributed raises where a certificate is missing
        found = f"{address} without a certificate of this side ({error})."
        expected = "dask's settings distributed.comm.tls: ca-file, client.cert and client.key."
        raise MerlibError(found, expected, "set them as docs/cluster.md shows.") from error
    settings = {"scatter": [shared], "retries": RETRIES, "wait_for_workers_timeout": PATIENCE}
    with client, parallel_config("dask", client=client, **settings):
        yield
