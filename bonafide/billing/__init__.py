"""WHAT IS OWED: the monthly bill run, numbered and sealed invoices that never change, and what was paid on them.

Is given: usage totals and prices. Yields: issued invoices with frozen parties, lines and taxes.
"""
