"""The errata that arithmetic can check, executed: one small sum for each entry."""
