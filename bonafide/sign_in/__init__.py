"""WHO MAY COME IN: sign-up, passwords, passkeys, codes, providers, rate limits, and the letters about all of it.

Is given: what somebody claims to be. Yields: a session for them, or a plain refusal.
"""
