import Events

extension DefianceRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "a client that tries every two seconds whatever it is told", within: 60,
                ExampleTrace("render", limitPerMinute: 10).calls(60, every: 2, .distinct)),
            .silent(
                "an agent at 12/min against a limit of 10 that obeys `retry_after`, for 24 h",
                ExampleTrace("render", limitPerMinute: 10).obedientWork(perMinute: 12, minutes: 1440)),
            .silent(
                "an agent below its limit", ExampleTrace("render", limitPerMinute: 10).calls(100, every: 7, .distinct)),
        ]
    }
}
