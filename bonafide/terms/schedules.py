"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (Schedule("check-promises", "bonafide.terms.tasks.check_promises", "10 3 * * *"),)
