"""Every kind of message through the gateway: with the official SDK in both eras, and with three published checkers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import checkers, logs
from harness.gateway import Gateway, running_gateway
from harness.kinds import ERAS, exercise
from harness.parts import EVERYTHING, over_http

KINDS = 10


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("everything")
    with over_http([*EVERYTHING, "--http"], folder / "stderr") as url:
        yield url


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same without streams and sessions, for the checker that reads no streams."""
    folder = tmp_path_factory.mktemp("plain")
    with over_http([*EVERYTHING, "--json"], folder / "stderr") as url:
        yield url


@pytest.fixture(scope="module")
def gateway(upstream: str, plain: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    servers = {"up": upstream, "plain": plain, "child": EVERYTHING}
    with running_gateway(tmp_path_factory.mktemp("gateway"), servers) as gateway:
        yield gateway


def all_ok(found: dict[str, str]) -> None:
    assert len(found) == KINDS
    assert {name: what for name, what in found.items() if what != "ok"} == {}


@pytest.mark.parametrize("mode", ERAS)
def test_every_kind_works_without_a_gateway(upstream: str, mode: str) -> None:
    all_ok(exercise(upstream, mode))


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("server", ["up", "child"], ids=["http", "stdio"])
def test_every_kind_works_through_the_gateway(gateway: Gateway, server: str, mode: str, say) -> None:
    before = len(gateway.records())
    all_ok(exercise(gateway.url(server), mode, gateway.token))
    found = gateway.records()
    calls = [one for one in logs.calls(found, server=server, client="kinds/1") if one["seq"] >= before]
    outcomes = {one["tool"]: logs.outcome_of(found, one)["outcome"] for one in calls}
    assert {one["protocol"] for one in calls} == {ERAS[mode]} and {one["decision"] for one in calls} == {"allow"}
    assert outcomes["refuse"] == "tool_error" and outcomes["blob"] == outcomes["repeat"] == "ok"
    counted = {logs.outcome_of(found, one)["outcome"] for one in calls if one["tool"] == "count"}
    assert counted <= {"ok", "cancelled", "disconnected", "rpc_error"}, (
        "servers may answer a cancelled call with an error"
    )
    assert len([one for one in calls if one["tool"] == "choose_in_rounds"]) == (0 if mode == "legacy" else 2)
    say(f"kinds of message, {server}, {mode}: {KINDS} of {KINDS}, {len(calls)} calls in the log")


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_the_gateway_loses_no_point_with_a_published_checker(
    gateway: Gateway, upstream: str, plain: str, checker: str, say
) -> None:
    name, url = ("plain", plain) if checker == "mcp-conform" else ("up", upstream)
    direct = checkers.run(checker, url)
    through = checkers.run(checker, gateway.url(name), gateway.token)
    lost = {name: (direct[name], through.get(name)) for name in direct if _worse(direct[name], through.get(name))}
    passed = [sum(value == "pass" for value in found.values()) for found in (direct, through)]
    say(f"{checker}: {passed[0]} of {len(direct)} directly, {passed[1]} of {len(through)} through the gateway")
    assert direct and passed[0] > 0 and lost == {} and passed[1] >= passed[0]


def _worse(before: str, after: str | None) -> bool:
    order = ["fail", "warn", "skip", "pass"]
    return after is None or order.index(after) < order.index(before)
