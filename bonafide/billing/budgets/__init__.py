"""Amounts that a customer wants to hear of when a running month reaches them. Nothing is stopped: a budget is a letter.

Given: amounts of an account, and the running month as it would be billed. Yields: one letter an amount and month.
"""
