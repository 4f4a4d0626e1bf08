"""Months of the books that are closed for good (CGI art. 286, I, 3 bis: totals of the period and since the beginning, sealed).

Owns the closings. Is given documents, payments and the ledger; yields a chain of rows, one for each month without a gap, and
refuses every entry with a date within them.
"""
