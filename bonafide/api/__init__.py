"""The HTTP interface for machines, at ``/api/v1/``: usage in, usage and bills out.

Is given: requests with a key. Yields: JSON, and for anything refused ``{"error": "one plain line"}``.
"""
