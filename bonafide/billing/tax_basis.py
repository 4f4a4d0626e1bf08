"""What decides the tax of an account's bill of a month: read for a whole chunk at once, and frozen on the bill as its basis.

The basis is JSON: ``treatment``, ``place`` (of the customer), ``taxed_in``, ``rate`` (with its source and first day),
``other_rates`` (by sort of supply), ``vat_number`` (VIES's last answer), ``location`` (evidence beyond the billing address),
``decision`` (of staff), ``threshold`` (what had been sold before) and ``flags``; what does not apply is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db.models import F, Max, Q
from msgspec import Raw

from bonafide.accounts.models import Account, VatCheck
from bonafide.accounts.vat_numbers import vies_is_asked
from bonafide.billing.computed import ThresholdSale, Treatments, main_of
from bonafide.billing.lines import Unbillable
from bonafide.billing.models import LocationEvidence, LocationQuestion
from bonafide.billing.seal import canonical
from bonafide.billing.tax import Buyer, Seller, Treatment, Undecided, decide, place_of
from bonafide.billing.tax.locate import BILLING_ADDRESS, Contradiction, Item, Located, locate
from bonafide.billing.tax.places import Place, UnknownPlace, known_place
from bonafide.billing.tax.rates import STANDARD_SORT, DatedRate, Rates
from bonafide.billing.tax.threshold import Turnover
from bonafide.billing.taxed import basis_of
from bonafide.billing.turnover import turnover_of
from bonafide.money import to_minor
from bonafide.operator import Operator
from bonafide.periods import Month

ONLY_STANDARD = frozenset({STANDARD_SORT})


class Unlocated(Unbillable):
    """Where the account's consumer is cannot be told from ``items``; staff decide."""

    def __init__(self, message: str, items: tuple[Item, ...]) -> None:
        super().__init__(message, mend="place")
        self.items = items


@dataclass(frozen=True, slots=True)
class Decided:
    """The treatments of an account's bill with their basis; ``sale`` when the threshold of art. 59c has a say in them."""

    treatments: Treatments
    basis: Raw
    sale: ThresholdSale | None = None


def seller_for_tax(operator: Operator) -> Seller:
    """The operator, as its VAT depends on it."""
    return Seller(
        place=place_of(operator.identity.country, operator.identity.postcode),
        vat_number=operator.identity.vat_number,
        franchise=operator.tax.regime == "franchise",
        oss=operator.tax.oss,
    )


def rates_of(operator: Operator) -> Rates:
    """The built-in rates under those of the operator's file."""
    own = [
        DatedRate(rate.territory, rate.rate, rate.valid_from, rate.source, rate.sort, rate.exempt) for rate in operator.tax.rates
    ]
    if isinstance(operator.tax.standard_rate, Decimal):
        home = place_of(operator.identity.country, operator.identity.postcode)
        own.append(DatedRate(home.rate_of, operator.tax.standard_rate, date(1970, 1, 1), "tax.standard_rate"))
    return Rates(own)


def digest_of(items: Iterable[Item]) -> str:
    """What a decision on contradicting evidence holds for."""
    return sha256(bytes(canonical([[item.kind, item.place] for item in sorted(items)]))).hexdigest()


class TaxDesk:
    """Decides account by account what was read for all of a chunk at once: three queries, whatever is in it."""

    def __init__(self, month: Month, operator: Operator) -> None:
        self.month, self.operator = month, operator
        self.seller, self.rates = seller_for_tax(operator), rates_of(operator)
        self.relied_from = month.end(operator.zone) - timedelta(days=operator.tax.vat_number_days)
        self._turnover: Turnover | None = None
        self._answers: dict[int, Any] = {}
        self._evidence: dict[int, list[Any]] = {}
        self._decisions: dict[tuple[int, str], Any] = {}
        self._treatments: dict[tuple[str, str, str, bool, str], Treatment] = {}
        self._decided: dict[tuple[str, str, str, frozenset[str]], Decided] = {}

    @property
    def turnover(self) -> Turnover:
        """Sales to consumers elsewhere in the Union before the next bill; read when first asked for, then counted on."""
        if self._turnover is None:
            self._turnover = turnover_of(month=self.month, operator=self.operator)
        return self._turnover

    def sold(self, minor: int) -> None:
        """A bill that counts towards the threshold was worked out."""
        self._turnover = self.turnover.plus(minor)

    def read(self, accounts: Sequence[Account]) -> None:
        """What is known about these accounts, which are in the order of their ids."""
        abroad = [account.pk for account in accounts if account.kind == "company" and self._is_abroad(account)]
        maybe_consumers = sorted({account.pk for account in accounts if account.kind == "person"} | set(abroad))
        self._answers = {row["account_id"]: row for row in _last_answers(abroad)} if abroad else {}
        self._evidence, self._decisions = {}, {}
        if not maybe_consumers:
            return
        for row in _latest_evidence(maybe_consumers):
            self._evidence.setdefault(row["account_id"], []).append(row)
        decided = LocationQuestion.objects.filter(_of(maybe_consumers), decided_at__isnull=False)
        for row in decided.values("pk", "account_id", "digest", "place", "decided_at"):
            self._decisions[row["account_id"], row["digest"]] = row

    def decide(self, account: Account, sorts: frozenset[str] = ONLY_STANDARD) -> Decided:
        """How the account's supplies of these sorts are taxed.

        :raises Unbillable: with the reason and the remedy; :class:`Unlocated` when staff must say where the consumer is."""
        place = self._address(account)
        elsewhere = place.eu and place.system != self.seller.place.system
        number, said = self._relied_on(account) if elsewhere else ("", None)
        facts: dict[str, object] = {} if said is None else {"vat_number": said}
        if account.kind == "person" or (elsewhere and not number):
            place = self._located(account, place, facts)
        key = (account.kind, place.code, number[:2], sorts)
        if not facts and key in self._decided:
            return self._decided[key]
        decided = self._decide(account, place, number, facts, sorts)
        if not facts:  # most bills have nothing of their own
            self._decided[key] = decided
        return decided

    def _decide(self, account: Account, place: Place, number: str, facts: dict[str, object], sorts: frozenset[str]) -> Decided:
        facts = {**facts, "place": place.code}
        below = self._treatments_of(account, place, number, sorts, beyond=False)
        if not main_of(below).counts or self.seller.oss == "registered":
            return Decided(below, basis_of(below, facts))
        beyond = self._treatments_of(account, place, number, sorts, beyond=True)
        limit = to_minor(self.operator.tax.oss_threshold, self.operator.billing.currency)
        return Decided(below, Raw(b""), ThresholdSale(below, beyond, facts, limit, self.month.year))

    def _is_abroad(self, account: Account) -> bool:
        return account.country != self.operator.identity.country

    def _address(self, account: Account) -> Place:
        try:
            return place_of(account.country, account.postcode)
        except UnknownPlace as unknown:
            raise Unbillable(str(unknown), mend="address") from None

    def _relied_on(self, account: Account) -> tuple[str, dict[str, object] | None]:
        """The number when it may be relied on, and VIES's answer about it (Reg. (EU) 282/2011 art. 18)."""
        if account.kind != "company" or not account.vat_number:
            return "", None
        answer = self._answers.get(account.pk)
        if answer is None:
            trusted = not vies_is_asked(self.operator) and self.operator.tax.unchecked_vat_numbers == "business"
            return (account.vat_number, {"outcome": "unchecked"}) if trusted else ("", None)
        good = answer["outcome"] == VatCheck.Outcome.VALID and answer["asked_at"] >= self.relied_from
        return account.vat_number if good else "", {
            "outcome": answer["outcome"],
            "asked_at": _written(answer["asked_at"]),
            "consultation_number": answer["consultation_number"],
        }

    def _located(self, account: Account, address: Place, facts: dict[str, object]) -> Place:
        rows = self._evidence.get(account.pk, [])
        items = (Item(BILLING_ADDRESS, address.code), *(Item(row["kind"], row["place"]) for row in rows))
        if len(items) == 1 and address.system == self.seller.place.system:
            return address  # at home, and nothing says otherwise
        decision = self._decisions.get((account.pk, digest_of(items)))
        if rows:
            facts["location"] = [
                {"kind": r["kind"], "place": r["place"], "method": r["method"], "at": _written(r["at"])} for r in rows
            ]
        if decision:
            facts["decision"] = {"question": decision["pk"], "at": _written(decision["decided_at"])}
            return known_place(decision["place"])
        try:
            located = locate(items=items)
        except Contradiction:
            raise Unlocated(
                f"where its consumer is contradicts itself ({_named(items)}): decide it in the back office, under "
                "Questions where consumers are",
                items,
            ) from None
        self._enough(located, items)
        return located.place

    def _enough(self, located: Located, items: tuple[Item, ...]) -> None:
        """One piece of evidence is enough at home, and elsewhere for a small seller."""
        if len(located.items) > 1 or located.place.system == self.seller.place.system:
            return
        limit = to_minor(self.operator.tax.evidence_threshold, self.operator.billing.currency)
        if max(self.turnover.this_year, self.turnover.last_year) > limit:
            raise Unlocated(
                f"where its consumer is rests on one piece of evidence ({_named(items)}), and with your sales two are asked for: "
                "add another in the back office, or decide it there",
                items,
            )

    def _treatments_of(
        self, account: Account, place: Place, number: str, sorts: frozenset[str], *, beyond: bool
    ) -> dict[str, Treatment]:
        return {sort: self._treatment(account, place, number, beyond=beyond, sort=sort) for sort in sorted(sorts)}

    def _treatment(self, account: Account, place: Place, number: str, *, beyond: bool, sort: str) -> Treatment:
        key = (account.kind, place.code, number[:2], beyond, sort)
        found = self._treatments.get(key)
        if found is None:
            buyer = Buyer(account.kind, place, number)
            try:
                found = decide(
                    seller=self.seller, buyer=buyer, on=self.month.last_day, rates=self.rates, beyond=beyond, sort=sort
                )
            except Undecided as stop:
                raise Unbillable(str(stop), mend="address") from None
            self._treatments[key] = found
        return found


def _of(account_ids: list[int]) -> Q:
    """Rows of these accounts, and where their ids lie close together of those in between as well: a range is read faster."""
    first, last = account_ids[0], account_ids[-1]
    if last - first < 8 * len(account_ids):
        return Q(account__gte=first, account__lte=last)
    return Q(account__in=account_ids)


def _last_answers(account_ids: list[int]) -> Iterable[Any]:
    """What VIES last said, yes or no, about the number that each account has now."""
    about_now = VatCheck.objects.filter(_of(account_ids), number=F("account__vat_number"))
    answered = about_now.exclude(outcome=VatCheck.Outcome.UNAVAILABLE)
    last = answered.values("account").annotate(last=Max("pk")).order_by().values("last")
    return VatCheck.objects.filter(pk__in=last).values("account_id", "outcome", "asked_at", "consultation_number")


def _latest_evidence(account_ids: list[int]) -> Iterable[Any]:
    """The last piece of each kind, by kind."""
    last = LocationEvidence.objects.filter(_of(account_ids)).values("account", "kind").annotate(last=Max("pk"))
    found = LocationEvidence.objects.filter(pk__in=last.order_by().values("last"))
    return found.order_by("account", "kind").values("account_id", "kind", "place", "method", "at")


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _named(items: Iterable[Item]) -> str:
    return ", ".join(f"{item.kind.replace('_', ' ')} {item.place}" for item in items)
