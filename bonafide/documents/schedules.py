"""What recurs."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    # Every minute, what is due: the rows of ``documents_document`` say what that is.
    Schedule("documents: render what is missing", "bonafide.documents.tasks.render_missing", 1),
)
