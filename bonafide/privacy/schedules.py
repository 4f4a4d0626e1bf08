"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("erase-due", "bonafide.privacy.tasks.erase_due", "50 * * * *"),
    Schedule("tell-of-law", "bonafide.privacy.tasks.tell_of_law", "5 * * * *"),
)
