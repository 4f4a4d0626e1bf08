"""Three months of invented usage, hour by hour, the same at every run: what a cloud's own agents would send."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bonafide.demo.customers import CUSTOMERS, LARGE, SMALL, Customer
from bonafide.usage.drafts import Draft

SOURCE = "demo-agent"
HOUR = timedelta(hours=1)
# Busy hours of a day, in per cent of the busiest, beginning at midnight UTC.
RHYTHM = (18, 14, 12, 12, 16, 28, 45, 70, 88, 97, 100, 96, 90, 94, 98, 95, 90, 84, 78, 72, 60, 46, 34, 25)
# A GB-month is counted by the hour of an average month of 730 hours.
HOURS_IN_A_MONTH = 730


def usage(*, start: datetime, end: datetime) -> Iterator[Draft]:
    """Every event from ``start`` to ``end`` (aware, half-open), in order of time within a customer."""
    for customer in CUSTOMERS:
        chance = random.Random(customer.reference)  # noqa: S311 - invented usage, the same at every run
        readings = _of_customer(customer, start, end, chance)
        for serial, (meter, quantity, time, dimensions) in enumerate(readings, start=1):
            yield Draft(
                position=serial,
                source=SOURCE,
                id=f"{customer.reference}-{serial:06d}",
                account=customer.reference,
                meter=meter,
                time=time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                quantity=quantity,
                dimensions=dimensions,
            )


_Reading = tuple[str, str, datetime, dict[str, str]]


def _of_customer(customer: Customer, start: datetime, end: datetime, chance: random.Random) -> Iterator[_Reading]:
    for size, name in customer.machines:
        if size == LARGE:  # its beginning is reported once; the hours follow from the calendar
            yield "dev1-xl-hours", "1", start + timedelta(hours=chance.randrange(48)), {"resource": name}
    moment, days = start, 0
    while moment < end:
        yield from _hour(customer, moment, chance, grown=days)
        if moment.astimezone(UTC).hour == 2:
            days += 1
            yield from _night(customer, moment, chance)
        moment += HOUR


def _hour(customer: Customer, moment: datetime, chance: random.Random, *, grown: int) -> Iterator[_Reading]:
    for size, name in customer.machines:
        if size == SMALL and chance.random() > 0.002:  # once in a while a machine is down
            yield "dev1-l-hours", "1", moment, {"resource": name}
    gigabytes = customer.storage_gb * (1000 + 3 * grown) // 1000
    part = gigabytes * 10**6 // HOURS_IN_A_MONTH
    yield "object-storage", f"{part // 10**6}.{part % 10**6:06d}", moment, {"bucket": "archive" if grown % 3 else "media"}
    weekend = moment.weekday() >= 5
    busy = RHYTHM[moment.astimezone(UTC).hour] * chance.randint(80, 120) // 100
    requests = customer.requests_per_hour * busy * (4 if weekend else 10) // 1000
    if requests:
        yield "requests", str(requests), moment, {}
    if customer.requests_per_hour > 700 and not weekend and busy > 90 and chance.random() < 0.3:
        yield "gpu-hours", f"0.{chance.randint(10, 95)}", moment, {}


def _night(customer: Customer, moment: datetime, chance: random.Random) -> Iterator[_Reading]:
    """What happens once a day, at two in the morning."""
    for _size, name in customer.machines:
        yield "backups", "1", moment, {"resource": name}
    for person in range(min(9, 1 + len(customer.machines) * 2)):
        if chance.random() < 0.4:
            yield "active-users", "1", moment, {"user": f"{customer.reference}-{person}"}
    if moment.day == 12 and customer.kind == "company":
        yield "partner-cost", f"{4 + len(customer.name) % 9}.90", moment, {"partner": "Nomadis domain names"}
    if moment.day in (5, 19) and customer.pays and chance.random() < 0.5:
        yield "support-minutes", str(chance.randint(3, 25)), moment, {}
