"""WHO IS HERE: the ledger of sessions and the history of sign-ins; every way a session ends goes through ``end``.

Is given: a person who has proven who they are, and from where. Yields: whether a request's session is alive.
"""
