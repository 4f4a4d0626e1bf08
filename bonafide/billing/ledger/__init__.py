"""Double-entry books of what is billed and paid.

Owns the postings. Is given each step of a bill within the transaction of that step; yields entries that balance by construction,
their numbers without a gap, and the French FEC.
"""
