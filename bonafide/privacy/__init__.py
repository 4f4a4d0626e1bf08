"""WHAT WE HOLD, so far: who on the staff looked at whose data and why, and visits of staff to a customer's console.

Is given: requests by staff. Yields: a trace of each that the customer sees.
"""
