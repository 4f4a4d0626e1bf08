"""WHAT IS NOT PAID: letters, suspension and closing, step by step, and what payment undoes of it.

Is given overdue bills and the operator's schedule. Yields letters, suspensions that the service is told of, and accounts closed.
"""
