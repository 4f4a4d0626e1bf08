"""HTTP through the door: to declared hosts, encrypted, within limits, and nowhere else."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bonafide.outgoing import guard
from bonafide.outgoing.web_client import Session, TooLarge, Unanswered, post
from tests.factories.outgoing import operator_with, processor

# Asking whether somebody was announced reads the terms.
pytestmark = pytest.mark.django_db
HOST = "api.postillon.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody trusts by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(tz=UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now - timedelta(days=1), now + timedelta(days=1))
    made = made.add_extension(names, critical=False).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def server(certificate):
    """An https server on loopback that answers by the path, and keeps what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self):
            self.server.asked.append((self.path, dict(self.headers)))
            path, _, target = self.path.partition("?")
            self.send_response(302 if target else 200)
            if target:
                self.send_header("Location", target)
            self.end_headers()
            self.wfile.write(b"x" * 3_000_000 if path == "/huge" else b"hello")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.asked, server.handle_error = True, [], lambda *about: None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _declared(settings, monkeypatch):
    """The operator declares the host, and every name leads to loopback."""
    settings.OPERATOR = operator_with(processor(hosts=(HOST,)))
    real = guard.resolve
    monkeypatch.setattr(guard, "resolve", lambda host, *more: real("127.0.0.1", *more))


@pytest.fixture
def _trusted(monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def url(server, path="/"):
    return f"https://{HOST}:{server.server_port}{path}"


@pytest.mark.usefixtures("_trusted")
def test_a_declared_host_is_asked_and_told_nothing_about_us(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    answer = post(url=url(server), body=b"{}", headers={}, seconds=5)
    assert (answer.status, answer.body) == (200, b"hello")
    [(_, headers)] = server.asked
    assert headers["Host"] == f"{HOST}:{server.server_port}"
    assert "User-Agent" not in headers
    with pytest.raises(guard.Shut):
        guard._looking_up((HOST,))  # the door is shut again


def test_a_certificate_that_nobody_trusts_is_an_end_of_it_and_nothing_was_sent(server):
    with pytest.raises(Unanswered, match="no connection: SSLCertVerificationError") as refusal:
        post(url=url(server), body=b"{}", headers={}, seconds=5)
    assert refusal.value.sent is False
    assert server.asked == []
    with Session(seconds=5) as session, pytest.raises(requests.exceptions.SSLError):
        session.get(url(server), verify=False)


@pytest.mark.usefixtures("_trusted")
def test_a_redirect_is_followed_on_the_same_host_alone(server):
    with Session(seconds=5) as session:
        assert session.get(url(server, "/?/there")).text == "hello"
        for target in ("https://collector.example/", "http://127.0.0.1:9/", "//collector.example/"):
            with pytest.raises(requests.RequestException, match="redirected to"):
                session.get(url(server, f"/?{target}"))
    assert [path for path, _ in server.asked][:2] == ["/?/there", "/there"]


@pytest.mark.usefixtures("_trusted")
def test_an_answer_has_an_end(server):
    with Session(seconds=5, largest=1000) as session, pytest.raises(TooLarge):
        session.get(url(server, "/huge"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("https://collector.example/", "refused: collector.example was not declared"),
        (f"http://{HOST}/", f"refused: http://{HOST} is not encrypted"),
    ],
)
def test_nobody_else_is_asked(asked, said):
    with pytest.raises(Unanswered) as refusal:
        post(url=asked, body=b"{}", headers={}, seconds=5)
    assert str(refusal.value).startswith(said)
    assert refusal.value.sent is False
