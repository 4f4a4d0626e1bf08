"""A bar on stderr while a terminal watches; nothing otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def drawn(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """What is yielded is called with how much was done since."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield lambda count: bar.update(count)
