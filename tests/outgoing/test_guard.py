"""Nothing leaves but through the door: tried in processes of the product, which pytest's own guard of sockets is not in."""

import socket
import subprocess
import sys

import pytest

from bonafide.outgoing import guard
from bonafide.outgoing.guard import Shut, bare, door_to, is_here
from tests.fakes.console import free_port, instance

HELPERS = """
import socket, sys, threading, urllib.request
import requests
from bonafide.outgoing import guard
from bonafide.outgoing.client import NotDeclared, reaching

def tried(act):
    try:
        act()
    except guard.Shut as error:
        return f"shut: {error}"
    except OSError as error:
        chain = [error]
        while chain[-1].__cause__ or chain[-1].__context__ or isinstance(getattr(chain[-1], "reason", None), OSError):
            last = chain[-1]
            chain.append(last.__cause__ or last.__context__ or last.reason)
        return next((f"shut: {one}" for one in chain if isinstance(one, guard.Shut)), f"otherwise: {error!r}")
    return "passed"
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """Run lines in a process of an instance, whose operator declares a mailer and a host of its own; what they print."""
    with instance(tmp_path_factory.mktemp("guard") / "instance", port=free_port()) as made:
        file = made.home / "operator.toml"
        text = file.read_text(encoding="utf-8").replace("proxies = 0", 'proxies = 0\nown_hosts = ["mail.nordlys.example"]')
        file.write_text(text + MAILER, encoding="utf-8")
        yield lambda code: made.python(HELPERS + code).strip().splitlines()


MAILER = """
[[processors]]
id = "postillon"
name = "Postillon"
purpose_en = "Carries our letters."
purpose_fr = "Achemine nos lettres."
data_en = "Address and text of each letter."
data_fr = "Adresse et texte de chaque lettre."
country = "FR"
contract = "Contract of 2 November 2026"
link = "https://postillon.example"
hosts = ["smtp.postillon.example"]
"""


WAYS_OUT = (
    'requests.get("http://192.0.2.1", timeout=5)',
    'requests.get("https://example.com", timeout=5)',
    'urllib.request.urlopen("http://192.0.2.1", timeout=5)',
    'urllib.request.urlopen("http://example.com", timeout=5)',
    'socket.create_connection(("example.com", 80), timeout=5)',
    'socket.create_connection(("192.0.2.1", 80), timeout=5)',
    'socket.create_connection(("::ffff:192.0.2.1", 80), timeout=5)',
    'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))',
    'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("192.0.2.1", 53))',
    'socket.socket().connect_ex(("192.0.2.1", 80))',
    'socket.gethostbyname("example.com")',
    'socket.getaddrinfo(b"EXAMPLE.com.", 80)',
    'socket.gethostbyaddr("192.0.2.1")',
    'socket.getnameinfo(("192.0.2.1", 80), 0)',
    '__import__("smtplib").SMTP("smtp.postillon.example", 25, timeout=5)',  # declared, and yet not through the door
)


def test_every_way_out_is_refused_that_is_not_through_the_door(process):
    said = process("".join(f"print(tried(lambda: {way}))\n" for way in WAYS_OUT))
    assert [(way, line) for way, line in zip(WAYS_OUT, said, strict=True) if not line.startswith("shut: no connection to ")] == []


def test_the_log_says_so_once_a_host_and_nothing_else(process):
    lines = process(
        "import logging, io\n"
        "said = io.StringIO(); logging.getLogger('bonafide').addHandler(logging.StreamHandler(said))\n"
        "for path in ('/secret', '/other'): tried(lambda: requests.get(f'http://192.0.2.7{path}', timeout=5))\n"
        "print(said.getvalue().strip())"
    )
    assert len(lines) == 1
    assert lines[0].startswith("no connection to 192.0.2.7: ")
    assert "secret" not in lines[0]


RESOLVER = """
listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
# Hosts have addresses that are not loopback's. Datagram sockets connect to them without sending anything.
def elsewhere(host, port, *more):
    sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)  # as the real one
    return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (f"192.0.2.{len(host)}", int(port)))]
guard.resolve = elsewhere
def connect(host):
    address = socket.getaddrinfo(host, 25)[0][4]
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(address)
def through_the_door(host):
    with reaching(host=host):
        connect(host)
"""


def test_a_declared_host_and_one_of_our_own_are_reached_through_the_door_while_it_is_open(process):
    said = process(
        RESOLVER
        + "for host in ('smtp.postillon.example', 'mail.nordlys.example'):\n"
        + "    for act in (connect, through_the_door, connect): print(tried(lambda: act(host)))"
    )
    assert [line.partition(":")[0] for line in said] == ["shut", "passed", "shut"] * 2


def test_an_open_door_leads_to_its_host_alone_and_from_its_thread_alone(process):
    said = process(
        RESOLVER
        + "with reaching(host='smtp.postillon.example'):\n"
        + "    connect('smtp.postillon.example')\n"
        + "    print(tried(lambda: connect('example.com')))\n"
        + "    print(tried(lambda: socket.create_connection(('192.0.2.26', 80))))\n"
        + "    thread = threading.Thread(target=lambda: print(tried(lambda: connect('smtp.postillon.example'))))\n"
        + "    thread.start(); thread.join()\n"
        + "    with reaching(host='mail.nordlys.example'): print(tried(lambda: connect('smtp.postillon.example')))\n"
        + "    print(tried(lambda: connect('smtp.postillon.example')))"
    )
    assert [line.partition(":")[0] for line in said] == ["shut", "shut", "shut", "shut", "passed"]


def test_no_door_opens_to_a_host_that_was_not_declared(process):
    [said] = process("try:\n    with reaching(host='collector.example'): pass\nexcept NotDeclared as refusal: print(refusal)")
    assert said.startswith("collector.example was not declared, so nothing is sent there")


def test_loopback_unix_sockets_and_our_own_name_need_no_door(process):
    said = process(
        RESOLVER.replace("guard.resolve = elsewhere", "")
        + "print(tried(lambda: socket.create_connection(('localhost', port))))\n"
        + "print(tried(lambda: socket.create_connection(('127.0.0.1', port))))\n"
        + "print(tried(socket.getfqdn))\n"
        + "print(tried(lambda: [end.sendmsg([b'x']) for end in [*socket.socketpair()]]))\n"
        + "print(tried(lambda: socket.socket(socket.AF_UNIX).connect('/nowhere')).partition(':')[0])"
    )
    assert said == ["passed", "passed", "passed", "passed", "otherwise"]


def test_the_guard_holds_and_says_so_where_it_was_not_set_up():
    assert guard.guard_holds()
    code = "from bonafide.outgoing import guard; print(guard.guard_holds()); guard.install(); print(guard.guard_holds())"
    without = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert without.stdout.split() == ["False", "True"], without.stderr


def test_the_guard_holds_inside_an_open_door_too():
    with door_to("smtp.postillon.example"):
        assert guard.guard_holds()
    with door_to(guard.NOWHERE):
        assert not guard.guard_holds(), "the door leads there"


def test_it_is_an_oserror_so_that_libraries_take_it_for_a_network_that_is_not_there():
    assert issubclass(Shut, OSError)


@pytest.mark.parametrize(
    ("written", "read", "here"),
    [
        ("LocalHost.", "localhost", True),
        (b"Example.COM", "example.com", False),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("0:0:0:0:0:0:0:1", "::1", True),
        ("fe80::1%eth0", "fe80::1", False),
        ("127.0.0.1.evil.example", "127.0.0.1.evil.example", False),
        ("0.0.0.0", "0.0.0.0", True),
        (None, "", True),
    ],
)
def test_a_host_has_one_spelling(written, read, here):
    assert bare(written) == read
    assert is_here(bare(written)) is here


def test_pytest_leaves_loopback_alone_beside_the_guard():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
