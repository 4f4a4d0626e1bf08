"""Whether an e-invoice may go out: our invariants, then the schema, then the rules; the first that fails says why."""

from __future__ import annotations

from bonafide.documents.einvoice.invariants import french_rules_apply, problems_of
from bonafide.documents.einvoice.rules import rule_problems_of
from bonafide.documents.einvoice.schema import schema_problems_of
from bonafide.documents.einvoice.sources import EN16931, FRENCH


class Invalid(Exception):
    """The e-invoice does not pass; the text is one line, ``problems`` are all that were found."""

    def __init__(self, by: str, problems: tuple[str, ...]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"the e-invoice does not pass {by}: {problems[0]}{more}")
        self.problems = problems


def hold_to_invariants(*, xml: bytes) -> None:
    """Only what we work out ourselves: no other process, a few milliseconds.

    :raises Invalid: when one of our own invariants does not hold.
    """
    if problems := problems_of(xml=xml):
        raise Invalid("our own check", problems)


def validate(*, xml: bytes) -> None:
    """Everything that an e-invoice is held to.

    :raises Invalid: with the first check that it does not pass.
    :raises CannotCheck: when the rules could not be applied.
    """
    hold_to_invariants(xml=xml)
    if problems := schema_problems_of(xml=xml):
        raise Invalid("the schema of Factur-X", problems)
    rules = (EN16931, FRENCH) if french_rules_apply(xml=xml) else (EN16931,)
    if problems := rule_problems_of(xml=xml, rules=rules):
        raise Invalid("the rules of EN 16931" if len(rules) == 1 else "the rules of EN 16931 and the French reform", problems)
