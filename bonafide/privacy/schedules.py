"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("sweep-logs", "bonafide.privacy.tasks.sweep_logs", "20 * * * *"),
    Schedule("sweep-tables", "bonafide.privacy.tasks.sweep_tables", "40 * * * *"),
)
