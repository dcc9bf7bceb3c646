"""Compose's TLS files in a real Traefik, with a certificate made for the test."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from etter_common.clock import utc_now

from . import gates
from .echo import listening
from .gates import Gate

Files = tuple[Path, Path]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Files:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(hours=1))
        .not_valid_after(utc_now() + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return files


@pytest.fixture(scope="module")
def gate(certificate: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with listening() as there:
        backends = {name: [there] for name in ("auth", "core", "extraction", "simulation")}
        with gates.compose(tmp_path_factory.mktemp("ingress"), backends, certificate=certificate) as started:
            yield started


@pytest.fixture
def tls(certificate: Files) -> ssl.SSLContext:
    """Trusts this certificate and no other."""
    return ssl.create_default_context(cafile=str(certificate[0]))


def secure(gate: Gate) -> gates.Address:
    assert gate.secure is not None
    return "localhost", gate.secure[1]


class TestTls:
    def test_requests_arrive_and_the_answer_promises_tls(self, gate: Gate, tls: ssl.SSLContext) -> None:
        answer = gates.fetch(secure(gate), "GET", "/api/core/v1/roles", tls=tls)
        assert answer.status == 200
        assert answer.json()["headers"]["X-Forwarded-Proto"] == "https"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "server" not in answer.headers

    def test_nothing_else_is_reachable(self, gate: Gate, tls: ssl.SSLContext) -> None:
        for path in ("/metrics", "/health/ready", "/ping", "/api/core/../../metrics"):
            assert gates.fetch(secure(gate), "GET", path, tls=tls).status == 404

    @pytest.mark.parametrize(("method", "status"), [("GET", 301), ("POST", 308)])
    def test_plain_http_is_sent_to_tls(self, gate: Gate, method: str, status: int) -> None:
        answer = gate.call(method, "/api/core/v1/roles?limit=1", headers={"Host": "etter.example:8080"})
        assert (answer.status, answer.headers["location"]) == (
            status,
            "https://etter.example/api/core/v1/roles?limit=1",
        )

    def test_http2_is_offered(self, gate: Gate, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2", "http/1.1"])
        host, port = secure(gate)
        with (
            socket.create_connection((host, port), timeout=20) as plain,
            tls.wrap_socket(plain, server_hostname=host) as connection,
        ):
            assert connection.selected_alpn_protocol() == "h2"
