"""`tollgate serve` as operators run it: TLS in and out, behind a proxy, through a reload."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import Gateway, behind, configuration, environment_of, running_gateway, token
from harness.http_client import Caller, Target
from harness.http_upstream import Server, Upstream, event, stream
from harness.paths import EXAMPLES, binary

OPENSSL, NGINX = map(shutil.which, ("openssl", "nginx"))
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl command to make certificates with")
needs_nginx = pytest.mark.skipif(OPENSSL is None or NGINX is None, reason="no nginx, or no openssl")


# --- certificates and callers ---


def certificate(folder: Path, name: str, host: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate for a host, and its key; for `localhost` with the address as well."""
    key, chain = folder / f"{name}.key", folder / f"{name}.crt"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2".split()
    names = f"subjectAltName=DNS:{host}" + (",IP:127.0.0.1" if host == "localhost" else "")
    words += ["-keyout", str(key), "-out", str(chain), "-subj", f"/CN={host}", "-addext", names]
    subprocess.run([OPENSSL, *words], check=True, capture_output=True, timeout=30)
    key.chmod(0o600)
    return chain, key


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Answer:
    """An answer read whole."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status, self.body = answer.status, answer.read()

    def json(self) -> Any:
        return json.loads(self.body)


def call(
    port: int, agent: str, chain: Path | None = None, source: str = "127.0.0.1", path: str = "/up/mcp", **headers: str
) -> Answer:
    """One stateless call of `echo`; over TLS where there is a certificate to believe, from another address of
    loopback where `source` says so."""
    caller = Caller(Target("127.0.0.1", port))
    body, own = caller.stateless_parts("tools/call", {"name": "echo", "arguments": {}})
    own |= {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    own |= {"Authorization": f"Bearer {agent if agent.startswith('tg_') else token(agent)}"} | headers
    if chain:
        context = ssl.create_default_context(cafile=chain)
        connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    with contextlib.closing(connection):
        named = {name.replace("_", "-"): value for name, value in own.items()}
        connection.request("POST", path, body=body, headers=named)
        return Answer(connection.getresponse())


@contextlib.contextmanager
def served(folder: Path, document: dict[str, Any], *words: str, says: str | None = None) -> Iterator[subprocess.Popen]:
    """`serve` with a configuration and options while the block runs, from when stderr matches `says`."""
    (folder / "gateway.json").write_text(json.dumps(document))
    errors = folder / "served.stderr"
    with errors.open("wb") as stderr:
        child = subprocess.Popen(
            [binary(), "serve", "--config", folder / "gateway.json", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment_of(folder),
            cwd=folder,
        )
    try:
        if says:
            until(lambda: re.search(says, errors.read_text()) or child.poll() is not None, timeout=20, what=says)
        yield child
        assert child.poll() is None, errors.read_text()
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0, errors.read_text()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


# --- TLS towards clients ---


@needs_openssl
def test_clients_are_served_over_tls_and_not_in_plain(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "gateway")
    port = free_port()
    with Upstream() as upstream:
        document = configuration({"up": upstream.url}, folder=tmp_path, listen=f"127.0.0.1:{port}")
        document["tls"] = {"certificate": chain.name, "key": key.name}
        with served(tmp_path, document, says=rf"listening on https://127\.0\.0\.1:{port}"):
            answer = call(port, "ci", chain)
            assert answer.status == 200 and verdict(answer.json()) == "ok"
            with pytest.raises((OSError, http.client.HTTPException)):
                call(port, "ci")
            words = ["s_client", "-connect", f"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
            old = subprocess.run([OPENSSL, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
            assert old.returncode != 0 and b"alert protocol version" in old.stderr, old.stderr[-500:]
        assert len(upstream.calls()) == 1


@needs_openssl
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "gateway")
    key.chmod(0o640)
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path)
    gateway = Gateway(tmp_path, document, environment_of(tmp_path))
    gateway.file.write_text(json.dumps(document | {"tls": {"certificate": chain.name, "key": key.name}}))
    said = gateway.command("serve", "--config", "gateway.json", "--check", expect=2).stderr
    assert "/tls/key" in said and f"chmod 600 {key}" in said
    assert "PRIVATE KEY" not in said


@needs_openssl
def test_a_key_of_another_certificate_is_refused_at_the_start(tmp_path: Path) -> None:
    chain, _ = certificate(tmp_path, "gateway")
    _, other = certificate(tmp_path, "other")
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path)
    gateway = Gateway(tmp_path, document, environment_of(tmp_path))
    gateway.file.write_text(json.dumps(document | {"tls": {"certificate": chain.name, "key": other.name}}))
    said = gateway.command("serve", "--config", "gateway.json", expect=2).stderr
    assert chain.name in said and other.name in said and "hint: " in said


# --- TLS towards servers ---


class SecureServer(ThreadingHTTPServer):
    """An MCP server over TLS that keeps the bytes of each request."""

    def __init__(self, chain: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), SecureHandler)
        self.received: list[dict[str, str]] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        # The handshake belongs to the handler's thread, not to the one that accepts.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        pass

    def __enter__(self) -> SecureServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class SecureHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(dict(self.headers.items()))
        result = {"content": [{"type": "text", "text": "done"}], "isError": False}
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@needs_openssl
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_over_tls_is_believed_by_its_ca(tmp_path: Path, host: str) -> None:
    chain, key = certificate(tmp_path, "server")
    with SecureServer(chain, key) as server:
        url = f"https://{host}:{server.server_port}/mcp"
        entry = {"url": url, "ca": chain.name, "headers": {"X-Own": "env:OWN"}}
        with running_gateway(tmp_path, {"up": entry}, env={"OWN": "secret-17"}) as gateway:
            assert verdict(call(gateway.port, "ci").json()) == "ok"
    assert [one["X-Own"] for one in server.received] == ["secret-17"]


@needs_openssl
@pytest.mark.parametrize("ca", ["another", None], ids=["another authority", "the system's authorities"])
def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, ca: str | None) -> None:
    """Neither the request nor the credential: the caller hears of it, the record says upstream_down."""
    chain, key = certificate(tmp_path, "server")
    other, _ = certificate(tmp_path, "another")
    with SecureServer(chain, key) as server:
        entry = {"url": f"https://localhost:{server.server_port}/mcp", "headers": {"X-Own": "env:OWN"}}
        entry |= {"ca": other.name} if ca else {}
        with running_gateway(tmp_path, {"up": entry}, env={"OWN": "secret-17"}) as gateway:
            answer = call(gateway.port, "ci").json()
            found = gateway.records()
    assert "server behind the gateway" in answer["error"]["message"], answer
    assert "secret-17" not in json.dumps(answer) and server.received == []
    assert [logs.outcome_of(found, one)["outcome"] for one in logs.calls(found)] == ["upstream_down"]


@needs_openssl
def test_a_certificate_of_another_name_is_not_taken(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "server", host="elsewhere.example")
    with SecureServer(chain, key) as server:
        entry = {"url": f"https://localhost:{server.server_port}/mcp", "ca": chain.name}
        with running_gateway(tmp_path, {"up": entry}) as gateway:
            assert "error" in call(gateway.port, "ci").json()
            gateway.records()
    assert server.received == []


# --- behind a proxy ---


def peers(found: list[logs.Record]) -> list[str]:
    return [one["peer"] for one in logs.calls(found)]


def test_forwarded_addresses_are_believed_from_the_named_proxy_only(tmp_path: Path) -> None:
    with behind(tmp_path, trusted_proxies=["127.0.0.2"]) as (gateway, upstream):
        for source, forwarded in (
            ("127.0.0.2", "203.0.113.9"),
            ("127.0.0.2", "198.51.100.1, 203.0.113.10"),
            ("127.0.0.2", "2001:DB8:0::1"),
            ("127.0.0.2", "not an address"),
            ("127.0.0.1", "203.0.113.11"),
        ):
            assert call(gateway.port, "ci", source=source, X_Forwarded_For=forwarded).status == 200
        found = gateway.records()
    assert peers(found) == ["203.0.113.9", "203.0.113.10", "2001:db8::1", "127.0.0.2", "127.0.0.1"]
    assert not any(one.header("x-forwarded-for") for one in upstream.calls())


def test_nobody_is_believed_unless_named(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, _):
        assert call(gateway.port, "ci", X_Forwarded_For="203.0.113.9").status == 200
        assert peers(gateway.records()) == ["127.0.0.1"]


@contextlib.contextmanager
def nginx(folder: Path, gateway: int) -> Iterator[tuple[int, Path]]:
    """Examples/nginx/tollgate.conf in front of a gateway; the port it listens on, and its certificate."""
    chain, key = certificate(folder, "proxy", host="gateway.example")
    port = free_port()
    site = (EXAMPLES / "nginx" / "tollgate.conf").read_text()
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8700;", f"127.0.0.1:{gateway};"),
        ("/etc/nginx/tls/gateway.example.crt", str(chain)),
        ("/etc/nginx/tls/gateway.example.key", str(key)),
    ):
        assert site.count(old) == 1, f"the example no longer has {old!r}"
        site = site.replace(old, new)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nworker_processes 1;\ndaemon off;\n"
        f"master_process off;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{site}\n}}\n"
    )
    command = [NGINX, "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf"]
    subprocess.run([*command, "-t"], check=True, capture_output=True, timeout=30)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: accepts(port), timeout=10, what="nginx")
        yield port, chain
    finally:
        child.terminate()
        child.wait(20)


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@needs_nginx
def test_the_nginx_example_carries_calls_and_streams(tmp_path: Path) -> None:
    """Nothing is held back, and the record knows the client's address, not the proxy's."""
    last = threading.Event()
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "first"}}

    def slow(exchange):
        answer = {"jsonrpc": "2.0", "id": exchange.message["id"], "result": {"content": []}}
        return stream(event(note), last, event(answer))

    settings = {"hosts": ["gateway.example"], "trusted_proxies": ["127.0.0.1"]}
    with behind(tmp_path, Server(answers={"tools/call": slow}), **settings) as (gateway, _):
        with nginx(tmp_path, gateway.port) as (port, chain):
            context = ssl.create_default_context(cafile=chain)
            context.check_hostname = False  # the name is not this machine's; the certificate is checked
            body, headers = Caller(Target("127.0.0.1", port)).stateless_parts("tools/call", {"name": "echo"})
            connection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=10, context=context, source_address=("127.0.0.7", 0)
            )
            own = {"Host": "gateway.example", "Authorization": f"Bearer {gateway.token}", "X-Forwarded-For": "8.8.8.8"}
            own |= {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
            own |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("POST", "/up/mcp", body=body, headers=own)
            answer = connection.getresponse()
            assert answer.status == 200
            first = answer.read1()
            assert b"first" in first and not last.is_set(), "the first event is here before the server sends the last"
            last.set()
            assert b"result" in answer.read()
            own["Host"] = "rebound.example"
            connection.request("POST", "/up/mcp", body=body, headers=own)
            assert connection.getresponse().status == 421
            connection.close()
        found = gateway.records()
    assert peers(found) == ["127.0.0.7"]


# --- found wanting; delete a marker with its correction ---


def test_a_grant_that_the_configuration_has_cannot_be_made_again(tmp_path: Path) -> None:
    with behind(tmp_path, grants_file="grants.json") as (gateway, _):
        own = ["--config", "gateway.json"]
        words = ["grant", "create", "--id", "ci", "--agent", "other", "--server", "up", "--policy", "open", *own]
        said = gateway.command(*words, expect=2).stderr
        gateway.command("grant", "list", *own)
        gateway.command("serve", "--check", *own)
    assert '"ci"' in said and "already" in said


@needs_openssl
def test_a_renewed_certificate_is_served_or_said_to_need_a_restart(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "gateway")
    port = free_port()
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path, listen=f"127.0.0.1:{port}")
    document["tls"] = {"certificate": chain.name, "key": key.name}
    with served(tmp_path, document, says="listening on"):
        certificate(tmp_path, "gateway")
        errors = tmp_path / "served.stderr"
        until(lambda: "configuration reloaded" in errors.read_text(), timeout=10, what="the reload")
        if not re.search("restart is needed for .*tls", errors.read_text()):
            assert call(port, "ci", chain).status == 200


def test_a_proxy_is_known_on_a_listener_for_both_families(tmp_path: Path) -> None:
    port = free_port()
    with Upstream() as upstream:
        document = configuration({"up": upstream.url}, folder=tmp_path, listen=f"[::]:{port}", allow_remote=True)
        with served(tmp_path, document | {"trusted_proxies": ["127.0.0.1"]}, says="listening on"):
            assert call(port, "ci", X_Forwarded_For="203.0.113.9").status == 200
    assert peers(logs.records(tmp_path / "log")) == ["203.0.113.9"]


@needs_openssl
def test_a_certificate_that_is_not_believed_is_told_as_such(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "server")
    with SecureServer(chain, key) as server:
        entry = {"url": f"https://localhost:{server.server_port}/mcp"}
        with running_gateway(tmp_path, {"up": entry}, limits={"connections": 10}) as gateway:
            answer = call(gateway.port, "ci").json()
            gateway.records()
            doctor = gateway.command("doctor", "--config", "gateway.json", expect=None).stdout
    assert "certificate" in answer["error"]["message"] and "WRONG server up" in doctor
