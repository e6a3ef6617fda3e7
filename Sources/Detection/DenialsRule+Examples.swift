import Events

extension DenialsRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "a model that asks for ten things it may not have, six times a minute", within: 120,
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
                "four denied calls within ten minutes, each tried again five times with back-off",
                (0..<4).reduce(ExampleTrace("send_email", risk: .write)) { trace, _ in
                    trace.backOff(retries: 5, first: 1, factor: 2, .denied).pause(seconds: 60)
                }),
            .fires(
                "one denied call every ten seconds", within: 180,
                ExampleTrace("send_email", risk: .write).calls(16, every: 10, .same(1), .denied)),
            .silent(
                "nine things denied one after another, then one that passes",
                ExampleTrace("send_email", risk: .write).calls(9, every: 10, .distinct, .denied)
                    .calls(1, every: 10, .distinct)),
            .silent(
                "twelve calls made at once, all denied",
                ExampleTrace("read_file").calls(12, every: 0.05, .distinct, .denied)),
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
