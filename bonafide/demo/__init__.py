"""A throw-away operator to look at: a dozen customers, three months of hourly usage, two closed months.

Is given: an empty folder. Yields: an instance in it, and who may sign in. Everything in it is invented.
"""
