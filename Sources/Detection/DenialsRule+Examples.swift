import Events

extension DenialsRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "a model that asks for what it may not have, six times a minute", within: 180,
                ExampleTrace("delete_stack", risk: .destructive).calls(60, every: 10, jitter: 0.4, .distinct, .denied)),
            .fires(
                "a pair that was not denied in a month, then ten denials within a minute", within: 45,
                (0..<30).reduce(ExampleTrace("send_email", risk: .write)) { trace, _ in
                    trace.calls(40, every: 600, jitter: 0.3, .distinct).pause(seconds: 62_000)
                }
                .pause(seconds: 900).then().calls(11, every: 4, jitter: 0.3, .distinct, .denied)),
            .silent(
                "a denied call, tried again six times",
                ExampleTrace("send_email", risk: .write).backOff(retries: 5, first: 1, factor: 2, .denied)),
            .silent(
                "one denial to four calls that pass, 40 times",
                (0..<40).reduce(ExampleTrace("send_email", risk: .write)) { trace, _ in
                    trace.calls(4, every: 12, .distinct).calls(1, every: 12, .distinct, .denied)
                }),
            .silent(
                "30/min against a limit of 10: throttled is not denied",
                ExampleTrace("render", limitPerMinute: 10).calls(600, every: 2, .distinct)),
        ]
    }
}
