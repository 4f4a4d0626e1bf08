"""What this package holds: tasks, and when schedules are due."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kind, Soon, Table, Whose

FINISHED_KEPT_DAYS = 14  # a task that is done, or failed

TABLES = (
    Table(
        # Tasks are given numbers of rows and no texts; but a traceback may say what the code had in its hands.
        "django_tasks_database.DBTaskResult",
        called=_("background work"),
        plain=("id", "status", "priority", "task_path", "worker_ids", "queue_name", "backend_name", "run_after"),
        holdings=(
            Holding(
                kind=Kind.LOGS,
                columns=(
                    "enqueued_at",
                    "started_at",
                    "finished_at",
                    "args_kwargs",
                    "return_value",
                    "exception_class_path",
                    "traceback",
                ),
                what=_("which work was done in the background, for which row, and how it failed"),
                whose=Whose.LOGINS,
                why=_("to do what takes long later, and again when it failed"),
                basis=Basis.INTEREST,
                ends=Soon(FINISHED_KEPT_DAYS, _("a task is deleted two weeks after it ended")),
                enforced_by="bonafide.background.tasks.forget_finished",
            ),
        ),
    ),
    Table("background.Due", plain=("id", "name", "next_run_at")),
    # Which migrations ran, as Django notes it.
    Table("", name="django_migrations", plain=("id", "app", "name", "applied")),
)
