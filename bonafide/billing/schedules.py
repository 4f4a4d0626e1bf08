"""What this package does by itself."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("note-countries-of-sign-ins", "bonafide.billing.tasks.note_countries_of_sign_ins", "20 2 1 * *"),
    Schedule("note-usage-of-bills", "bonafide.billing.tasks.note_usage_of_bills", 10),
    Schedule("close-books", "bonafide.billing.tasks.close_books", "50 4 * * *"),
    Schedule("tell-budgets", "bonafide.billing.tasks.tell_of_budgets", 60),
    Schedule("bill-runs", "bonafide.billing.runs.tasks.keep_bill_runs_going", 5),
    Schedule("tell-service", "bonafide.billing.tasks.tell_service_of_bills", 1),
    Schedule("announce-bills", "bonafide.billing.runs.tasks.announce_issued_bills", 1),
    Schedule("empty-old-rehearsals", "bonafide.billing.runs.tasks.empty_old_rehearsals", "10 4 * * *"),
    Schedule("end-balances", "bonafide.billing.tasks.end_balances", "10 4 * * *"),
)
