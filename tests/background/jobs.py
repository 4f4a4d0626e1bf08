"""Tasks for tests of the queue."""

from django_tasks import task

ran: list[str] = []


@task()
def note(word: str = "called") -> None:
    ran.append(word)


@task()
def fail() -> None:
    raise ValueError("this task always fails")
