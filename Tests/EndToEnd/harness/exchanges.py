"""Random exchanges over HTTP: a request's and an answer's bytes in every spelling, and how each is cut on the wire."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from .http_client import NAMED, STATELESS, header_value
from .http_upstream import LAST_CHUNK, Step, chunk, chunked, plain, stream_head
from .sessions import Speller

METHODS = ["tools/call"] * 8 + ["ping", "resources/read", "prompts/get", "completion/complete", "vendor/thing"]
NUMBERS = ["1e400", "-0", "1.0", "18446744073709551616", "-1E-400", "0.10", "1e0", "-0.0e-0"]
TOOLS = ["echo", "build_and_push_image_to_ecr", "søk/finn", "a b", "=?x?="]
NOTES = ["notifications/progress", "notifications/message", "vendor/note"]
MEBIBYTE = 1 << 20


class Writer(Speller):
    """Spells JSON with the numbers that re-writing would change, and with line feeds between tokens where it may."""

    def number(self) -> str:
        return self.rng.choice([*NUMBERS, super().number()])

    def params(self, fields: list[tuple[str, str]] | None = None) -> str:
        more = [(f"p{index}", self.value(4)) for index in range(self.rng.randrange(4))]
        return self.object([*(fields or []), *more])

    def identifier(self, index: int) -> str:
        text = f"id {index}"
        plain_forms = [str(index), f'"{index}"', f"-{index + 1}", str(2**53 + 2 * index), str(10**18 + index)]
        return self.rng.choice([*plain_forms, self.string(text), self.string(f"{text}/é")])


@dataclass
class Trial:
    """One exchange: what goes out, how it is cut, and what must come in on each side."""

    index: int
    method: str
    rpc_id: str
    request: bytes
    headers: dict[str, str | None]
    cuts: list[int] | None
    """Sizes of the request's chunks; None sends it with its length."""
    answer: bytes
    """The answer's content: a JSON text, or a stream of events."""
    steps: list[Step]
    outcome: str


def trials(seed: int, count: int) -> Iterable[Trial]:
    """The same exchanges for the same seed; a few of them are large."""
    writer = Writer(random.Random(seed))
    large = {count // 5: 1.5, count // 3: 3.9, count // 2: 2.5, 2 * count // 3: 3.9}
    for index in range(count):
        yield _trial(writer, index, int(large.get(index, 0) * MEBIBYTE), into_answer=index >= count // 2)


def _trial(writer: Writer, index: int, padding: int, into_answer: bool) -> Trial:
    rng, rpc_id = writer.rng, writer.identifier(index)
    method = "tools/call" if padding else rng.choice(METHODS)
    stateless = rng.random() < 0.5
    fields, headers = _fields(writer, method, stateless, 0 if into_answer else padding)
    request = writer.line([("id", rpc_id), ("method", writer.string(method)), ("params", writer.params(fields))])
    cuts = None if rng.random() < 0.5 else _cuts(rng, len(request))
    outcome, response = _response(writer, rpc_id, padding if into_answer else 0)
    if rng.random() < 0.5:
        return Trial(index, method, rpc_id, request, headers, cuts, response, _json_steps(rng, response), outcome)
    content = _stream(writer, response)
    steps: list[Step] = [stream_head(), *_pieces(rng, content), LAST_CHUNK]
    return Trial(index, method, rpc_id, request, headers, cuts, content, steps, outcome)


def _fields(
    writer: Writer, method: str, stateless: bool, padding: int
) -> tuple[list[tuple[str, str]], dict[str, str | None]]:
    rng = writer.rng
    fields: list[tuple[str, str]] = []
    headers: dict[str, str | None] = {"MCP_Protocol_Version": rng.choice(["2025-06-18", "2025-11-25"])}
    if stateless:
        headers = {"MCP_Protocol_Version": STATELESS, "Mcp_Method": method}
        meta = [
            ("io.modelcontextprotocol/protocolVersion", writer.string(STATELESS)),
            ("io.modelcontextprotocol/clientCapabilities", "{}"),
            ("io.modelcontextprotocol/clientInfo", '{"name":"r","version":"0"}'),
            ("vendor/x", writer.value(2)),
        ]
        fields.append(("_meta", writer.object(meta)))
    if method in NAMED:
        name = rng.choice(TOOLS)
        fields.append((NAMED[method], writer.string(name)))
        if stateless:
            headers["Mcp_Name"] = header_value(name)
    if padding:
        blob = '"' + "Az09\\u00e9é" * (padding // 12) + '"'
        fields.append(("arguments", writer.object([("blob", blob)])))
    elif method == "tools/call" and rng.random() < 0.8:
        fields.append(("arguments", writer.params()))
    return fields, headers


def _response(writer: Writer, rpc_id: str, padding: int) -> tuple[str, bytes]:
    rng = writer.rng
    if rng.random() < 0.2 and not padding:
        code = str(rng.choice([-32601, -32000, -32042, 17, 2**40]))
        error = [("code", code), ("message", writer.string(writer.text())), ("data", writer.value(4))]
        return "rpc_error", writer.line([("id", rpc_id), ("error", writer.object(error))])
    text = '"' + "x" * padding + '"' if padding else writer.string(writer.text(200))
    fields = [("content", f'[{{"type":"text","text":{text}}}]'), ("structuredContent", writer.value(5))]
    wrong = rng.random() < 0.2
    if wrong or rng.random() < 0.5:
        fields.append(("isError", "true" if wrong else "false"))
    fields += [("resultType", '"complete"')] * rng.randrange(2)
    return "tool_error" if wrong else "ok", writer.line([("id", rpc_id), ("result", writer.object(fields))])


def _stream(writer: Writer, response: bytes) -> bytes:
    """Events as no library writes them all at once: every line ending, comments, ids, retries, odd fields, BOM."""
    rng = writer.rng
    end = rng.choice([b"\n", b"\r\n", b"\r"])
    parts = [b"\xef\xbb\xbf"] if rng.random() < 0.1 else []

    def line(text: bytes) -> None:
        parts.append(text + (end if rng.random() < 0.9 else rng.choice([b"\n", b"\r\n"])))

    def one(message: bytes) -> None:
        if rng.random() < 0.3:
            line(b": " + writer.text().encode().replace(b"\n", b" ").replace(b"\r", b" "))
        fields = [b"event: message", b"id:" + str(rng.randrange(10**6)).encode(), b"retry: 5", b"odd", b"x: y"]
        before = [field for field in fields if rng.random() < 0.3]
        data = [b"data:" + rng.choice([b" ", b""]) + row for row in message.splitlines() or [b""]]
        for text in rng.choice([[*before, *data], [*data, *before]]):
            line(text)
        parts.append(end)

    for _ in range(rng.randrange(4)):
        note = writer.line([("method", writer.string(rng.choice(NOTES))), ("params", writer.params())])
        one(note.replace(b",", b",\n", 1) if rng.random() < 0.2 and b'"' not in note[: note.find(b",")] else note)
    one(response)
    if rng.random() < 0.2:
        line(b": the end")
    return b"".join(parts)


def _json_steps(rng: random.Random, body: bytes) -> list[Step]:
    if rng.random() < 0.3:
        return [*chunked(body, _cuts(rng, len(body)))]
    whole = plain(body)
    return [*_split(rng, whole)] if rng.random() < 0.5 else [whole]


def _pieces(rng: random.Random, content: bytes) -> list[Step]:
    return [chunk(piece) for piece in _split(rng, content)]


def _split(rng: random.Random, data: bytes) -> list[bytes]:
    found, at = [], 0
    for size in _cuts(rng, len(data)):
        found.append(data[at : at + size])
        at += size
    return [piece for piece in [*found, data[at:]] if piece]


def _cuts(rng: random.Random, length: int) -> list[int]:
    """A few random sizes, some of them a single byte."""
    return [rng.choice([1, 2, rng.randrange(1, length + 1)]) for _ in range(rng.randrange(6))]
