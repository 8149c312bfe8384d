"""The memory of attention over the kept pairs compared with full attention, measured by watching every tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from merlib.models.blocks.lsh_attention import dense_attention, draw_hyperplanes, kept_pairs, sparse_attention
from merlib.one_thread import one_thread
from merlib.publishing.tables.attention_times import HEADS, PLANES, TABLES, median_seconds

MEGABYTE = 2**20


class _LiveTensors(TorchDispatchMode):
    """Count the bytes of all storages that were made inside the block and are still alive, and keep the maximum."""

    def __init__(self, known: set[int]):
        super().__init__()
        self.known, self.live, self.most = known, {}, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for storage in (part.untyped_storage() for tensor in tree_leaves(result) for part in _dense_parts(tensor)):
            if storage._cdata not in self.known:
                self.live[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.live = {key: (ref, size) for key, (ref, size) in self.live.items() if not ref.expired()}
        self.most = max(self.most, sum(size for _, size in self.live.values()))
        return result


def _dense_parts(value: object) -> tuple[torch.Tensor, ...]:
    """Return the dense tensors that a result consists of; a sparse matrix consists of two or three."""
    if not isinstance(value, torch.Tensor):
        return ()
    if value.layout == torch.sparse_csr:
        return value.crow_indices(), value.col_indices(), value.values()
    if value.layout == torch.sparse_coo:
        return value._indices(), value._values()
    return (value,)


def peak_megabytes(work: Callable[[], object], given: Sequence[torch.Tensor] = ()) -> float:
    """Return the most memory in MB (2**20 bytes) that tensors made by `work` hold at one time.

    Parameters
    ----------
    work : callable
        The function whose memory is measured.
    given : sequence of Tensor
        Tensors that it reads; they existed before and are not counted.
    """
    with _LiveTensors({tensor.untyped_storage()._cdata for tensor in given}) as watched:
        work()
    return watched.most / MEGABYTE


@torch.no_grad()
def attention_cost(lengths: Sequence[int], width: int = 64) -> pd.DataFrame:
    """Measure one forward pass of full attention, and one of hashing with sparse attention, on one thread.

    Parameters
    ----------
    lengths : sequence of int
        L, magnifications in a sequence; 32 in UAMRN.
    width : int
        Dimensions per head; 512 in UAMRN.

    Returns
    -------
    DataFrame
        Indexed by L: share of pairs kept; milliseconds and megabytes of full attention, and of sparse attention with
        its hashing.
    """
    rows = {}
    with one_thread():
        for length in lengths:
            torch.manual_seed(length)
            q, k, v = torch.randn(3, 1, HEADS, length, width)
            planes = draw_hyperplanes(HEADS, TABLES, PLANES, width)
            every = torch.ones(1, HEADS, length, length, dtype=torch.bool)
            given = (q, k, v, planes, every)

            def full(q=q, k=k, v=v, every=every):
                return dense_attention(q, k, v, every)

            def sparse(q=q, k=k, v=v, planes=planes):
                return sparse_attention(q, k, v, kept_pairs(q, k, planes))

            rows[length] = {
                "kept": kept_pairs(q, k, planes).float().mean().item(),
                "full / ms": 1e3 * median_seconds(full),
                "sparse / ms": 1e3 * median_seconds(sparse),
                "full / MB": peak_megabytes(full, given),
                "sparse / MB": peak_megabytes(sparse, given),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("L")


def cost_finding(table: pd.DataFrame) -> str:
    """Return a sentence on how the sparse attention of `attention_cost` compares with full attention."""
    slower = table["sparse / ms"] / table["full / ms"]
    larger = table["sparse / MB"] / table["full / MB"]
    first, last = table.index[0], table.index[-1]
    return (
        f"Hashing and the kept pairs take {slower.iloc[0]:.1f} times as long as full attention at L = {first} and "
        f"{slower.iloc[-1]:.1f} times at L = {last}, and hold {larger.iloc[0]:.1f} and {larger.iloc[-1]:.1f} times as "
        "much memory."
    )
