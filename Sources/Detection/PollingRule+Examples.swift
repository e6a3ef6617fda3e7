import Events

extension PollingRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "a poll every 10 s that never ends", within: 4 * 3600,
                ExampleTrace("get_status").calls(1800, every: 10, .same(1))),
            .fires(
                "a poll of a tool declared as polling that never ends", within: 4 * 3600,
                ExampleTrace("wait_for_job").calls(2400, every: 8, jitter: 0.9, .same(1)).declaring(polling: true)),
            .fires(
                "two hours of polling a tool whose polls take five minutes", within: 7200,
                (0..<30).reduce(ExampleTrace("get_status")) { trace, round in
                    trace.calls(30, every: 10, .same(100 + UInt64(round))).pause(seconds: 1800)
                }
                .then().calls(900, every: 10, .same(1))),
            .silent(
                "an hour of identical polling every 10 s", ExampleTrace("get_status").calls(360, every: 10, .same(1))),
            .silent(
                "polls of 20 minutes, over and over",
                (0..<24).reduce(ExampleTrace("get_status")) { trace, round in
                    trace.calls(120, every: 10, .same(UInt64(round))).pause(seconds: 2400)
                }),
            .silent(
                "four hours of polling where twice the usual load is declared",
                ExampleTrace("get_status").calls(1440, every: 10, .same(1)).declaring(expectedLoad: 2)),
        ]
    }
}
