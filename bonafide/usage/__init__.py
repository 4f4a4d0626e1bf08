"""WHAT WAS USED: takes events in, once each, and keeps running totals.

Is given: files (FOCUS, CSV, NDJSON) and batches from the API. Yields: quantities per account, meter and month.
"""
