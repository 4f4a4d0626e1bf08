"""What this package does by itself."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("note-countries-of-sign-ins", "bonafide.billing.tasks.note_countries_of_sign_ins", "20 2 1 * *"),
    Schedule("note-usage-of-bills", "bonafide.billing.tasks.note_usage_of_bills", 10),
    Schedule("tell-budgets", "bonafide.billing.tasks.tell_of_budgets", 60),
    Schedule("end-balances", "bonafide.billing.tasks.end_balances", "10 4 * * *"),
)
