"""No module of ours connects anywhere by itself: what can connect is imported by ``outgoing`` alone."""

import ast
import importlib
from pathlib import Path

import pytest

import bonafide

PACKAGE = Path(bonafide.__file__).parent
CAN_CONNECT = {
    "_socket",
    "aiohttp",
    "asyncio",
    "ctypes",
    "ftplib",
    "http.client",
    "httpx",
    "imaplib",
    "multiprocessing",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "urllib.request",
    "urllib3",
    "xmlrpc.client",
}
# What else may import one of them, and why.
EXCEPTED = {
    ("serving.py", "http.client"): "asks whether our own console answers, through the door",
    ("serving.py", "socket"): "looks whether its own port is free",
    ("serving.py", "subprocess"): "starts the parts of the console, which set the guard up themselves",
    ("serving.py", "ctypes"): "tells the kernel to end a child with its parent",
    ("setting_up.py", "smtplib"): "asks whether the mail server answers, through the door",
    ("safekeeping/databases.py", "subprocess"): "starts PostgreSQL's own programs, which speak to our own database alone",
    ("documents/einvoice/rules.py", "subprocess"): "starts the rules of e-invoices in a process that reads from it and answers",
    ("background/release.py", "socket"): "reads the name of the machine",
}


def imported(path):
    """Modules that can connect, as a file imports them; their exceptions alone connect nowhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [name for alias in node.names for name in of_module(node.module, alias.name)]
        else:
            continue
        for name in names:
            yield from (can for can in CAN_CONNECT if name == can or name.startswith(f"{can}."))


def of_module(module, name):
    if module.partition(".")[0] in {can.partition(".")[0] for can in CAN_CONNECT}:
        thing = getattr(importlib.import_module(module), name, None)
        if isinstance(thing, type) and issubclass(thing, Exception):
            return []
    return [module, f"{module}.{name}"]


def found():
    return {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        if "outgoing" not in path.relative_to(PACKAGE).parts
        for name in imported(path)
    }


def test_only_outgoing_imports_what_can_connect_but_for_the_exceptions_named_here():
    assert found() == set(EXCEPTED)


@pytest.mark.parametrize(
    "line",
    [
        "import requests",
        "from requests import Session",
        "import urllib.request",
        "from urllib import request",
        "from http.client import HTTPConnection",
        "from http import client",
        "import socket as s",
        "def late():\n    import smtplib",
        "from asyncio import open_connection",
    ],
)
def test_it_would_be_noticed(tmp_path, line):
    file = tmp_path / "module.py"
    file.write_text(line, encoding="utf-8")
    assert list(imported(file))


def test_exceptions_and_words_may_be_imported(tmp_path):
    file = tmp_path / "module.py"
    file.write_text(
        "from smtplib import SMTPException\nfrom http import HTTPStatus\nfrom urllib.parse import urlsplit\n", encoding="utf-8"
    )
    assert not list(imported(file))
