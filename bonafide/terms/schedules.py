"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("publish-terms", "bonafide.terms.tasks.publish_terms", 1),
    Schedule("check-promises", "bonafide.terms.tasks.check_promises", "10 3 * * *"),
    Schedule("sweep-logs", "bonafide.terms.tasks.sweep_logs", "20 * * * *"),
    Schedule("sweep-tables", "bonafide.terms.tasks.sweep_tables", "40 * * * *"),
)
