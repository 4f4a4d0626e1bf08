"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (Schedule("end-overdue-sessions", "bonafide.sessions.tasks.mark_overdue", 60),)
