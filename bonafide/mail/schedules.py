"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (Schedule("send-letters", "bonafide.mail.tasks.send_letters", 1),)
