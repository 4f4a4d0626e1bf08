"""Signing in with OpenID Connect providers that the operator's file names: who they are, what they said, whether it holds.

Is given: a person whom another service vouches for. Yields: the person of ours whom they connected with it, or a sign-up.
"""
