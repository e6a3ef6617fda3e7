import Terminal

/// Limits beside their use.
struct LimitBlocks {
    var zone = ReportZone.utc

    func limits(_ limits: [LimitFigures]) -> Table {
        Table(
            caption: "Limits",
            columns: [
                .name("tool"), .name("server", drop: 5), .name("limit", drop: 2), .number("window"),
                .number("maximum"), .number("highest"), .number("most in a minute"), .text("when", drop: 6),
                .number("near", drop: 1), .number("stopped"), .number("calls", drop: 3), .number("agents", drop: 4),
                .text("so it"),
            ],
            rows: limits.map { limit in
                [
                    .name(limit.tool), .name(limit.server), .name(limit.counter),
                    .init("\(Words.duration(microseconds: Int64(limit.windowSeconds) * 1_000_000))"),
                    .count(limit.maximum), .init("\(limit.highest.map { Words.count($0) } ?? "< 80 %")", .quiet),
                    .init("\(limit.peakMinute.map { Words.count($0.calls) } ?? "–")"),
                    .init("\(limit.peakMinute.map { zone.moment($0.at) } ?? "")", .quiet),
                    .count(limit.near, .warn), .count(limit.throttled, .bad), .count(limit.calls),
                    .count(limit.agents), LimitBlocks.verdict(limit.verdict),
                ]
            }, empty: "No call met a limit.")
    }

    private static func verdict(_ verdict: LimitFigures.Verdict) -> Table.Cell {
        switch verdict {
        case .stops: .init("stops calls", .bad)
        case .near: .init("is nearly used", .warn)
        case .loose: .init("is loose", .warn)
        case .fits: .init("fits", .good)
        }
    }

    static func unlimited(_ tools: [UnlimitedFigures]) -> Table {
        Table(
            caption: "Tools without a limit",
            columns: [
                .name("tool"), .name("server", drop: 2), .text("risk"), .number("calls"), .number("agents", drop: 1),
                .number("most in a minute"),
            ],
            rows: tools.map { tool in
                [
                    .name(tool.tool), .name(tool.server), .init("\(tool.risk ?? "–")"), .count(tool.calls),
                    .count(tool.agents), .init("\(tool.peakMinute.map { Words.count($0.calls) } ?? "–")"),
                ]
            }, empty: "Every tool that was called has a limit.")
    }
}
