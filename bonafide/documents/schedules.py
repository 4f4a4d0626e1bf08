"""What recurs: (name, dotted function, minutes between)."""

SCHEDULES: tuple[tuple[str, str, int], ...] = (
    ("documents: render what is missing", "bonafide.documents.tasks.render_missing", 1),
)
