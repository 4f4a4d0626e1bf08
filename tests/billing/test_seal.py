"""What a seal is taken over."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.computed import ComputedLine, ComputedTax
from bonafide.billing.seal import GENESIS, INVOICE_FIELDS, LINE_FIELDS, TAX_FIELDS, canonical, seal_of

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_canonical_text_is_what_anybodys_json_writes(value: object) -> None:
    """So a seal can be checked without this program: sorted keys, no spaces, nothing escaped that need not be."""
    text = bytes(canonical(value)).decode()
    assert text == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert bytes(canonical({"here": canonical(value)})).decode() == f'{{"here":{text}}}'


def document(**values: object) -> dict[str, object]:
    return {
        **dict.fromkeys(INVOICE_FIELDS, "x"),
        "issued_at": datetime(2024, 10, 1, 8, tzinfo=UTC),
        "due_on": date(2024, 10, 3),
        **values,
    }


def sealed(**values: object) -> str:
    return seal_of(invoice=document(**values), lines=[[1, "A"]], taxes=[["S", "20"]], previous=GENESIS)


def test_a_seal_can_be_recomputed_with_nothing_but_json_and_sha256() -> None:
    content = {
        "previous": GENESIS,
        "invoice": document(issued_at="2024-10-01T08:00:00.000000+00:00", due_on="2024-10-03"),
        "lines": [[1, "A"]],
        "taxes": [["S", "20"]],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert sealed() == sha256(text.encode()).hexdigest()


def test_one_instant_has_one_seal_in_every_zone_and_a_day_may_come_as_text() -> None:
    paris = timezone(timedelta(hours=2))
    assert sealed(issued_at=datetime(2024, 10, 1, 10, tzinfo=paris)) == sealed()
    assert sealed(due_on="2024-10-03") == sealed()


def test_whatever_changes_changes_the_seal() -> None:
    seals = {sealed()} | {sealed(**{name: "y"}) for name in INVOICE_FIELDS if name != "issued_at"}
    assert len(seals) == len(INVOICE_FIELDS)
    assert sealed(issued_at=datetime(2024, 10, 1, 8, 0, 0, 1, tzinfo=UTC)) not in seals


def test_what_is_computed_is_in_the_order_in_which_it_is_written_and_sealed() -> None:
    assert ("position", *ComputedLine._fields[:-1]) == LINE_FIELDS
    assert ComputedTax._fields == TAX_FIELDS


def test_an_instant_that_is_none_is_not_sealed() -> None:
    with pytest.raises(TypeError, match="expected an instant"):
        sealed(issued_at="2024-10-01")
