"""Hashing by hand, the union of tables, and sparse attention as exactly its kept pairs."""

from __future__ import annotations

import pytest
import torch

from merlib.models.blocks.lsh_attention import (
    PAIRS_AT_ONCE,
    attention_weights,
    bucket,
    dense_attention,
    draw_hyperplanes,
    kept_pairs,
    sparse_attention,
)


@pytest.fixture
def qkv():
    random = torch.Generator().manual_seed(3)
    return [torch.randn(2, 2, 32, 16, generator=random) for _ in range(3)]


@pytest.fixture
def planes():
    torch.manual_seed(5)
    return draw_hyperplanes(heads=2, tables=4, planes=3, width=16)


def test_the_bucket_of_the_papers_example_follows_its_rule_and_not_its_misprint():
    planes = torch.eye(3).reshape(1, 1, 3, 3)  # each hyper-plane reads one coordinate
    vectors = torch.tensor([[-1.0, -2.0, 3.0], [1.0, 1.0, 1.0], [-1.0, 1.0, -1.0], [0.0, 5.0, 5.0]])
    # a positive product is 0: 110, 000, 101; a product of zero is not positive: 100
    assert bucket(vectors.reshape(1, 1, 4, 3), planes).tolist() == [[[[6, 0, 5, 4]]]]


def test_there_are_as_many_buckets_as_sides_of_the_planes():
    planes = torch.eye(3).reshape(1, 1, 3, 3)
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3).reshape(1, 1, 8, 3)
    assert sorted(bucket(corners, planes).flatten().tolist()) == list(range(8))


def test_length_does_not_change_a_bucket_and_direction_does(planes):
    x = torch.randn(1, 2, 6, 16)
    assert torch.equal(bucket(x, planes), bucket(7 * x, planes))
    assert torch.equal(bucket(-x, planes), 7 - bucket(x, planes))


def test_heads_hash_by_their_own_planes(planes):
    x = torch.randn(1, 1, 20, 16).expand(1, 2, 20, 16)
    codes = bucket(x, planes)
    assert not torch.equal(codes[:, 0], codes[:, 1])
    assert torch.equal(codes[:, 1:], bucket(x[:, 1:], planes[1:]))


def test_the_union_contains_every_table_and_nothing_more(qkv, planes):
    q, k, _ = qkv
    union = torch.zeros(2, 2, 32, 32, dtype=torch.bool)
    for table in range(4):
        alone = planes[:, table : table + 1]
        same = bucket(q, alone)[..., :, None] == bucket(k, alone)[..., None, :]
        union |= same[:, :, 0]
    kept = kept_pairs(q, k, planes)
    assert torch.equal(kept & ~union, kept & ~union & torch.eye(32, dtype=torch.bool))
    assert (kept >= union).all()
    lonely = ~union.any(-1)
    assert torch.equal((kept & ~union).any(-1), lonely)


def test_more_tables_keep_more_and_more_planes_keep_less(qkv):
    q, k, _ = qkv
    torch.manual_seed(0)
    many = draw_hyperplanes(2, 8, 6, 16)
    fraction = {(t, p): kept_pairs(q, k, many[:, :t, :p]).float().mean().item() for t in (1, 8) for p in (1, 6)}
    assert fraction[1, 6] < fraction[8, 6] < fraction[8, 1]
    assert fraction[1, 6] < fraction[1, 1]


def test_a_query_without_a_key_attends_to_itself():
    planes = torch.ones(1, 1, 1, 1)
    q, k = torch.tensor([1.0, -1.0]).reshape(1, 1, 2, 1), torch.tensor([1.0, 1.0]).reshape(1, 1, 2, 1)
    assert kept_pairs(q, k, planes)[0, 0].tolist() == [[True, True], [False, True]]
    v = torch.tensor([3.0, 9.0]).reshape(1, 1, 2, 1)
    assert sparse_attention(q, k, v, kept_pairs(q, k, planes)).output.flatten().tolist() == [6.0, 9.0]


def test_attention_of_two_pairs_by_hand():
    q = torch.tensor([[2.0, 0.0], [0.0, 1.0]]).reshape(1, 1, 2, 2)
    k = torch.tensor([[1.0, 0.0], [0.0, 3.0]]).reshape(1, 1, 2, 2)
    v = torch.tensor([[10.0, 0.0], [0.0, 20.0]]).reshape(1, 1, 2, 2)
    kept = torch.tensor([[True, True], [False, True]]).reshape(1, 1, 2, 2)
    root = 2**0.5
    weight = 1 / (1 + torch.tensor(-2 / root).exp())  # scores 2 / sqrt 2 and 0
    expected = torch.stack([torch.stack([10 * weight, 20 * (1 - weight)]), torch.tensor([0.0, 20.0])])
    torch.testing.assert_close(sparse_attention(q, k, v, kept).output[0, 0], expected)


def test_sparse_equals_masked_dense_in_value_and_gradient(qkv, planes):
    kept = kept_pairs(qkv[0], qkv[1], planes)
    results = []
    for attend in (lambda *x: sparse_attention(*x).output, dense_attention):
        leaves = [x.clone().requires_grad_() for x in qkv]
        output = attend(*leaves, kept)
        output.square().sum().backward()
        results.append((output, *(x.grad for x in leaves)))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_its_own_gradients_agree_with_finite_differences():
    torch.manual_seed(0)
    leaves = [torch.randn(1, 2, 5, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    kept = (torch.rand(1, 2, 5, 5) < 0.5) | torch.eye(5, dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda *x: sparse_attention(*x, kept).output, leaves)


def test_exactly_the_kept_pairs_are_computed(qkv, planes):
    q, k, v = qkv
    kept = kept_pairs(q, k, planes)
    result = sparse_attention(q, k, v, kept)
    assert len(result.pairs) == len(result.weights) == int(kept.sum())
    assert 0.2 < kept.float().mean() < 0.7
    # a key that nobody keeps may hold anything: a masked product would let it through as 0 * nan
    unseen = kept.clone()
    unseen[..., 9] = False
    unseen[..., 9, 0] = True
    poisoned_k, poisoned_v = k.clone(), v.clone()
    poisoned_k[:, :, 9] = poisoned_v[:, :, 9] = torch.nan
    clean = sparse_attention(q, k, v, unseen).output
    torch.testing.assert_close(sparse_attention(q, poisoned_k, poisoned_v, unseen).output, clean)
    assert dense_attention(q, poisoned_k, poisoned_v, unseen).isnan().any()


def test_weights_sum_to_one_in_every_row_and_are_zero_outside(qkv, planes):
    q, k, v = qkv
    kept = kept_pairs(q, k, planes)
    dense = attention_weights(q, k, kept)
    torch.testing.assert_close(dense.sum(-1), torch.ones(2, 2, 32))
    assert not dense[~kept].any()
    pairs, weights = sparse_attention(q, k, v, kept)[1:]
    torch.testing.assert_close(dense[tuple(pairs.T)], weights)


def test_keeping_all_pairs_is_full_attention(qkv):
    q, k, v = qkv
    everything = torch.ones(2, 2, 32, 32, dtype=torch.bool)
    full = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(sparse_attention(q, k, v, everything).output, full, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(dense_attention(q, k, v), full, rtol=1e-5, atol=1e-5)


def test_large_scores_do_not_overflow(qkv, planes):
    q, k, v = qkv
    kept = kept_pairs(q, k, planes)
    assert sparse_attention(100 * q, 100 * k, v, kept).output.isfinite().all()


def test_without_the_library_the_pairs_are_multiplied_in_blocks_with_the_same_result(monkeypatch):
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 1, 300, 4) for _ in range(3))
    kept = torch.ones(1, 1, 300, 300, dtype=torch.bool)
    assert kept.sum() > PAIRS_AT_ONCE
    torch.testing.assert_close(sparse_attention(q, k, v, kept).output, dense_attention(q, k, v), rtol=1e-4, atol=1e-5)
