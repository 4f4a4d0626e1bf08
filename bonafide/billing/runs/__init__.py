"""A month's bills before they go out: rehearsed into a table, signed off, issued as signed, and announced to who pays them.

Given: what ``compute`` and ``rehearse`` work out, and people of the staff. Yields: rows that the run must come to, exactly.
"""
