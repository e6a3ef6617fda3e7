"""`/metrics`: a real Prometheus scrapes a `serve` with real traffic, and knows what the log knows; its rules are right, and
each expression of Grafana's dashboards gives what its panel needs."""

from __future__ import annotations

import re
import shutil
import signal
import urllib.error
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from harness import logs
from harness.client import until
from harness.grafana_prometheus import PANELS, SCRIPT, label_values, with_variables
from harness.home import Home
from harness.prometheus import FOLDER, RULES, Page, page, prometheus, promtool
from harness.scraped import DASHBOARD, SECRET, Scraped, scraped_gateway

ABSENT = {"alerts/31-brakes"}
"""Panels for which the traffic has nothing: no brake was put on."""


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    with scraped_gateway(tmp_path_factory.mktemp("metrics")) as found:
        yield found


def by(found: list[tuple[dict[str, str], float]], *names: str) -> dict[tuple[str, ...], float]:
    return {tuple(labels.get(name, "") for name in names): value for labels, value in found if value}


def test_prometheus_counts_what_the_log_says(scraped: Scraped, say) -> None:
    calls = [one for one in logs.calls(scraped.records)]
    expected = Counter(
        (one["server"], "(unlisted)" if one.get("unlisted") and one["decision"] != "allow" else one["tool"],
         one["decision"], one["reason"], one["mode"])
        for one in calls
    )  # fmt: skip
    found = scraped.prometheus.ask("tollgate_decisions_total")
    assert by(found, "server", "tool", "decision", "reason", "mode") == dict(expected)
    assert {one[3] for one in expected} == {"allowed", "limit", "deny_if", "default_deny"}, "each kind was there"
    agents = Counter((one["agent"], one["decision"], one["mode"]) for one in calls)
    assert by(scraped.prometheus.ask("tollgate_agent_calls_total"), "agent", "decision", "mode") == dict(agents)
    everything = Counter((one["decision"], one["mode"]) for one in calls)
    assert by(scraped.prometheus.ask("tollgate_calls_total"), "decision", "mode") == dict(everything)
    others = Counter(
        (one["server"], one["method"], one["decision"], one["reason"])
        for one in logs.decisions(scraped.records) if one["method"] != "tools/call"
    )  # fmt: skip
    found = scraped.prometheus.ask("tollgate_other_requests_total")
    assert by(found, "server", "method", "decision", "reason") == dict(others)
    say(f"Prometheus and the log agree on {len(calls)} calls, {len(expected)} series of decisions")


def test_outcomes_and_durations_are_those_of_the_log(scraped: Scraped) -> None:
    ended = [one for one in scraped.records if one["kind"] == "outcome" and one["method"] == "tools/call"]
    expected = Counter((one["server"], one["tool"], one["outcome"]) for one in ended)
    assert by(scraped.prometheus.ask("tollgate_outcomes_total"), "server", "tool", "outcome") == dict(expected)
    timed = [one for one in ended if "upstream_us" in one]
    assert scraped.prometheus.sum("tollgate_upstream_duration_seconds_count") == len(timed) > 50
    seconds = sum(one["upstream_us"] for one in timed) / 1e6
    assert abs(scraped.prometheus.sum("tollgate_upstream_duration_seconds_sum") - seconds) < 1e-4
    quick = sum(one["upstream_us"] <= 25_000 for one in timed)
    assert scraped.prometheus.sum('tollgate_upstream_duration_seconds_bucket{le="0.025"}') == quick
    added = [one["gateway_us"] for one in ended if "gateway_us" in one]
    assert scraped.prometheus.sum("tollgate_gateway_duration_seconds_count") == len(added)


def test_records_refusals_and_alerts_are_those_of_the_logs(scraped: Scraped) -> None:
    kinds = Counter(("log", one["kind"]) for one in scraped.records)
    kinds += Counter(("watch", one["kind"]) for one in scraped.watch)
    found = by(scraped.prometheus.ask("tollgate_log_records_total"), "log", "kind")
    # The log goes on: heartbeats, and what the watch tells.
    assert found.keys() == kinds.keys() and all(found[key] >= kinds[key] for key in kinds)
    assert all(found["log", kind] == kinds["log", kind] for kind in ("decision", "outcome"))
    refused = sum(one["n"] for one in scraped.records if one.get("event") == "refused")
    assert scraped.prometheus.sum("tollgate_refused_requests_total") == refused > 0
    steps = Counter(
        (one["rule"], one["severity"], one["state"]) for one in scraped.watch if one.get("event") == "alert"
    )
    found = by(scraped.prometheus.ask("tollgate_alert_steps_total"), "rule", "severity", "state")
    assert all(found[key] >= steps[key] for key in steps) and any(key[0] == "loop" for key in steps)
    newest = scraped.prometheus.ask('tollgate_log_newest_record_timestamp_seconds{log="log"}')
    assert newest and scraped.prometheus.sum("tollgate_log_gaps_total") == 0
    assert len(scraped.prometheus.ask("tollgate_log_gaps_total")) == 2, "nothing lost is a 0, not an absence"


def test_the_gateways_process_tells_of_itself(scraped: Scraped) -> None:
    ask = scraped.prometheus.sum
    assert ask("tollgate_log_committed_records_total") >= len(scraped.records)
    assert ask("tollgate_log_commits_total") == ask("tollgate_log_commit_duration_seconds_count") > 0
    assert ask("tollgate_log_sync_duration_seconds_count") == ask("tollgate_log_commits_total"), "durability strict"
    assert ask("tollgate_log_line_bytes_total") > ask("tollgate_log_written_bytes_total") > 0
    assert ask("tollgate_log_well") == 1 and ask("tollgate_warehouse_readable") == 1
    assert ask("tollgate_warehouse_size_bytes") > 0 and ask("tollgate_ingest_lag_seconds") == 0
    assert 0 < ask("tollgate_log_disk_free_bytes") <= ask("tollgate_log_disk_size_bytes")
    assert ask("process_open_fds") > 5 and ask("process_resident_memory_bytes") > 1e6
    assert abs(ask("process_resident_memory_bytes") - scraped.gateway.rss()) < 200e6
    ((build, one),) = scraped.prometheus.ask("tollgate_build_info")
    assert one == 1 and build["version"]
    assert scraped.prometheus.sum('up{job="tollgate"}') == 1


def test_promtool_finds_nothing_to_say_about_the_page(scraped: Scraped) -> None:
    text = page(scraped.url, SECRET).text
    done = promtool("check", "metrics", stdin=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    broken = promtool("check", "metrics", stdin=text.replace("# HELP tollgate_gateway_sessions", "# HALP"))
    assert broken.returncode != 0 and "tollgate_gateway_sessions" in broken.stderr, "it would say so"


def test_no_argument_gets_into_the_page(scraped: Scraped) -> None:
    values = {value for one in page(scraped.url, SECRET).series for value in one.labels.values()}
    assert not [one for one in values if "shop" in one or "made" in one], "neither values nor names that a caller made up"
    assert {"ecs", "time", "echo", "ci", "(unlisted)"} <= values


def test_nobody_without_the_token_sees_it(scraped: Scraped) -> None:
    for wrong in (None, "tg_wrong"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            page(scraped.url, wrong)
        assert refused.value.code == 401


def test_the_rules_run_on_the_real_server(scraped: Scraped) -> None:
    groups = scraped.prometheus.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    until(
        lambda: all(
            rule["health"] == "ok" for group in scraped.prometheus.get("rules")["groups"] for rule in group["rules"]
        ),
        what="each rule evaluated",
    )
    shipped = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) == len(shipped) > 25
    for rule in shipped:
        if "record" in rule:
            assert scraped.prometheus.ask(rule["record"]), f"{rule['record']} has no series"
    firing = {one["labels"]["alertname"] for one in scraped.prometheus.get("alerts")["alerts"] if one["state"] == "firing"}
    assert firing <= {"TollgatePageFiring"}, "all else is well"


def test_promtool_approves_of_the_rules_and_the_example() -> None:
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stderr
    done = promtool("check", "config", "prometheus.yml", folder=FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr
    done = promtool("test", "rules", "tollgate.rules.test.yml", folder=FOLDER)
    assert done.returncode == 0 and "FAILED" not in done.stdout + done.stderr, done.stdout + done.stderr


def test_rules_that_are_copied_are_loaded_at_a_hangup(tmp_path: Path) -> None:
    """The README's three lines, with this Prometheus' id."""
    place = tmp_path / RULES.name
    with prometheus(tmp_path / "prometheus", [], rules=place) as server:
        assert server.get("rules")["groups"] == []
        shutil.copy(RULES, place)
        server.child.send_signal(signal.SIGHUP)
        until(lambda: len(server.get("rules")["groups"]) == 5, what="the rules")
        # Nothing is scraped: that is what the one rule is for that asks for no target.
        names = lambda: {one["labels"]["alertname"] for one in server.get("alerts")["alerts"]}  # noqa: E731
        until(lambda: names() == {"TollgateNotScraped"}, what="the alert about nothing scraped")


def test_every_alert_is_tested_firing_and_not_and_explains_itself() -> None:
    alerts = {
        rule["alert"]: rule
        for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule
    }  # fmt: skip
    cases = [
        case
        for test in yaml.safe_load((FOLDER / "tollgate.rules.test.yml").read_text())["tests"]
        for case in test.get("alert_rule_test", [])
    ]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == set(alerts)
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == set(alerts)
    for name, rule in alerts.items():
        assert rule["annotations"].keys() == {"summary", "description"} and "for" in rule, name
        assert rule["labels"]["severity"] in ("page", "warn", "info"), name


def test_the_rules_ask_for_metrics_that_there_are(scraped: Scraped) -> None:
    known = page(scraped.url, SECRET).types
    asked = set(re.findall(r"\b(?:tollgate|process)_\w+", re.sub(r"\w+:tollgate\w+:\w+", "", RULES.read_text())))
    asked = {re.sub(r"_(bucket|sum|count)$", "", one) for one in asked}
    assert asked - known.keys() == set() and len(asked) > 15


def test_the_pages_over_a_homes_logs_have_metrics_too(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        client.call("echo", {"x": 1})
        client.call("echo", {"x": 2})
        with home.following("dashboard", "--listen", "127.0.0.1:0") as dashboard:
            dashboard_said = lambda: DASHBOARD.search("\n".join(dashboard.errors))  # noqa: E731
            url = until(dashboard_said, what="the dashboard's address")[1]
            name = home.log().name

            def seen() -> Page | None:
                found = page(url)
                return found if found.value("tollgate_log_newest_record_timestamp_seconds", log=name) else None

            before = until(seen, what="the log")
            assert before.value("tollgate_decisions_total", tool="echo") == 0, "they were before the process"
            client.call("echo", {"x": 3})
            until(lambda: page(url).value("tollgate_decisions_total", tool="echo") == 1, what="the third call")
            after = page(url)
            assert "tollgate_gateway_connections" in after.types, "its help stands there"
            assert not [one for one in after.series if one.name.startswith("tollgate_gateway_connections")]
            assert promtool("check", "metrics", stdin=after.text).returncode == 0


@pytest.mark.parametrize("name", PANELS)
def test_a_panels_expressions_run_and_find_the_traffic(scraped: Scraped, name: str) -> None:
    panel, made = PANELS[name]
    for target in made["targets"]:
        expression = with_variables(target["expr"], {"agent": "ci", "server": "ecs", "tool": "echo"}, name)
        found = scraped.prometheus.range(expression) if target["range"] else scraped.prometheus.ask(expression)
        assert bool(found) == (name not in ABSENT), expression
        if panel.kind == "stat":
            assert len(found) == 1, "a number"
        if panel.kind == "table":
            labels = {label for one, _ in found for label in one}
            assert labels == set(panel.words("columns")[:-1]), "its columns"
        for word in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert all(word in one["metric"] for one in found), "what tells its lines apart"


def test_panels_show_what_the_log_says(scraped: Scraped) -> None:
    def shown(name: str, **picked: str) -> float:
        return scraped.prometheus.sum(with_variables(PANELS[name][1]["targets"][0]["expr"], picked, name))

    assert shown("denials/11-throttled") > 0 and shown("overview/10-calls") > 0
    assert 0 < shown("agent/11-stopped", agent="ci") < 1 and 0 < shown("overview/11-stopped") < 1
    assert shown("overview/12-agents") == 2 and shown("pipeline/10-well") == 1
    watch = scraped.gateway.folder / "watch"
    until(
        lambda: shown("alerts/10-page-firing") == len(open_pages(list(logs.salvage(watch)))) > 0,
        what="as many pages as the watch's log leaves open",
    )


def open_pages(watch: list[logs.Record]) -> set[str]:
    """The alerts that fire, by the watch's own log."""
    last = {one["id"]: one for one in watch if one.get("event") == "alert"}
    return {key for key, one in last.items() if one["state"] == "firing" and one["severity"] == "page"}


@pytest.mark.parametrize("name", SCRIPT.DASHBOARDS)
def test_variables_offer_what_there_is(scraped: Scraped, name: str) -> None:
    picked = {"server": "ecs"}
    for variable in SCRIPT.DASHBOARDS[name][2]:
        offered = label_values(scraped.prometheus, variable["query"]["query"], picked)
        expected = {"instance": 1, "server": 2, "agent": 2, "tool": 2, "log": 2}[variable["name"]]
        assert len(offered) == expected, f"{variable['name']}: {offered}"


def test_names_with_quotes_can_be_picked(scraped: Scraped) -> None:
    nasty = {name: 'a"b\\c.*{}\n' for name in ("agent", "server", "tool")}
    for name, (_, made) in PANELS.items():
        if name.split("/")[0] in ("agent", "tool"):
            for target in made["targets"]:
                scraped.prometheus.ask(with_variables(target["expr"], nasty, name))
