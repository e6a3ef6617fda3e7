"""Hostile and harmless envelopes: what may not pass does not reach the server, and is recorded."""

from __future__ import annotations

from collections import Counter

from harness import corpus, logs
from harness.home import Home

ONLY_ECHO = {"version": "1", "default": "deny", "tools": {"echo": {}}}


def test_only_harmless_envelopes_reach_the_server(home: Home, say) -> None:
    cases = corpus.load()
    assert len(cases) >= 80, f"only {len(cases)} cases"
    policy = home.write("policy.json", ONLY_ECHO)
    with home.client(*home.recorder(), policy=policy) as client:
        client.handshake()
        for case in cases:
            client.write(case.line + b"\n")
            client.request("ping", rpc_id=f"after {case.name}")
            assert "result" in client.answer(f"after {case.name}")
        assert client.close() == 0, client.error_text()

    reached = Counter(home.received.read_bytes().split(b"\n"))
    expected = Counter(case.line for case in cases if case.forward)
    wrongly = [case.name for case in cases if not case.forward and reached[case.line]]
    missing = [case.name for case in cases if case.forward and reached[case.line] < expected[case.line]]
    refused = [case for case in cases if not case.forward]
    recorded = logs.decisions(home.records(), decision="deny")
    say(
        f"envelopes: forwarded {sum(expected.values()) - len(missing)}, refused {len(refused)}, "
        f"recorded {sum(record.get('n', 1) for record in recorded)}, wrongly reached the server {len(wrongly)}"
    )
    assert wrongly == [] and missing == []
    reasons = [record["reason"] for record in recorded for _ in range(record.get("n", 1))]
    assert reasons == [case.reason for case in refused], "each refusal is recorded, in order, with its reason"
