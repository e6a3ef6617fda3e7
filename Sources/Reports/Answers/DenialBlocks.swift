import Events
import Terminal

/// Stopped calls by rule, reason, tool and agent; the same call again and again; what throttled agents did next.
struct DenialBlocks {
    private static let rows = 15

    let denials: DenialFigures
    var zone = ReportZone.utc

    var section: Section {
        Section(
            id: "denials", title: "Denials",
            lead: "Denied: refused by a rule. Throttled: refused by a limit, free to try again later.", blocks: blocks)
    }

    var blocks: [Block] {
        var blocks: [Block] = []
        if denials.wouldHaveStopped > 0 {
            blocks.append(
                .paragraph(
                    "\(strong: denials.wouldHaveStopped) further calls passed only because their policy is in shadow mode; they are marked “shadow”.",
                    .warn))
        }
        guard denials.stopped + denials.wouldHaveStopped > 0 else {
            blocks.append(.paragraph("No call was denied or throttled.", .plain))
            return blocks + refusals
        }
        blocks += [.table(byRule), .table(byReason), .table(byTool), .table(byAgent)]
        if !denials.persistent.isEmpty { blocks.append(.table(persistent)) }
        if !denials.retries.isEmpty { blocks.append(.table(retries)) }
        return blocks + refusals
    }

    private func more(_ count: Int, _ word: String) -> Prose {
        count > DenialBlocks.rows
            ? "\(count - DenialBlocks.rows) more \(word): \(code: "tollgate report denials --json")" : ""
    }

    private var byRule: Table {
        Table(
            caption: "By rule",
            columns: [
                .name("rule"), .text("reason"), .text("policy", drop: 3), .number("calls"), .number("agents"),
                .number("tools", drop: 2),
                .name("mostly"),
            ],
            rows: denials.byRule.prefix(DenialBlocks.rows).map { rule in
                [
                    rule.rule.map { .name($0) } ?? .init("(\(rule.reason))", .quiet),
                    .init(rule.mode == "shadow" ? "\(rule.reason), shadow" : "\(rule.reason)"),
                    .init("\(rule.policy ?? "–")", .quiet), .count(rule.calls), .count(rule.agents), .count(rule.tools),
                    .init("\(name: rule.mostlyAgent ?? "(unresolved)") \(rule.mostlyCalls)"),
                ]
            }, empty: "", more: more(denials.byRule.count, "rules"), query: "denials-by-rule")
    }

    private var byReason: Table {
        Table(
            caption: "By reason", columns: [.text("reason"), .number("calls"), .number("of all stopped")],
            rows: denials.byReason.map { reason in
                [.init("\(reason.reason)"), .count(reason.calls), .init("\(Words.percent(reason.share))")]
            }, empty: "No call was stopped.", query: "denials-by-reason")
    }

    private var byTool: Table {
        Table(
            caption: "By tool",
            columns: [
                .name("tool"), .name("server", drop: 3), .text("risk", drop: 2), .number("stopped"), .number("denied"),
                .number("throttled"), .number("of its calls"),
            ],
            rows: denials.byTool.prefix(DenialBlocks.rows).map { tool in
                [
                    .name(tool.tool), .name(tool.server), .init("\(tool.risk ?? "–")"), .count(tool.calls),
                    .count(tool.denied, .bad), .count(tool.throttled, .warn), .init("\(Words.percent(tool.share))"),
                ]
            }, empty: "No call was stopped.", more: more(denials.byTool.count, "tools"), query: "denials-by-tool")
    }

    private var byAgent: Table {
        Table(
            caption: "By agent",
            columns: [
                .name("agent"), .number("stopped"), .number("denied"), .number("throttled"), .number("of its calls"),
                .name("mostly for", drop: 1),
            ],
            rows: denials.byAgent.prefix(DenialBlocks.rows).map { agent in
                [
                    .name(agent.agent ?? "(unresolved)"), .count(agent.calls), .count(agent.denied, .bad),
                    .count(agent.throttled, .warn), .init("\(Words.percent(agent.share))"), .name(agent.mostly),
                ]
            }, empty: "No call was stopped.", more: more(denials.byAgent.count, "agents"), query: "denials-by-agent")
    }

    private var persistent: Table {
        Table(
            caption: "The same call, stopped more than five times",
            columns: [
                .name("agent"), .name("tool"), .name("rule", drop: 2), .number("times"), .text("first", drop: 1),
                .text("last"),
                .name("last record", drop: 3),
            ],
            rows: denials.persistent.prefix(DenialBlocks.rows).map { call in
                [
                    .name(call.agent ?? "(unresolved)"), .name(call.tool), .name(shortRule(call)), .count(call.calls),
                    .init("\(zone.moment(call.first))"), .init("\(zone.moment(call.last))"),
                    .init("\(code: call.lastRecord)"),
                ]
            }, empty: "", more: more(denials.persistent.count, "calls"), query: "persistent")
    }

    /// The rule without the tool that stands beside it.
    private func shortRule(_ call: PersistentFigures) -> String {
        guard let rule = call.rule else { return call.reason }
        let tool = "/tools/\(call.tool)/"
        return rule.hasPrefix(tool) ? String(rule.dropFirst(tool.count)) : rule
    }

    private var retries: Table {
        Table(
            caption: "After a throttle",
            columns: [
                .name("agent"), .name("tool"), .number("throttled"), .number("tried again"), .number("too early"),
                .number("median wait", drop: 1),
            ],
            rows: denials.retries.prefix(DenialBlocks.rows).map { retry in
                [
                    .name(retry.agent ?? "(unresolved)"), .name(retry.tool), .count(retry.throttled),
                    .count(retry.retriedWithinTheHour),
                    .count(retry.tooEarly, .warn),
                    .init("\(retry.medianMicroseconds.map { Words.duration(microseconds: Int64($0)) } ?? "–")"),
                ]
            }, empty: "", more: more(denials.retries.count, "pairs"))
    }

    /// Requests that never became calls: bad tokens, malformed messages.
    private var refusals: [Block] {
        guard !denials.refusals.isEmpty else { return [] }
        return [
            .table(
                Table(
                    caption: "Refused requests that were no calls",
                    columns: [.text("reason"), .name("method"), .name("server"), .name("agent"), .number("requests")],
                    rows: denials.refusals.prefix(DenialBlocks.rows).map { refusal in
                        [
                            .init("\(refusal.reason)"), .name(refusal.method), .name(refusal.server),
                            .name(refusal.agent ?? "(unresolved)"), .count(refusal.requests),
                        ]
                    }, empty: "", more: more(denials.refusals.count, "kinds")))
        ]
    }
}
