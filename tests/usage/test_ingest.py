"""Each event once, and totals that always equal the events."""

import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bonafide.pricing.models import ClosedMonth
from bonafide.usage.ingest import TotalTooLarge, ingest
from bonafide.usage.models import LARGEST_TOTAL, Batch, Event, Seen, State, Total
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, make_draft, make_meter, take_in, use

KINDS = ["sum", "count", "max", "latest", "unique", "hours"]
DAYS = ["2024-09-18", "2024-09-19", "2024-10-02"]


@pytest.mark.django_db
def test_an_event_counts_once_however_often_it_is_sent() -> None:
    account, meter = make_account(), make_meter()
    event = make_draft(account=account, meter=meter, quantity="2.5", id="a")
    assert (take_in([event]).accepted, take_in([event]).duplicates) == (1, 1)
    twice = take_in([make_draft(account=account, meter=meter, quantity="1", id="b") for _ in range(3)])
    assert (twice.accepted, twice.duplicates, twice.rejected) == (1, 2, [])
    total = Total.objects.get()
    assert (total.quantity, total.events, total.day, total.bill_month) == (3500, 2, 20240918, 202409)
    assert [(b.accepted, b.duplicates, b.rejected) for b in Batch.objects.order_by("pk")] == [(1, 0, 0), (0, 1, 0), (1, 2, 0)]


@pytest.mark.django_db
def test_the_same_id_from_another_source_is_another_event() -> None:
    account, meter = make_account(), make_meter()
    events = [make_draft(account=account, meter=meter, id="a", source=source) for source in ("north", "south")]
    assert take_in(events).accepted == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"quantity": "2"}, {"time": "2024-09-18T12:00:01Z"}, {"meter": "other"}, {"account": "other"}]
)
@pytest.mark.parametrize("together", [True, False])
def test_the_same_identity_with_other_content_is_refused_not_called_a_duplicate(change: dict[str, str], together: bool) -> None:
    account, meter = make_account(reference="one"), make_meter("one")
    make_account(reference="other")
    make_meter("other")
    first = make_draft(account=account, meter=meter, id="a")
    second = make_draft(**{"account": account, "meter": meter, "id": "a", **change})
    same = make_draft(account=account, meter=meter, id="a")
    if together:
        done = take_in([first, second, same])
    else:
        take_in([first])
        done = take_in([same, second])
    assert done.duplicates == 1
    assert [(r.position, r.reason) for r in done.rejected] == [
        (1, "id 'a' was already accepted with other content: expected a new id for a new event")
    ]
    assert Total.objects.get().quantity == 1000
    assert Batch.objects.last().rejected == 1


@pytest.mark.django_db
def test_bad_events_do_not_keep_good_ones_out() -> None:
    account, meter = make_account(), make_meter()
    done = take_in([make_draft(account=account, meter=meter), make_draft(account="nobody", meter=meter)])
    assert (done.accepted, [r.position for r in done.rejected]) == (1, [1])


@pytest.mark.django_db
def test_a_total_beyond_64_bits_is_refused_and_nothing_of_the_batch_stays() -> None:
    account, meter = make_account(), make_meter(scale=0)
    largest = str(10**18)
    use(account, meter, largest)
    with pytest.raises(TotalTooLarge, match="a day's total would pass 4000000000000000000 of its meter's smallest unit"):
        take_in([make_draft(account=account, meter=meter, quantity=largest) for _ in range(4)])
    with pytest.raises(TotalTooLarge):  # even where the sum of the batch alone is beyond 64 bits
        take_in([make_draft(account=account, meter=meter, quantity=largest) for _ in range(10)])
    assert (Event.objects.count(), Total.objects.get().quantity) == (1, 10**18)


@pytest.mark.django_db
def test_the_database_itself_refuses_a_total_that_is_too_large() -> None:
    use(make_account(), make_meter())
    with pytest.raises(IntegrityError), transaction.atomic():
        Total.objects.update(quantity=LARGEST_TOTAL + 1)


@pytest.mark.django_db
def test_a_batch_that_fails_half_way_leaves_its_events_free_to_be_sent_again() -> None:
    account, meter = make_account(), make_meter()
    draft = make_draft(account=account, meter=meter, id="a")

    def broken():  # type: ignore[no-untyped-def]
        yield (1, "a", account.pk, meter.pk, 1_726_660_800_000_000, 20240918, "", "", 1000, "", 0)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        ingest(rows=broken(), origin="test", now=NOW)
    assert not Batch.objects.exists()
    assert take_in([draft]).accepted == 1


@pytest.mark.django_db
def test_usage_of_a_closed_month_goes_on_the_first_bill_that_is_still_open() -> None:
    account, meter = make_account(), make_meter()
    for month in (202409, 202410):
        ClosedMonth.objects.create(month=month, closed_at=NOW)
    use(account, meter, time="2024-09-18T12:00:00Z")
    use(account, meter, time="2024-08-18T12:00:00Z")
    assert list(Total.objects.order_by("day").values_list("day", "bill_month")) == [(20240818, 202408), (20240918, 202411)]
    assert list(Event.objects.order_by("day").values_list("bill_month", flat=True)) == [202408, 202411]


@pytest.mark.django_db
def test_of_two_readings_the_later_stands_whichever_arrives_first() -> None:
    account, meter = make_account(), make_meter(aggregation="latest", scale=0)
    use(account, meter, "7", "2024-09-18T12:00:00Z")
    use(account, meter, "9", "2024-09-18T11:00:00Z")
    assert Total.objects.get().quantity == 7
    use(account, meter, "3", "2024-09-18T13:00:00Z")
    assert Total.objects.get().quantity == 3
    use(account, meter, "4", "2024-09-18T13:00:00Z")
    assert Total.objects.get().quantity == 4


def events(accounts: int = 2) -> st.SearchStrategy[list[dict[str, object]]]:
    """Distinct events, few enough in kind that they meet in the same totals."""
    return st.lists(
        st.fixed_dictionaries(
            {
                "account": st.integers(0, accounts - 1),
                "meter": st.sampled_from(KINDS),
                "time": st.builds(
                    lambda day, hour, minute: f"{day}T{hour:02d}:{minute:02d}:00Z",
                    st.sampled_from(DAYS),
                    st.integers(0, 23),
                    st.sampled_from([0, 30]),
                ),
                "quantity": st.decimals(0, 1000, places=3).map(str),
                "group": st.sampled_from(["", "north", "south"]),
                "thing": st.sampled_from(["x", "y", "z"]),
            }
        ),
        max_size=40,
    )


def recomputed() -> dict[tuple[object, ...], tuple[int, int, int]]:
    """Totals afresh from the stored events, in Python, day by day."""
    kinds = {meter.pk: meter.aggregation for meter in {e.meter for e in Event.objects.select_related("meter")}}
    groups = defaultdict(list)
    for e in Event.objects.all():
        groups[(e.account_id, e.meter_id, e.bill_month, e.day, e.group_key)].append(e)
    found = {}
    for key, members in groups.items():
        quantities = [e.quantity for e in members]
        value = {
            "sum": sum(quantities),
            "count": 1000 * len(members),
            "max": max(quantities),
            "latest": max((e.occurred_us, e.quantity) for e in members)[1],
        }.get(kinds[key[1]], 0)
        found[key] = (value, len(members), max(e.occurred_us for e in members))
    return found


def stored() -> dict[tuple[object, ...], tuple[int, int, int]]:
    return {
        (t.account_id, t.meter_id, t.bill_month, t.day, t.group_key): (t.quantity, t.events, t.latest_us)
        for t in Total.objects.all()
    }


class TotalsAlwaysEqualTheEvents(TestCase):
    @given(events(), st.integers(1, 5), st.randoms(use_true_random=False))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_in_any_order_split_and_repetition(self, planned: list[dict[str, object]], parts: int, random: Random) -> None:
        accounts = [make_account() for _ in range(2)]
        meters = {
            kind: make_meter(aggregation=kind, group_by="group", subject="thing" if kind in ("unique", "hours") else "")
            for kind in KINDS
        }
        once = [
            make_draft(
                account=accounts[e["account"]],
                meter=meters[e["meter"]],
                time=e["time"],
                quantity=e["quantity"],
                id=f"e{n}",
                **({"group": e["group"]} if e["group"] else {}),
                thing=e["thing"],
            )
            for n, e in enumerate(planned)
        ]
        sent = once + random.choices(once, k=len(once)) if once else []
        random.shuffle(sent)
        batches = [sent[part::parts] for part in range(parts)]
        done = [take_in(batch) for batch in batches]
        assert sum(d.accepted for d in done) == len(once) == Event.objects.count()
        assert sum(d.duplicates for d in done) == len(sent) - len(once)
        assert stored() == recomputed()
        assert State.objects.count() == Event.objects.filter(meter=meters["hours"]).count()
        values = {(e.account_id, e.day // 100, e.group_key, e.subject) for e in Event.objects.filter(meter=meters["unique"])}
        assert {(s.account_id, s.month, s.group_key, s.value) for s in Seen.objects.all()} == values


@pytest.mark.usefixtures("committed")
def test_overlapping_batches_at_the_same_time_neither_lock_each_other_out_nor_count_twice() -> None:
    accounts = [make_account() for _ in range(3)]
    meter, other = make_meter(), make_meter(aggregation="max")
    drafts = [
        make_draft(account=accounts[n % 3], meter=other if n % 5 == 0 else meter, quantity=str(n), id=f"e{n}", source=f"s{n % 2}")
        for n in range(600)
    ]
    batches = []
    for seed in range(8):
        mine = Random(seed).sample(drafts, 400)
        batches.append([make_draft(**_again(d)) for d in mine])
    start = threading.Barrier(4)

    def send(of: list[list[object]]) -> list[object]:
        try:
            start.wait()
            return [take_in(batch) for batch in of]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [d for of in pool.map(send, [batches[n::4] for n in range(4)]) for d in of]
    distinct = {d.id for batch in batches for d in batch}
    assert not [r for d in done for r in d.rejected]
    assert sum(d.accepted for d in done) == len(distinct) == Event.objects.count()
    assert sum(d.duplicates for d in done) == 8 * 400 - len(distinct)
    assert stored() == recomputed()
    assert max(Counter(Event.objects.values_list("source", "event_id")).values()) == 1


def _again(draft: object) -> dict[str, object]:
    return {name: getattr(draft, name) for name in ("account", "meter", "time", "quantity", "id", "source")}
