"""Networks explained: trained fold by fold and kept, their maps held against the true motion of the twin."""
