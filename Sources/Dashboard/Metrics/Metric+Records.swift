// What is counted from the records of the logs that the dashboard follows.

extension Metric {
    static let allCalls = Metric(
        "tollgate_calls_total", .counter, ["decision", "mode"],
        "Decisions about tool calls, all together. A held call counts as hold, and again when it is decided. Every series "
            + "is there from the start, so that none loses its first increase.")
    static let decisions = Metric(
        "tollgate_decisions_total", .counter, ["server", "tool", "decision", "reason", "mode"],
        "The same decisions by server, tool and reason. At most 1000 pairs of server and tool have names, the rest are "
            + "under tool=\"(other)\"; names that a caller made up and that were refused are under tool=\"(unlisted)\"."
    )
    static let agentCalls = Metric(
        "tollgate_agent_calls_total", .counter, ["agent", "decision", "mode"],
        "The same decisions by agent. At most 200 agents have names, the rest are under agent=\"(other)\".")
    static let otherRequests = Metric(
        "tollgate_other_requests_total", .counter, ["server", "method", "decision", "reason"],
        "Decisions about requests other than tool calls. At most 200 pairs of server and method have names, the rest are "
            + "under method=\"(other)\".")
    static let refusedRequests = Metric(
        "tollgate_refused_requests_total", .counter, ["reason"],
        "Requests refused before any policy and recorded as numbers, not one by one.")
    static let outcomes = Metric(
        "tollgate_outcomes_total", .counter, ["server", "tool", "outcome"],
        "How forwarded tool calls ended; unanswered ones are found when a log is opened again.")
    static let upstreamDuration = Metric(
        "tollgate_upstream_duration_seconds", .histogram, ["server", "tool"],
        "Seconds from a tool call's sending to its end, as its outcome says. At most 200 pairs of server and tool have a "
            + "histogram, the rest share those of tool=\"(other)\".")
    static let gatewayDuration = Metric(
        "tollgate_gateway_duration_seconds", .histogram, ["server"],
        "Seconds from a tool call's decision to its sending: what the gateway adds, the wait for the disk, for a turn at "
            + "the server and for a person included.")

    static let calls = [
        allCalls, decisions, agentCalls, otherRequests, refusedRequests, outcomes, upstreamDuration, gatewayDuration,
    ]

    static let logRecords = Metric(
        "tollgate_log_records_total", .counter, ["log", "kind"],
        "Records read from a log. At most 100 logs have names, the rest are under log=\"(other)\".")
    static let newestRecord = Metric(
        "tollgate_log_newest_record_timestamp_seconds", .gauge, ["log"],
        "The time of the newest record read from a log, in seconds since 1970.")
    static let gaps = Metric(
        "tollgate_log_gaps_total", .counter, ["log"],
        "Gaps that a log recorded: records that could not be made durable.")
    static let lostRecords = Metric(
        "tollgate_log_lost_records_total", .counter, ["log"], "Records that were lost in those gaps.")
    static let missingRecords = Metric(
        "tollgate_log_missing_records_total", .counter, ["log"], "Records that damage to a log's files made unreadable."
    )
    static let unreadableLines = Metric(
        "tollgate_log_unreadable_lines_total", .counter, ["log"], "Lines of a log that are no records.")
    static let controlRecords = Metric(
        "tollgate_control_records_total", .counter, ["event"],
        "Records of the logs about themselves, policies, grants, brakes and alerts, by event.")
    static let foldedRecords = Metric(
        "tollgate_metrics_folded_total", .counter, ["label"],
        "Records that are counted under (other) because a label had no room for one more name.")
    static let labelLimit = Metric(
        "tollgate_metrics_label_limit", .gauge, ["label"], "How many names a label may have.")
    static let labelNames = Metric(
        "tollgate_metrics_label_names", .gauge, ["label"], "How many names a label has.")

    static let records = [
        logRecords, newestRecord, gaps, lostRecords, missingRecords, unreadableLines, controlRecords, foldedRecords,
        labelLimit, labelNames,
    ]

    static let alertsOpen = Metric(
        "tollgate_alerts_open", .gauge, ["rule", "severity", "state"],
        "Alerts that are not resolved: firing, acknowledged, silenced or inhibited.")
    static let alertSteps = Metric(
        "tollgate_alert_steps_total", .counter, ["rule", "severity", "state"], "Alerts that came into a state.")
    static let verificationProblems = Metric(
        "tollgate_log_verification_problems", .gauge, [],
        "Logs that the watch found to be other than written or signed; 0 also where no watch runs.")
    static let brakesPut = Metric(
        "tollgate_brakes_put_total", .counter, ["server", "tool"],
        "Brakes put on, or on for longer, by a firing page or a person.")

    static let alerting = [alertsOpen, alertSteps, verificationProblems, brakesPut]
}
