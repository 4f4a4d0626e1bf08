"""A year of the books as one signed file, which anybody can verify offline, without us.

``rows`` says what is in it, ``pack`` writes it, ``make`` does both; ``verify`` is the program that goes into it.
"""
