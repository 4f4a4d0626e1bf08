"""BANK TRANSFERS: what a bank's statement says came finds the bills that it pays.

Is given files of camt.053 and MT940. Yields movements, each noted once, and what was decided about each: booked through
``payments.take_in``, taken back, or set aside by somebody with a reason.
"""
