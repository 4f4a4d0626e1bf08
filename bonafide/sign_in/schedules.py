"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("write-security-letters", "bonafide.sign_in.tasks.write_letters", 1),
    Schedule("forget-spent-limits", "bonafide.sign_in.tasks.forget_spent_limits", 10),
)
