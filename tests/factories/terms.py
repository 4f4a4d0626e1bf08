"""Versions of the terms."""

from datetime import UTC, datetime

from bonafide.terms.versions import make_version
from tests.factories.billing import operator


def publish_terms() -> None:
    """Two versions, the second in other words."""
    for number in (1, 2):
        make_version(operator=operator(identity={"trade_name": f"Name {number}"}), now=datetime(2024, 1, number, tzinfo=UTC))
