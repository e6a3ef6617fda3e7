import Events

extension CapRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "steady 1/min for 24 h, then 6,000 in a minute", within: 5,
                ExampleTrace("query_db").calls(1440, every: 60, .distinct).then().calls(6000, every: 0.01, .distinct)),
            .fires(
                "3 calls an hour for two days, then 600/min", within: 10,
                (0..<48).reduce(ExampleTrace("get_user")) { trace, _ in
                    trace.calls(3, every: 20, jitter: 0.5, .distinct).pause(seconds: 3540)
                }
                .then().calls(300, every: 0.1, .distinct)),
            .fires(
                "a newcomer at seven calls a second", within: 30,
                ExampleTrace("put_object").calls(400, every: 0.1, jitter: 0.3, .distinct)),
            .fires(
                "a newcomer at one call a second against a limit of 10/min", within: 40,
                ExampleTrace("build_and_push_image_to_ecr", risk: .execute, limitPerMinute: 10)
                    .calls(120, every: 0.95, jitter: 0.2, .distinct)),
            .fires(
                "the same runaway again, two hours after the first", within: 60,
                ExampleTrace("write_file", risk: .write).calls(300, every: 60, .distinct)
                    .calls(1800, every: 0.6, .distinct).pause(seconds: 7200).then().calls(100, every: 0.6, .distinct)),
            .silent(
                "normal 100/min, and one second into a new minute",
                ExampleTrace("query_db").calls(6002, every: 0.55, .distinct)),
            .silent(
                "30/min against a limit of 10: the limiter does its job",
                ExampleTrace("render", limitPerMinute: 10).calls(600, every: 2, .distinct)),
            .silent(
                "an agent at 12/min against a limit of 10 that obeys `retry_after`, for 24 h",
                ExampleTrace("render", limitPerMinute: 10).obedientWork(perMinute: 12, minutes: 1440)),
            .silent(
                "a batch of 90/min at the same hour of two days",
                ExampleTrace("put_object").calls(900, every: 0.6, .distinct).pause(seconds: 85_000)
                    .calls(900, every: 0.6, .distinct)),
        ]
    }
}
