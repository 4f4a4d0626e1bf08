"""The console does not start while it logs, or keeps, anything where nothing is ever deleted."""

import logging
import logging.handlers
import queue
import sys
from contextlib import contextmanager

import pytest

from bonafide.privacy.access_log import folder
from bonafide.privacy.checks import files_are_declared, logs_are_declared, stores_are_declared
from tests.factories.billing import operator
from tests.fakes.console import free_port, instance

OWN = ("django", "django.server")


@contextmanager
def without_the_test_runner():
    """It listens to what is logged, and stands in for stderr."""
    with pytest.MonkeyPatch.context() as patch:
        for one in (logging.root, *logging.root.manager.loggerDict.values()):
            ours = [handler for handler in getattr(one, "handlers", []) if not type(handler).__module__.startswith("_pytest")]
            patch.setattr(one, "handlers", ours, raising=False)
        for handler in (*logging.root.handlers, *(h for name in OWN for h in logging.getLogger(name).handlers)):
            if type(handler) is logging.StreamHandler:
                patch.setattr(handler, "stream", sys.stderr)
        yield


@pytest.fixture
def logger():
    logger = logging.getLogger("somebody.elses")
    yield logger
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def said():
    with without_the_test_runner():
        return [problem.msg for problem in logs_are_declared()]


def test_our_own_settings_pass():
    assert said() == []
    assert files_are_declared() == []
    assert stores_are_declared() == []


@pytest.mark.parametrize("kind", ["FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler"])
def test_a_log_file_outside_the_swept_folders_is_refused(logger, tmp_path, kind, settings):
    made = getattr(logging, kind, None) or getattr(logging.handlers, kind)
    logger.addHandler(made(tmp_path / "console.log", delay=True))
    [fault] = said()
    assert f"the logger 'somebody.elses' writes into {tmp_path / 'console.log'}, where no line is ever deleted" in fault
    assert "logs.directories" in fault
    settings.OPERATOR = operator(logs={"directories": (str(tmp_path),)})
    assert said() == []


def test_one_inside_them_is_not(logger):
    logger.addHandler(logging.FileHandler(folder() / "console.log", delay=True))
    assert said() == []


@pytest.mark.parametrize(
    "handler",
    [
        logging.handlers.SysLogHandler,
        lambda: logging.handlers.HTTPHandler("logs.example", "/"),
        lambda: logging.handlers.SMTPHandler("mail.example", "a@b.example", ["c@d.example"], "fault"),
        lambda: logging.handlers.QueueHandler(queue.Queue()),
        lambda: type("Tracker", (logging.Handler,), {})(),
        lambda: type("Stream", (logging.StreamHandler,), {})(),
    ],
)
def test_a_handler_of_which_nobody_said_what_it_keeps_is_refused(logger, handler):
    logger.addHandler(handler())
    [fault] = said()
    assert "of which nobody has said what it keeps" in fault


def test_one_behind_another_is_seen(logger, tmp_path):
    behind = logging.FileHandler(tmp_path / "console.log", delay=True)
    logger.addHandler(logging.handlers.MemoryHandler(10, target=behind))
    assert len(said()) == 1


def test_a_stream_that_is_a_file_is_seen(logger, tmp_path):
    with (tmp_path / "console.log").open("w") as stream:
        logger.addHandler(logging.StreamHandler(stream))
        assert "console.log" in said()[0]


def test_faults_are_not_mailed_to_anybody(settings):
    settings.ADMINS = [("Camille", "camille@example.com")]
    assert "ADMINS" in said()[0]


@pytest.mark.parametrize(
    "handler",
    [
        {"class": "logging.FileHandler", "filename": "/tmp/console.log"},
        {"class": "logging.handlers.SysLogHandler"},
        {"()": "logging.handlers.HTTPHandler", "host": "logs.example", "url": "/"},
    ],
)
def test_a_handler_that_is_only_configured_is_refused_too(settings, handler):
    settings.LOGGING = {**settings.LOGGING, "handlers": {**settings.LOGGING["handlers"], "spare": handler}}
    [fault] = said()
    assert fault.startswith("LOGGING's handler 'spare' ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("CACHES", {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "/tmp/c"}}),
        ("TASKS", {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend"),
        ("EMAIL_FILE_PATH", "/tmp/letters"),
        ("STORAGES", {"default": {"BACKEND": "storages.S3", "OPTIONS": {}}, "staticfiles": {"BACKEND": "any"}}),
    ],
)
def test_what_keeps_things_elsewhere_is_refused(settings, setting, value):
    setattr(settings, setting, value)
    [fault] = stores_are_declared()
    assert fault.msg.startswith(setting)


def test_a_file_in_the_folder_is_named_with_the_remedy(settings):
    stray = settings.INSTANCE.home / "customers.csv"
    stray.write_text("Atelier Vega", encoding="utf-8")
    try:
        [fault] = files_are_declared()
    finally:
        stray.unlink()
    assert "holds what nobody declared: customers.csv: move it out" in fault.msg


def test_serve_and_check_refuse_in_one_line(tmp_path):
    with instance(tmp_path / "instance", port=free_port()) as place:
        (place.home / "customers.csv").write_text("Atelier Vega", encoding="utf-8")
        refused = place.bonafide("serve", "--port", str(free_port()), check=False)
        assert refused.returncode == 1
        assert "customers.csv" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        looked = place.bonafide("check", check=False)
        assert looked.returncode == 1
        assert "customers.csv" in looked.stdout
