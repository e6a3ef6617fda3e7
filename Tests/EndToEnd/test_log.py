"""The log while it is written and after it was hurt: any reader of gzip reads it, and nothing acknowledged is lost."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from harness import logs, situations
from harness.client import Busy, until
from harness.home import Home
from harness.paths import ROOT

READS = 200


def by_zcat(segment: Path) -> int:
    done = subprocess.run(["zcat", segment], capture_output=True, check=True)
    assert done.stdout == b"" or done.stdout.endswith(b"\n")
    return sum(1 for line in done.stdout.splitlines() if json.loads(line)["v"] == 1)


def by_python(segment: Path) -> int:
    with gzip.open(segment) as stream:
        return sum(1 for line in stream if json.loads(line)["v"] == 1)


def by_duckdb(segment: Path) -> int:
    with duckdb.connect() as database:
        query = "select count(*), count(distinct seq), max(seq) from read_ndjson(?, compression = 'gzip')"
        rows, distinct, last = database.execute(query, [str(segment)]).fetchone()
    assert rows == distinct == last + 1
    return rows


def test_zcat_python_and_duckdb_read_the_log_while_it_is_written(home: Home, say) -> None:
    counts: dict[str, list[int]] = {"zcat": [], "python": [], "duckdb": []}
    with home.client(*home.recorder()) as client:
        client.handshake()
        client.call("echo")
        segment = logs.segments(home.log())[0]
        with Busy(client) as busy:
            for _ in range(READS):
                for reader, read in ((by_zcat, "zcat"), (by_python, "python"), (by_duckdb, "duckdb")):
                    busy.nudge()
                    counts[read].append(reader(segment))
        assert client.close() == 0
    final = len(home.records())
    for reader, read in ((by_zcat, "zcat"), (by_python, "python"), (by_duckdb, "duckdb")):
        assert counts[read] == sorted(counts[read]), f"{read} saw the log shrink"
        assert counts[read][-1] > counts[read][0], "the log grew while it was read"
        assert reader(segment) == final
    say(
        f"live log: {READS} reads each by zcat, Python and DuckDB during {busy.answered} calls: every line parsed, "
        f"counts never fell, the last is the log's {final}"
    )
    assert len(logs.calls(home.records())) == busy.answered + 1


def test_verify_agrees_with_an_independent_count(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        for _ in range(20):
            client.call("echo")
        assert client.close() == 0
    records = logs.records(home.log())
    assert [record["seq"] for record in records] == list(range(len(records)))
    assert [record["ts"] for record in records] == sorted(record["ts"] for record in records)
    said = home.tollgate("log", "verify", "--log", home.log())
    assert str(len(records)) in said.out
    assert str(len(records)) in json.dumps(home.tollgate("log", "verify", "--log", home.log(), "--json").json())


def test_every_segment_is_strict_bgzf(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        for _ in range(20):
            client.call("echo")
        assert client.close() == 0
    for segment in logs.segments(home.log()):
        covered = 0
        for offset, member, plain in logs.members(segment):
            assert member[:4] == b"\x1f\x8b\x08\x04" and member[10:12] == b"\x06\x00", "one extra field of 6 bytes"
            assert member[12:16] == b"BC\x02\x00" and int.from_bytes(member[16:18], "little") + 1 == len(member)
            assert len(plain) <= 65_280 and (plain == b"" or plain.endswith(b"\n"))
            covered = offset + len(member)
        assert covered == segment.stat().st_size


def crashed_log(home: Home, calls: int = 10) -> tuple[Path, list[logs.Record]]:
    """A log whose writer was killed, with what it held."""
    with home.client(*home.recorder(), log=home.path / "logs" / "hurt") as client:
        client.handshake()
        for _ in range(calls):
            client.call("echo")
        client.kill()
    return home.log(), logs.records(home.log())


def restart(home: Home, log: Path) -> list[logs.Record]:
    """Starts a gateway on the log, makes one call, and returns what the log holds then."""
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        assert "result" in client.call("echo")
        assert client.close() == 0, client.error_text()
    return logs.records(log)


def test_a_torn_tail_is_set_aside_and_nothing_before_it_is_lost(home: Home) -> None:
    log, before = crashed_log(home)
    segment = logs.segments(log)[-1]
    *_, (_, member, _) = logs.members(segment)
    torn = member[: len(member) // 2]
    with segment.open("ab") as stream:
        stream.write(torn)
    after = restart(home, log)
    assert after[: len(before)] == before
    recovered = [record for record in after if record.get("event") == "log_recovered"]
    assert len(recovered) == 1 and recovered[0]["seq"] >= len(before)
    kept = [path.read_bytes() for path in (log / "quarantine").iterdir()]
    assert torn in kept, "what recovery removed is kept"
    home.tollgate("log", "verify", "--log", log)


def test_a_restart_answers_for_the_calls_that_were_under_way(home: Home) -> None:
    hold = home.work / "hold"
    hold.touch()
    with home.client(*home.recorder(hold_file=hold), log=home.path / "logs" / "hurt") as client:
        client.handshake()
        client.request_call("echo", rpc_id="under-way")
        until(home.received_calls, what="the call's arrival at the server")
        client.kill()
    hold.unlink()
    after = restart(home, home.log())
    under_way = logs.calls(after, rpc_id='"under-way"')
    assert len(under_way) == 1
    assert logs.outcome_of(after, under_way[0])["outcome"] == "unanswered"


def test_a_flipped_bit_is_found_and_located(home: Home) -> None:
    log, _ = crashed_log(home)
    segment = logs.segments(log)[0]
    places = [(offset, len(member)) for offset, member, _ in logs.members(segment)]
    offset, size = places[len(places) // 2]
    data = bytearray(segment.read_bytes())
    data[offset + size // 2] ^= 0x10
    segment.write_bytes(data)
    (log / "DAMAGED").touch()
    said = home.tollgate("log", "verify", "--log", log, expect=3)
    assert segment.name in said.out + said.err and str(offset) in said.out + said.err
    assert "hint: " in said.err


@pytest.mark.parametrize("indexed", [True, False])
def test_a_damaged_log_is_written_on_and_every_reader_says_what_is_missing(home: Home, indexed: bool) -> None:
    """What was durable and is gone stays gone, is never covered up, and its numbers are not given again.

    With its index a writer reads what came after the last head only, and leaves older damage to `log verify`.
    """
    log = situations.written_log(home)
    last = logs.records(log)[-1]["seq"]
    situations.damage(log, middle=True)
    if not indexed:
        for index in (log / "seg").glob("*.idx"):
            index.unlink()
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        assert "result" in client.call("echo")
        assert client.close() == 0, client.error_text()
    after = list(logs.salvage(log))
    assert len({record["seq"] for record in after}) == len(after)
    recovered = [record for record in after if record.get("event") == "log_recovered"]
    assert bool(recovered) != indexed and all(record["seq"] > last for record in recovered)
    home.tollgate("log", "verify", "--log", log, expect=3)
    loaded = home.tollgate("ingest").out
    assert "1 gap" in loaded and "coverage 100 %" not in loaded


def test_records_that_a_head_covers_are_missed_and_the_loss_has_to_be_accepted(home: Home) -> None:
    log = situations.written_log(home)
    last = logs.records(log)[-1]["seq"]
    situations.damage(log, middle=False)
    left = {path: path.read_bytes() for path in logs.segments(log)}
    for words in (
        ("run", "--log", log, "--", sys.executable, "-c", "pass"),
        ("log", "recover", "--log", log),
        ("log", "recover", "--dry-run", "--log", log),
        ("log", "verify", "--log", log),
    ):
        said = home.tollgate(*words, expect=5)
        assert str(last) in said.out + said.err or str(last + 1) in said.out + said.err, said
    assert left == {path: path.read_bytes() for path in logs.segments(log)}, "evidence is not touched"
    home.tollgate("log", "recover", "--accept-loss", "--log", log)
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        assert "result" in client.call("echo")
        assert client.close() == 0, client.error_text()
    after = list(logs.salvage(log))
    assert len({record["seq"] for record in after}) == len(after)
    (gap,) = [record for record in after if record.get("event") == "gap"]
    assert gap["last_seq"] == last < gap["seq"] and gap["n"] == gap["last_seq"] - gap["first_seq"] + 1
    assert json.loads((log / "identity.json").read_text())["epoch"] == 2
    assert f"{gap['n']} records lost" in home.tollgate("log", "verify", "--log", log).out
    assert "1 gap" in home.tollgate("ingest").out


@pytest.fixture(scope="module")
def verifier() -> list:
    """A stranger's check of a log: Examples/verify.py, which has nothing of tollgate's."""
    return [sys.executable, str(ROOT / "Examples" / "verify.py")]


def stranger_key(name: str) -> str:
    """A good key of this name that is not the log's (C2SP signed-note)."""
    public = Ed25519PrivateKey.generate().public_key()
    data = b"\x01" + public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    named = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]
    return f"{name}+{named}+{base64.b64encode(data).decode()}"


def masked(text: str) -> str:
    """Without numbers, times and keys, which differ from run to run."""
    return re.sub(r"[0-9][0-9T:.Z-]*", "N", re.sub(r"key [0-9a-f]{8}", "key K", text))


def check(verifier: list, *words: object, expect: int = 0) -> str:
    done = subprocess.run([*verifier, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_stranger_verifies_the_log_its_head_and_a_proof(home: Home, verifier: list, tmp_path: Path) -> None:
    """And notices every change; the README shows the output."""
    log = situations.written_log(home)
    key = json.loads((log / "identity.json").read_text())["key"]
    proof = tmp_path / "record.tlog-proof"
    proof.write_text(home.tollgate("log", "prove", "--seq", "3", "--log", log).out)
    monday = tmp_path / "monday.txt"
    home.tollgate("report", "weekly", "--log", log, "--out", monday)
    before = logs.records(log)
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        for _ in range(5):
            client.call("echo")
        assert client.close() == 0, client.error_text()
    count = len(logs.records(log))
    said = check(verifier, log, key, "--proof", proof, "--head", monday)
    kind = before[3]["kind"]
    assert said == (
        f"signature  the newest head, of {count} records, is signed by key {key.split('+')[1]}\n"
        f"records    the first {count} of {count} give the head's root\n"
        f"head       that of monday.txt, of {len(before)} records, is of the same records\n"
        f"proof      record 3 ({kind} of {before[3]['ts']}) is one of {len(before)}\n"
    )
    readme = re.search(r"<!-- the output of Examples/verify.py.*?verify.py LOG.*?\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert readme and masked(readme[1]) == masked(said), "README.md shows another output"
    authentic = home.tollgate("log", "verify", "--log", log, "--key", key, "--checkpoint", monday).out
    assert f"authentic to seq {count - 1} (key {key.split('+')[1]})" in authentic
    forged = proof.read_text().replace("index 3", "index 4")
    proof.write_text(forged)
    assert "NOT SO" in check(verifier, log, key, "--proof", proof, expect=1)
    for words in (("--seq", "100000"), ("--from", "100000")):
        assert "hint: " in home.tollgate("log", "prove", *words, "--log", log, expect=2).err
    name, identity, data = key.split("+", 2)
    other = f"{name}+{identity}+" + base64.b64encode(base64.b64decode(data)[:-1] + b"\0").decode()
    check(verifier, log, other, expect=1)
    segment = logs.segments(log)[0]
    changed = gzip.decompress(segment.read_bytes()).replace(b'"echo"', b'"ecco"', 1)
    segment.write_bytes(gzip.compress(changed))
    assert "NOT SO" in check(verifier, log, key, expect=1)


def test_a_head_that_fits_nothing_is_told_from_one_that_does(home: Home, tmp_path: Path) -> None:
    log = situations.written_log(home)
    key = json.loads((log / "identity.json").read_text())["key"]
    head = tmp_path / "head.txt"
    head.write_text("nothing of a head\n")
    assert "hint: " in home.tollgate("log", "verify", "--log", log, "--checkpoint", head, expect=2).err
    assert "hint: " in home.tollgate("log", "verify", "--log", log, "--key", "no-key+at+all", expect=2).err
    name, _, _ = key.split("+", 2)
    for stranger in (key.replace(name, "another/log", 1), stranger_key(name)):
        # One of another name has no id that fits it: no key at all.
        expect = 4 if stranger.startswith(name) else 2
        assert "hint: " in home.tollgate("log", "verify", "--log", log, "--key", stranger, expect=expect).err
    assert "no log here" in home.tollgate(
        "log", "verify", "--log", log, "--key", stranger_key("another/log"), expect=4
    ).err
    # As a mail holds it, with CRLF.
    head.write_bytes((log / "checkpoint").read_bytes().replace(b"\n", b"\r\n"))
    assert "authentic" in home.tollgate("log", "verify", "--log", log, "--key", key, "--checkpoint", head).out
    # One digit of the signed number of records: not what the key has signed.
    note = (log / "checkpoint").read_text()
    origin, size, *rest = note.split("\n")
    head.write_text("\n".join([origin, str(int(size) - 1), *rest]))
    said = home.tollgate("log", "verify", "--log", log, "--key", key, "--checkpoint", head, expect=4)
    assert str(head) in said.err
    stats = json.loads(home.tollgate("log", "stats", "--json", "--log", log).out)
    assert stats["records"] == stats["signed_size"] == len(logs.records(log))


def test_only_the_right_arguments_match_a_calls_digest(home: Home) -> None:
    log = situations.written_log(home)
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        client.call("echo", {"text": "x", "n": 1})
        assert client.close() == 0, client.error_text()
    seq = logs.calls(logs.records(log))[-1]["seq"]
    words = ("log", "match", "--seq", seq, "--args", "-", "--log", log)
    for same in (b'{"text":"x","n":1}', b'{ "n": 1.0, "text": "\\u0078" }'):
        assert "these are the arguments" in home.tollgate(*words, stdin=same).out
    for other in (b'{"text":"x","n":2}', b'{"text":"x"}', b"[]"):
        said = home.tollgate(*words, stdin=other, expect=1)
        assert "not the arguments" in said.err and "2" not in said.err.split("hint")[0].replace(f"/{seq}", "")
    assert "hint: " in home.tollgate(*words, stdin=b'{"a":1,"a":2}', expect=2).err
    assert "hint: " in home.tollgate(*words, stdin=b"{}", env={"XDG_STATE_HOME": "/nowhere"}, expect=2).err


def test_another_gateways_log_is_imported_with_its_times_and_pairs(home: Home) -> None:
    log, imported = situations.written_log(home), home.root / "imported"
    lines = logs.lines(log)
    originals = [json.loads(line) for line in lines]
    text = b"\n".join(lines) + b"\n"
    said = json.loads(home.tollgate("log", "append", "--json", "--log", imported, stdin=text).out)
    assert (said["imported"], said["renumbered"], said["rejected"]) == (len(lines), 0, 0)
    assert logs.lines(imported)[:-1] == lines, "the same lines, byte for byte, where seqs are the next ones"
    last = logs.records(imported)[-1]
    assert (last["event"], last["n"], last["ts"]) == ("import", len(lines), originals[-1]["ts"])
    assert last["sha256"] == hashlib.sha256(text).hexdigest()

    # Once more behind it: other seqs, the same times, and every outcome still its decision's.
    said = json.loads(home.tollgate("log", "append", "--json", "--log", imported, stdin=text).out)
    assert said["renumbered"] == len(lines)
    again = logs.records(imported)[len(lines) + 1 : -1]
    for old, new in zip(originals, again, strict=True):
        assert new["seq"] == old["seq"] + len(lines) + 1
        assert new.get("of", 0) - old.get("of", 0) in (0, len(lines) + 1)
        changed = {"seq", "of"}
        assert {k: v for k, v in new.items() if k not in changed} == {k: v for k, v in old.items() if k not in changed}
    home.tollgate("log", "verify", "--log", imported)
    assert "this log holds import records" in home.tollgate(
        "run", "--log", imported, "--", sys.executable, "-c", "pass", expect=2
    ).err
    assert "this log holds gateway records" in home.tollgate("log", "append", "--log", log, stdin=text, expect=2).err


def test_lines_that_are_no_records_are_left_out_named_and_end_nothing(home: Home) -> None:
    log = situations.written_log(home)
    lines = logs.lines(log)
    outcome = next(line for line in lines if b'"kind":"outcome"' in line)
    poison = [b"{}", b"\xff\xfe", b"not json", b"\0" * 10, b'{"a":"' + b"x" * 40_000 + b'"}', outcome]
    text = b"\n".join([*poison, b"", *lines])
    said = home.tollgate("log", "append", "--log", home.root / "imported", stdin=text, expect=1)
    assert f"{len(lines)} records imported" in said.out
    assert all(f"line {number}: " in said.err for number in range(1, len(poison) + 1)), said.err
    assert "xxxx" not in said.err, "no value of a line is shown"
    home.tollgate("log", "verify", "--log", home.root / "imported")
