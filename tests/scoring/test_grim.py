"""Which whole numbers of clips give a printed accuracy; worked out by hand."""

from merlib.scoring.grim import explaining_sizes, shares


def test_a_share_is_found_and_a_gap_is_not():
    assert shares(74.39, 164) == [122]
    assert shares(74.25, 164) == []
    assert shares(0.814, 145, decimals=3, whole=1.0) == [118]
    assert shares(0.817, 145, decimals=3, whole=1.0) == []


def test_a_half_may_have_been_rounded_either_way():
    assert shares(12.5, 8, decimals=1) == [1]
    assert shares(0.12, 8, whole=1.0) == [1]
    assert shares(0.13, 8, whole=1.0) == [1]


def test_a_coarse_print_allows_several_and_nothing_beyond_the_whole():
    assert shares(50.0, 1000, decimals=0) == list(range(495, 506))
    assert shares(100.0, 7) == [7]
    assert shares(0.0, 7) == [0]


def test_only_one_number_of_clips_explains_both():
    assert explaining_sizes([33.33, 40.0], range(2, 31)) == [15, 30]
