"""Contracts: ordering a plan, withdrawing from it, cancelling it, to the letter of the law on consumers.

Given: plans that are offered, the operator's file, whoever orders or gives notice. Yields: contracts as they were shown, letters
that confirm them, subscriptions that begin and end, and what staff have left to do, with its last day.
"""
