"""The second factor: passkeys, authenticator apps, recovery codes, and the rule that staff have one.

Is given: somebody whose password (or provider) was right, or a passkey alone. Yields: whether that is enough.
"""
