"""What an issued bill's lines counted: worked out again, never kept.

Given: an issued bill, the totals and events of its account, the prices that its month was closed on. Yields: which price and
which usage each line comes from, the usage as a file, the prices as a file, and a program that goes from one to the other.
"""
