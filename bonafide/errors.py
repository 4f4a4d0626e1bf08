"""What a person gets to read when something cannot be done."""


class Refused(Exception):
    """Work that is refused whole. Its text is one plain line: what, where, what was expected, and the remedy.

    Each step raises a subclass of its own, defined beside it; commands print the line and exit with 1, pages show it.
    """
