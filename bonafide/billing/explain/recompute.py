"""Recompute a bill from its usage and its prices, and say line by line whether the bill is right.

    python3 recompute.py usage.csv prices.json

Both files are on the bill's page. It needs Python 3.8 or later and nothing else, and it connects to nothing. Its exit status is
0 when every line is equal, 1 when one is not, 2 when a file cannot be read.

How a bill comes about, which is what you read below:

1. The events of a meter become one quantity a month (``quantities``): a sum, a count, a largest, a latest, a number of different
   values, or hours. Where the price is each group's own, there is a quantity for each group. Where a price holds for some days of
   the month, the quantity is that of these days, and its terms are cut to the share of the month that is owed (``prorated``).
2. The price's terms turn that quantity into lines (``rate``): a line's amount is quantity times unit price, rounded half up once.
3. Usage that came after its month was billed is a late line: what its month comes to with it, less what it came to without.
4. Each rate of tax is taken once, on the sum of its lines; where prices include it, out of that sum (``taxed``).
"""

import csv
import json
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext
from itertools import zip_longest

# Eighty digits: more than any product here has, so nothing is rounded except where it says so.
setcontext(Context(prec=80, rounding=ROUND_HALF_UP))

ZERO, ONE = Decimal(0), Decimal(1)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


# --- 1. events become quantities ---


class Usage:
    """The events of usage.csv, summed up as they are read; only hours and different values are kept one by one.

    A day's figures are kept by the bill ("2024-09") that the event was on, so that what was known before can be told.
    """

    def __init__(self, meters):
        self.meters = meters
        self.figures = defaultdict(dict)  # (meter, day, group) -> {bill: sum, largest or latest}
        self.subjects = defaultdict(dict)  # (meter, month, group) -> {value: (first bill, its earliest day there)}
        self.states = defaultdict(lambda: defaultdict(list))  # meter -> {resource: [(time, quantity, group, bill)]}
        self.unknown = []

    def add(self, row):
        meter, quantity, bill = self.meters.get(row["meter"]), Decimal(row["quantity"]), row["bill"]
        if meter is None:
            self.unknown.append(row["meter"])
            return
        kind, key = meter["aggregation"], (row["meter"], row["day"], row["group"])
        figures = self.figures[key]
        if kind in ("sum", "count"):
            figures[bill] = figures.get(bill, ZERO) + quantity
        elif kind == "max":
            figures[bill] = max(figures.get(bill, quantity), quantity)
        elif kind == "latest":
            reading = (instant(row["time"]), quantity)
            figures[bill] = max(figures.get(bill, reading), reading)
        elif kind == "unique":
            figures.setdefault(bill, ZERO)
            values, seen = self.subjects[row["meter"], row["day"][:7], row["group"]], (bill, row["day"])
            values[row["subject"]] = min(values.get(row["subject"], seen), seen)
        elif kind == "hours":
            figures.setdefault(bill, ZERO)
            self.states[row["meter"]][row["subject"]].append((instant(row["time"]), quantity, row["group"], bill))

    def quantities(self, charge, known):
        """The quantity of each group on a charge's days, from the events that were on bills for which ``known`` is true."""
        meter, figures = charge["meter"], defaultdict(list)
        if meter["aggregation"] == "hours":
            return self._hours(charge, known)
        for (code, day, group), by_bill in self.figures.items():
            if code == meter["code"] and within(charge, day):
                figures[group] += [figure for bill, figure in by_bill.items() if known(bill)]
        if meter["aggregation"] == "unique":
            values = {group: self.subjects[meter["code"], charge["month"], group].values() for group in figures}
            return {
                group: Decimal(sum(known(bill) and within(charge, day) for bill, day in seen)) for group, seen in values.items()
            }
        if meter["aggregation"] == "max":
            return {group: max(found, default=ZERO) for group, found in figures.items()}
        if meter["aggregation"] == "latest":
            return {group: max(found, default=(0, ZERO))[1] for group, found in figures.items()}
        return {group: sum(found, ZERO) for group, found in figures.items()}

    def has_group(self, charge, known):
        """Whether there was anything of a charge's own group on its days."""
        code, group = charge["meter"]["code"], charge["group"]
        if self._hours(charge, known).get(group):
            return True
        return any(
            (of, its) == (code, group) and within(charge, day) and any(map(known, by_bill))
            for (of, day, its), by_bill in self.figures.items()
        )

    def _hours(self, charge, known):
        """A resource's state lasts until its next one; what lasted is counted in whole seconds, rounded half up once a group."""
        meter = charge["meter"]
        start, end = instant(charge["from"]), instant(charge["until"])
        lasted = defaultdict(int)
        for states in self.states[meter["code"]].values():
            ordered = sorted(state[:3] for state in states if known(state[3]) and state[0] < end)
            for (since, quantity, group), following in zip_longest(ordered, ordered[1:]):
                until = following[0] if following else end
                if quantity > 0 and until > max(since, start):
                    lasted[group] += int(quantity.scaleb(meter["decimals"])) * (until - max(since, start))
        return {group: Decimal((units + 500_000) // 1_000_000) for group, units in lasted.items()}


def within(charge, day):
    """Whether a day is one of a charge's: of its month, or where it has days of its own, of those."""
    days = charge.get("days")
    return days["from"] <= day < days["until"] if days else day[:7] == charge["month"]


def instant(text):
    """Microseconds since 1970, from a time such as 2024-09-18T12:00:00.000000Z."""
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // timedelta(microseconds=1)


def quantity_of(usage, charge, known):
    """A charge's whole quantity in its meter's unit."""
    meter = charge["meter"]
    if meter is None:
        return ZERO
    by_group = usage.quantities(charge, known)
    quantity = sum(by_group.values(), ZERO) if charge["group"] is None else by_group.get(charge["group"], ZERO)
    if meter["aggregation"] == "hours":  # a bill shows hours to the millionth
        return (quantity.scaleb(-meter["decimals"]) / 3600).quantize(Decimal("0.000001"))
    return quantity


# --- 2. a quantity becomes lines, each (quantity, unit price, amount in minor units) ---


def line(quantity, unit_price, decimals):
    amount = (quantity * unit_price).quantize(ONE.scaleb(-decimals), rounding=ROUND_HALF_UP)
    return quantity, unit_price, int(amount.scaleb(decimals))


def rate(terms, quantity, decimals, exchange):
    """The lines of one price: what is included is free, the rest is charged, and a minimum makes up what is missing."""
    included, minimum = Decimal(terms.get("included", 0)), Decimal(terms.get("minimum", 0))
    lines, beyond = [], quantity
    if included:
        free = max(ZERO, min(quantity, included))
        beyond = quantity - free
        if free or not beyond:
            lines.append(line(free, ZERO, decimals))
    if beyond or not lines:
        lines += charged(terms, beyond, decimals, exchange)
    missing = line(ONE, minimum, decimals)[2] - sum(amount for _, _, amount in lines)
    if minimum and missing > 0:
        lines.append(line(ONE, Decimal(missing).scaleb(-decimals), decimals))
    return lines


def charged(terms, quantity, decimals, exchange):
    """What is beyond the allowance, by the model of the price."""
    model = terms["model"]
    if model == "flat":
        return [line(Decimal(terms.get("quantity", 1)), Decimal(terms["amount"]), decimals)]
    if model == "per-unit":
        return [line(quantity, Decimal(terms["unit_price"]), decimals)]
    if model == "package":  # each package that was begun
        whole, rest = divmod(quantity, Decimal(terms["size"]))
        return [line(whole + (1 if rest else 0), Decimal(terms["price"]), decimals)]
    if model == "cost-plus":
        factor = ONE + Decimal(terms["markup_percent"]) / 100
        return [line(quantity, factor * exchange, decimals)]
    if model == "graduated":  # each unit at the price of the tier that it is in
        lines, start = [], ZERO
        for tier in terms["tiers"]:
            if lines and quantity <= start:
                break
            end = min(quantity, Decimal(tier["up_to"])) if "up_to" in tier else quantity
            lines += tier_lines(tier, end - start, decimals)
            start = end
        return lines
    if model == "volume":  # every unit at the price of the tier that the whole reaches
        tier = next(tier for tier in terms["tiers"] if "up_to" not in tier or quantity <= Decimal(tier["up_to"]))
        return tier_lines(tier, quantity, decimals)
    raise ValueError("unknown model " + model)


def tier_lines(tier, quantity, decimals):
    lines = [line(quantity, Decimal(tier["unit_price"]), decimals)]
    if Decimal(tier.get("flat", 0)) and quantity:
        lines.append(line(ONE, Decimal(tier["flat"]), decimals))
    return lines


# --- a part of a month owes its share of what a month owes ---


def prorated(charge, decimals):
    """A charge's terms, cut to its share of the month. Each number is rounded half up once.

    Amounts of money are cut, to the currency's smallest unit. Of what adds up over the days, so are the units that are included
    and the bounds of tiers, to the decimals that are kept of it, at most four; of a level (a largest or latest), the prices
    instead, to six decimals.
    """
    terms, share, meter = charge["price"]["terms"], charge.get("share"), charge["meter"]
    if not share or share["owed"] == share["of"]:
        return terms
    places = dict.fromkeys(("amount", "minimum", "flat"), decimals)
    if meter and meter["aggregation"] in ("max", "latest"):
        places.update(unit_price=6, price=6)
    elif meter:
        kept = 4 if meter["aggregation"] == "hours" else min(4, meter["decimals"])
        places.update(included=kept, up_to=kept)

    def cut(name, number):
        part = Decimal(number) * share["owed"] / share["of"]
        return part.quantize(ONE.scaleb(-places[name]), rounding=ROUND_HALF_UP)

    def cut_each(table):
        return {name: cut(name, value) if name in places else value for name, value in table.items()}

    terms = cut_each(terms)
    tiers, below = [], ZERO
    for tier in map(cut_each, terms.get("tiers", [])):
        if "up_to" not in tier or Decimal(tier["up_to"]) > below:  # else nothing is left of it
            tiers.append(tier)
        below = Decimal(tier.get("up_to", below))
    return {**terms, "tiers": tiers}


# --- 3. the lines are compared with the bill's ---


def recomputed(bill, usage, charge):
    """A charge's lines. Of a late line only the amount is worked out: quantity and unit price are None."""
    exchange = Decimal(charge["exchange"]["rate"]) if charge["exchange"] else ONE
    decimals = bill["decimals"]
    terms = prorated(charge, decimals)

    def lines(known):
        return rate(terms, quantity_of(usage, charge, known), decimals, exchange)

    def earlier(on_bill):
        return on_bill < bill["month"]

    if not charge["late"]:
        return lines(lambda on_bill: True)
    after = sum(amount for _, _, amount in lines(lambda on_bill: True))
    before = sum(amount for _, _, amount in lines(earlier))
    if charge["group"] is not None and not usage.has_group(charge, earlier):
        before = 0  # not even its minimum was billed
    return [(None, None, after - before)]


def compare(bill, usage, say):
    """Say of each line whether it is equal; true when all are, and their sum is the bill's."""
    issued = {one["position"]: one for one in bill["lines"]}
    expected = {}
    for charge in bill["charges"]:
        for position, one in zip_longest(charge["lines"], recomputed(bill, usage, charge)):
            expected[position] = one
    equal = not usage.unknown
    for code in sorted(set(usage.unknown)):
        say("NOT EQUAL: usage.csv has events of meter {}, which no line of this bill prices".format(code))
    if None in expected:
        say("NOT EQUAL: the usage comes to a line that is not on the bill")
        equal = False
    for position in sorted(issued):
        verdict = judged(issued[position], expected.get(position), bill)
        equal = equal and verdict.startswith("equal")
        say("line {}: {}".format(position, verdict))
    total = sum(one["net_minor"] for one in bill["lines"])
    if total != bill["net_minor"]:
        say("NOT EQUAL: the lines add up to {}, the bill says {}".format(total, bill["net_minor"]))
        equal = False
    return taxed(bill, say) and equal


def taxed(bill, say):
    """Say of each rate of tax whether it is equal: once on the sum of its lines, or out of it where prices include it."""
    equal, total = True, 0
    for tax in bill["taxes"]:
        own = (tax["category"], tax["rate"])
        mine = [one for one in bill["lines"] if (one["tax_category"], one["tax_rate"]) in (own, ("", ""))]
        rate, amount = Decimal(tax["rate"]), Decimal(sum(amount_of(one) for one in mine))
        if any(one["gross_minor"] is not None for one in mine):
            base = (amount * 100 / (100 + rate)).quantize(ONE, rounding=ROUND_HALF_UP)
            again = (int(base), int(amount - base))
        else:
            again = (int(amount), int((amount * rate / 100).quantize(ONE, rounding=ROUND_HALF_UP)))
        on_bill = (tax["base_minor"], tax["tax_minor"])
        total += sum(on_bill)
        verdict = "equal"
        if again != on_bill:
            verdict = "NOT EQUAL: the bill says base and tax {}, this says {}".format(on_bill, again)
        say("tax {} {} %: {}".format(tax["category"], tax["rate"], verdict))
        equal = equal and again == on_bill
    if total != bill["total_minor"]:
        say("NOT EQUAL: bases and taxes come to {}, the bill says {}".format(total, bill["total_minor"]))
        equal = False
    return equal


def amount_of(one):
    """A line's quantity times its price: its net, or with the tax where prices include it."""
    return one["net_minor"] if one["gross_minor"] is None else one["gross_minor"]


def judged(issued, again, bill):
    on_bill = (Decimal(issued["quantity"]), Decimal(issued["unit_price"]), amount_of(issued))
    if line(on_bill[0], on_bill[1], bill["decimals"])[2] != on_bill[2]:
        return "NOT EQUAL: its quantity times its price is not its amount"
    if again is None:
        return "NOT EQUAL: the usage does not come to this line"
    if again[0] is None:  # late
        again = (on_bill[0], on_bill[1], again[2])
    if again != on_bill:
        return "NOT EQUAL: the bill says {}, this says {}".format(shown(on_bill, bill), shown(again, bill))
    return "equal, " + shown(on_bill, bill)


def shown(one, bill):
    quantity, unit_price, amount = one
    return "{:f} x {:f} = {} {:f}".format(quantity, unit_price, bill["currency"], Decimal(amount).scaleb(-bill["decimals"]))


def main(usage_path, prices_path):
    with open(prices_path, encoding="utf-8") as file:
        bill = json.load(file)
    usage = Usage({charge["meter"]["code"]: charge["meter"] for charge in bill["charges"] if charge["meter"]})
    with open(usage_path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            usage.add(row)
    equal = compare(bill, usage, print)
    print("bill {}: {}".format(bill["bill"], "equal" if equal else "NOT EQUAL"))
    return 0 if equal else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print("usage: python3 recompute.py usage.csv prices.json", file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(main(sys.argv[1], sys.argv[2]))
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        print("cannot read these files as a bill: {!r}".format(error), file=sys.stderr)
        sys.exit(2)
