"""What follows a late bill, for whom it is otherwise: the operator's steps as a page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Text
from bonafide.operator import Operator
from bonafide.operator_dunning import LAST_LETTER_DAYS, Ladder


@dataclass(frozen=True)
class Steps:
    """One ladder; ``title`` says whose, and is empty where it is everybody's."""

    title: Text
    ladder: Ladder

    @property
    def last_letter(self) -> int:
        """Days from the suspension to the last letter before the closing."""
        return self.ladder.close - LAST_LETTER_DAYS


def ladders(operator: Operator) -> tuple[Steps, ...]:
    """One for everybody, or one for companies and one for people."""
    companies, people = operator.dunning.ladder(consumers=False), operator.dunning.ladder(consumers=True)
    if companies == people:
        return (Steps("", companies),)
    return Steps(_("For companies"), companies), Steps(_("For consumers"), people)
