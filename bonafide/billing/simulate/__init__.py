"""Test accounts: what a price list would come to over months that never were.

A test account has a clock that staff set forward; each month that ends by it is worked out by the engine of real bills and kept
as a simulated bill. Nothing of it is ever billed, numbered, posted, written about or counted, and all of it can be deleted.
"""
