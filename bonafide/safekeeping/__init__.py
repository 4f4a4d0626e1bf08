"""KEEPING IT: backups in one file, putting one back, and the gate that stays shut until what was promised since was done again.

Is given: an instance, or a backup. Yields: a file, an instance that may be served, and a line of what was done.
"""
