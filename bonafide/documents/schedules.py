"""What recurs here."""

from bonafide.background.schedules import Schedule

SCHEDULES = (Schedule("render-missing-documents", "bonafide.documents.tasks.render_missing", 1),)
