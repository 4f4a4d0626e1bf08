"""WHAT THE SERVICE IS TOLD: events that go out to the operator's own programs, signed, at least once (Standard Webhooks).

Is given events by whoever decided something (a bill issued or paid, an account suspended). Yields deliveries, tried until they
are taken.
"""
