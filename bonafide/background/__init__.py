"""WHAT RUNS LATER: the queue's workers, and the schedules that packages declare.

Is given: tasks (``django_tasks.task``) and each package's ``SCHEDULES``. Yields: each task run at least once, whatever is killed.
"""
