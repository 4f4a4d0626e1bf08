"""Evidence for where a consumer is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.tax.locate import Contradiction, Item, locate


def items(**kinds: str) -> list[Item]:
    return [Item(kind, place) for kind, place in kinds.items()]


@pytest.mark.parametrize(
    ("evidence", "place", "against"),
    [
        (items(billing_address="FR"), "FR", []),
        (items(billing_address="DE", ip="DE"), "DE", []),
        (items(billing_address="FR", card="DE", ip="DE"), "DE", [Item("billing_address", "FR")]),
        (items(billing_address="FR", card="FR", ip="DE"), "FR", [Item("ip", "DE")]),
        (items(billing_address="RE", card="FR"), "RE", []),
        (items(billing_address="RE", card="FR", ip="FR"), "RE", []),
        (items(billing_address="ES-CN", card="ES", ip="ES"), "ES-CN", []),
        (items(billing_address="MC", bank="FR"), "MC", []),
        (items(billing_address="FR", card="FR", ip="RE"), "FR", [Item("ip", "RE")]),
        (items(billing_address="AX", ip="AX", card="FI"), "AX", []),
        (items(billing_address="DE", ip="FR", card="FR", phone="FR"), "FR", [Item("billing_address", "DE")]),
    ],
)
def test_two_items_that_agree_say_where_a_consumer_is(evidence: list[Item], place: str, against: list[Item]) -> None:
    found = locate(items=evidence)
    assert found.place.code == place
    assert list(found.contradicted) == against
    assert set(found.items) | set(found.contradicted) == set(evidence)


@pytest.mark.parametrize(
    "evidence",
    [
        items(billing_address="FR", ip="DE"),
        items(billing_address="FR", card="DE", ip="IT"),
        items(billing_address="FR", bank="FR", card="DE", ip="DE"),
        items(billing_address="FR", ip="RE"),
        items(billing_address="ES", ip="ES", card="FR", phone="FR"),
    ],
)
def test_what_contradicts_itself_is_not_guessed(evidence: list[Item]) -> None:
    with pytest.raises(Contradiction):
        locate(items=evidence)


places = st.sampled_from(["FR", "RE", "MC", "DE", "DE-BUSINGEN", "ES", "ES-CN", "GB", "GB-NIR", "US"])
kinds = st.sampled_from(["billing_address", "ip", "card", "bank", "phone", "other"])


@given(st.dictionaries(kinds, places, min_size=1), st.randoms())
def test_the_order_of_evidence_does_not_matter(evidence: dict[str, str], random: object) -> None:
    listed = items(**evidence)
    shuffled = list(listed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    try:
        found = locate(items=listed)
    except Contradiction:
        with pytest.raises(Contradiction):
            locate(items=shuffled)
        return
    assert locate(items=shuffled) == found
    assert found.items
    if found.contradicted:
        assert len(found.items) >= 2
