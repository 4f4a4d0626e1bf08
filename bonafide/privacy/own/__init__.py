"""WHAT PEOPLE DO ABOUT THEIR OWN DATA: have it erased, take a copy away; and staff who do it for them.

Is given: a request by who has confirmed who they are. Yields: an erasure that waits, or a file.
"""
