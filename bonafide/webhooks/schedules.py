"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (Schedule("deliver-events", "bonafide.webhooks.tasks.deliver_events", 1),)
