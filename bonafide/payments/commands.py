"""``bonafide payments``: each way of paying brings its commands in a ``commands.py`` of its own."""

from __future__ import annotations

import importlib

import click

# Module -> its commands, as COMMANDS; a further way of paying adds its line.
_MODULES = (
    "bonafide.payments.transfers.commands",
    "bonafide.payments.stripe.commands",
    "bonafide.payments.stripe.charge.commands",
    "bonafide.payments.dunning.commands",
)


@click.group()
def payments() -> None:
    """Take in what customers paid.

    \b
    Example: bonafide payments import statement.xml
    """


for _module in _MODULES:
    for _command in importlib.import_module(_module).COMMANDS:
        payments.add_command(_command)
