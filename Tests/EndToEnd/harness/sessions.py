"""Random sessions: what a client and a server say to each other, in every spelling JSON allows."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

CLIENT_METHODS = ["tools/call"] * 6 + ["ping", "resources/read", "prompts/get", "completion/complete", "vendor/thing"]
CLIENT_NOTES = ["notifications/progress", "notifications/roots/list_changed", "notifications/vendor"]
SERVER_METHODS = ["sampling/createMessage", "roots/list", "elicitation/create", "ping", "vendor/ask"]
SERVER_NOTES = ["notifications/progress", "notifications/message", "notifications/tools/list_changed", "vendor/note"]
LETTERS = "abcxyz ABC019_-./\\\"\n\t\u0000\u00e9\u20ac\u2028\U0001f600<>&'"


@dataclass
class Session:
    """What each side sends: the client's lines, and the server's lines after each of them."""

    client: list[bytes] = field(default_factory=list)
    server: list[list[bytes]] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    """The client's requests' ids as they are spelled, in the order they are sent."""

    @property
    def messages(self) -> int:
        return len(self.client) + sum(map(len, self.server))

    def script(self, path: Path) -> Path:
        """The server's part as the recorder reads it."""
        rows = ([base64.b64encode(line).decode() for line in chunk] for chunk in self.server)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path


class Speller:
    """Writes random JSON: any order, spacing, escapes and number spellings; keys unique unless told otherwise."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def space(self) -> str:
        return self.rng.choice(["", "", "", "", " ", "  ", "\t", " \t "])

    def string(self, text: str) -> str:
        return '"' + "".join(map(self._character, text)) + '"'

    def _character(self, character: str) -> str:
        rng = self.rng
        if rng.random() < 0.15:
            units = character.encode("utf-16-be")
            pairs = (units[i : i + 2].hex() for i in range(0, len(units), 2))
            return "".join("\\u" + (pair.upper() if rng.random() < 0.5 else pair) for pair in pairs)
        short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "/": rng.choice(["/", "\\/"])}
        return short.get(character) or (f"\\u{ord(character):04x}" if ord(character) < 0x20 else character)

    def text(self, longest: int = 24) -> str:
        return "".join(self.rng.choice(LETTERS) for _ in range(self.rng.randrange(longest)))

    def number(self) -> str:
        rng = self.rng
        return rng.choice(
            [
                str(rng.randrange(-(10**6), 10**6)),
                f"{rng.random():.17g}",
                "1.0",
                "-0",
                "1E+2",
                "0.1000",
                "1e-7",
                "9007199254740993",
                "123456789012345678901234567890",
                "6.02214076e23",
            ]
        )

    def value(self, depth: int, repeat_keys: bool = False) -> str:
        kind = self.rng.randrange(8 if depth > 0 else 5)
        match kind:
            case 0 | 1:
                return self.string(self.text())
            case 2 | 3:
                return self.number()
            case 4:
                return self.rng.choice(["true", "false", "null"])
            case 5 | 6:
                fields = [
                    (f"k{index}{self.text(6)}", self.value(depth - 1, repeat_keys)) for index in range(self._few())
                ]
                return self.object(fields * (2 if repeat_keys and self.rng.random() < 0.3 else 1))
        return "[" + ",".join(self.space() + self.value(depth - 1, repeat_keys) for _ in range(self._few())) + "]"

    def _few(self) -> int:
        return self.rng.randrange(6)

    def object(self, fields: list[tuple[str, str]]) -> str:
        """An object of (key, value already written), in random order."""
        fields = self.rng.sample(fields, len(fields))
        inner = ",".join(
            f"{self.space()}{self.string(key)}{self.space()}:{self.space()}{value}" for key, value in fields
        )
        return "{" + inner + self.space() + "}"

    def line(self, fields: list[tuple[str, str]]) -> bytes:
        extras = [(f"x-{index}", self.value(3)) for index in range(self.rng.choice([0, 0, 0, 1, 2]))]
        whole = self.space() + self.object([("jsonrpc", '"2.0"'), *fields, *extras]) + self.space()
        return (whole + self.rng.choice(["\n", "\n", "\n", "\r\n"])).encode()


def opening(session: Session, speller: Speller) -> None:
    """The handshake, spelled plainly: what follows is not."""
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"roots": {}},
        "clientInfo": {"name": "r", "version": "0"},
    }
    session.client.append(
        b'{"jsonrpc":"2.0","id":"open","method":"initialize","params":%s}\n' % json.dumps(hello).encode()
    )
    session.request_ids.append('"open"')
    welcome = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "s", "version": "0"},
    }
    session.server.append([b'{"jsonrpc":"2.0","id":"open","result":%s}\n' % json.dumps(welcome).encode()])
    session.client.append(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    session.server.append([])


def random_session(seed: int, messages: int) -> Session:
    """A session of about this many messages, both ways together: the same for the same seed."""
    rng = random.Random(seed)
    speller, session = Speller(rng), Session()
    opening(session, speller)
    unanswered: list[str] = []
    asked_by_server: list[str] = []
    large = {messages // 5: 300_000, messages // 3: 1_500_000, messages // 2: 2_500_000}

    def client_line() -> bytes:
        roll = rng.random()
        if asked_by_server and roll < 0.2:
            return _response(speller, asked_by_server.pop(0), odd=False)
        if roll < 0.35:
            return speller.line([("method", speller.string(rng.choice(CLIENT_NOTES))), ("params", _object(speller))])
        rpc_id = _id(speller, len(session.request_ids))
        session.request_ids.append(rpc_id)
        unanswered.append(rpc_id)
        method = rng.choice(CLIENT_METHODS)
        params = _call(speller) if method == "tools/call" else _object(speller)
        return speller.line([("id", rpc_id), ("method", speller.string(method)), ("params", params)])

    def server_line(padding: int = 0) -> bytes:
        roll = rng.random()
        if unanswered and (roll < 0.6 or padding):
            return _response(speller, unanswered.pop(rng.randrange(len(unanswered))), odd=True, padding=padding)
        if roll < 0.8:
            return speller.line([("method", speller.string(rng.choice(SERVER_NOTES))), ("params", _object(speller))])
        rpc_id = f'"from-server-{len(asked_by_server)}-{rng.randrange(10**9)}"'
        asked_by_server.append(rpc_id)
        method = speller.string(rng.choice(SERVER_METHODS))
        return speller.line([("id", rpc_id), ("method", method), ("params", _object(speller))])

    while session.messages < messages:
        padding = next((size for at, size in large.items() if session.messages >= at), 0)
        if padding:
            del large[next(at for at, size in large.items() if size == padding)]
            session.client.append(_large_call(speller, session, unanswered, padding))
        else:
            session.client.append(client_line())
        session.server.append([server_line(padding), *(server_line() for _ in range(rng.choice([0, 0, 1, 1])))])
    while unanswered:
        session.server[-1].append(_response(speller, unanswered.pop(0), odd=True))
    return session


def _id(speller: Speller, index: int) -> str:
    text = f"req {index}"
    return speller.rng.choice([str(index), speller.string(text), str(2**53 + 2 * index), f'"{index}"', f"-{index}"])


def _object(speller: Speller) -> str:
    return speller.object([(f"p{index}", speller.value(4)) for index in range(speller.rng.randrange(4))])


def _call(speller: Speller) -> str:
    fields = [("name", speller.string(speller.rng.choice(["echo", "build_and_push_image_to_ecr", "søk/finn", "a b"])))]
    if speller.rng.random() < 0.8:
        fields.append(("arguments", _object(speller)))
    if speller.rng.random() < 0.4:
        fields.append(("_meta", speller.object([("progressToken", speller.number()), ("v/x", speller.value(2))])))
    return speller.object(fields)


def _large_call(speller: Speller, session: Session, unanswered: list[str], size: int) -> bytes:
    rpc_id = f'"large-{size}"'
    session.request_ids.append(rpc_id)
    unanswered.append(rpc_id)
    arguments = speller.object([("blob", '"' + "Az09\\u00e9é" * (size // 12) + '"')])
    params = speller.object([("name", '"echo"'), ("arguments", arguments)])
    return speller.line([("id", rpc_id), ("method", '"tools/call"'), ("params", params)])


def _response(speller: Speller, rpc_id: str, odd: bool, padding: int = 0) -> bytes:
    if speller.rng.random() < 0.2 and not padding:
        code = str(speller.rng.choice([-32601, -32000, -32042, 17, 2**40]))
        fields = [("code", code), ("message", speller.string(speller.text())), ("data", speller.value(4))]
        return speller.line([("id", rpc_id), ("error", speller.object(fields))])
    text = '"' + "x" * padding + '"' if padding else speller.string(speller.text(200))
    fields = [
        ("content", f'[{{"type":"text","text":{text}}}]'),
        ("structuredContent", speller.value(6, repeat_keys=odd)),
    ]
    return speller.line([("id", rpc_id), ("result", speller.object(fields))])
