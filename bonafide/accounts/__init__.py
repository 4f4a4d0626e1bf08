"""WHO: users, accounts (a person or a company), their members and API keys.

Is given: sign-ups and staff's entries. Yields: who is asking, for which account, in which role.
"""
