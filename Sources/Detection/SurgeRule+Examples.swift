import Events

extension SurgeRule {
    private static let tools: [(name: String, risk: Risk)] = [
        ("search_kb", .read), ("get_ticket", .read), ("update_ticket", .write),
    ]

    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "an agent with two calls a session, then six a minute for half an hour", within: 1500,
                ExampleTrace("search_kb").sessions(weeks: 2, perDay: 8, of: tools).then()
                    .calls(180, every: 10, jitter: 0.4, .distinct)),
            .fires(
                "a slow climb from one call in five minutes to twelve a minute", within: 7200,
                (0..<9).reduce(
                    ExampleTrace("get_ticket").sessions(weeks: 2, perDay: 8, of: tools).then()
                ) { trace, step in
                    let gap = [300.0, 180, 110, 70, 42, 26, 16, 9, 5][step]
                    return trace.calls(Int(720 / gap) + 1, every: gap, jitter: 0.3, .distinct)
                }),
            .silent(
                "two weeks of ordinary sessions",
                ExampleTrace("search_kb").sessions(weeks: 2, perDay: 8, of: tools)),
            .silent(
                "a session of 40 files in one go",
                ExampleTrace("search_kb").sessions(weeks: 2, perDay: 8, of: tools)
                    .calls(40, every: 3, jitter: 0.8, .distinct)),
            .silent(
                "an agent at 12/min against a limit of 10 that obeys `retry_after`, for 24 h",
                ExampleTrace("render", limitPerMinute: 10).obedientWork(perMinute: 12, minutes: 1440)),
        ]
    }
}
