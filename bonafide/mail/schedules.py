"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("send-letters", "bonafide.mail.tasks.send_letters", 1),
    Schedule("forget-letters", "bonafide.mail.tasks.forget_letters", "55 3 * * *"),
)
