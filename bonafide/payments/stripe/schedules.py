"""What payment by Stripe does by itself."""

from bonafide.background.schedules import Schedule

SCHEDULES = (Schedule("charge-bills", "bonafide.payments.stripe.charge.tasks.charge_bills", 10),)
