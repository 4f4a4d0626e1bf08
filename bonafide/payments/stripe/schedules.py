"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("follow-stripe", "bonafide.payments.stripe.tasks.follow_waiting", 1),
    Schedule("charge-bills", "bonafide.payments.stripe.charge.tasks.charge_bills", 10),
    Schedule("reconcile-stripe", "bonafide.payments.stripe.tasks.reconcile_all", 60),
)
