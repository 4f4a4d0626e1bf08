"""The clauses on paying late and on contracts, in order; they stand among the others in ``clauses``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.terms import late as late_bills
from bonafide.terms import values
from bonafide.terms.checks import contracts, late, paying
from bonafide.terms.clause import Clause, Measure

CLAUSES = (
    Clause(
        "U2",
        _("No means of payment is needed"),
        (
            _(
                "You need not leave a means of payment with us: whoever has given none uses everything else, and pays each bill "
                "when it comes."
            ),
        ),
        also=values.charged_by_itself,
        settings=("stripe.enabled",),
        enforced_by=("bonafide.accounts.sign_up.open_account",),
        check=paying.nothing_asks_for_a_means_of_payment,
        counted=_(
            "%(pages)d pages opened by somebody new who gave no means of payment; %(charges)d automatic payments, "
            "each chosen before"
        ),
    ),
    Clause(
        "L1",
        _("When a bill is late"),
        (),
        late_bills.what_the_law_adds,
        also=late_bills.when_late,
        settings=("dunning", "billing.recovery_fee"),
        measures=late_bills.MEASURES,
        enforced_by=(
            "bonafide.payments.dunning.ladder.ahead",
            "bonafide.payments.dunning.follow_up.follow_up",
            "bonafide.payments.dunning.reinstate.reinstate_if_paid",
        ),
        check=late.steps_come_as_promised,
        counted=_(
            "%(letters)d letters about late bills within a year, %(suspensions)d suspensions and %(closings)d closings, each as "
            "promised; %(suspended)d accounts suspended now, none of which has paid"
        ),
    ),
    Clause(
        "O1",
        _("Ordering"),
        (
            _(
                "Before something is ordered here, its price (for people with VAT), how it ends and who sells it stand on the "
                "same page, and the button says that it obliges to pay."
            ),
            _("What was shown is kept word for word, stands in your settings and is confirmed by letter."),
        ),
        enforced_by=("bonafide.contracts.order.place_order", "bonafide.contracts.triggers.install"),
        check=contracts.orders_are_kept,
        counted=_("%(contracts)d contracts, each as it was shown; an order tried on the real pages and taken back"),
    ),
    Clause(
        "O2",
        _("Withdrawing"),
        (),
        also=values.withdrawing,
        settings=("consumers.sells_to_consumers", "consumers.withdrawal_days"),
        measures=(Measure("consumers.sells_to_consumers", "other"), Measure("consumers.withdrawal_days", "other")),
        enforced_by=("bonafide.contracts.notices.give_notice", "bonafide.contracts.settle_up.settle_up"),
        check=contracts.withdrawals_are_carried_out,
        counted=_("%(withdrawals)d withdrawals, %(overdue)d of them overdue; one tried on the real pages and taken back"),
    ),
    Clause(
        "O3",
        _("Cancelling"),
        (
            _(
                "You can cancel at any time, without signing in: the way stands under every page, and takes a form, a look at it "
                "and a notice. A letter confirms what you wrote, with the day, the time and the day on which the contract ends."
            ),
        ),
        also=values.cancelling,
        settings=("consumers.notice_days", "consumers.answer_days"),
        measures=(Measure("consumers.notice_days", "more"), Measure("consumers.answer_days", "more")),
        enforced_by=("bonafide.contracts.notices.give_notice", "bonafide.contracts.end.end_contract"),
        check=contracts.cancellations_are_carried_out,
        counted=_("%(cancellations)d cancellations, %(overdue)d of them overdue; one tried on the real pages and taken back"),
    ),
)
