import Events

extension SilenceRule {
    private static func cron(days: Int) -> ExampleTrace {
        ExampleTrace("query_db").rounds(24 * days, of: ["etl", "etl", "other"], every: 4, pause: 3587)
    }

    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "an hourly job that stops", within: 12 * 3600,
                cron(days: 21).rounds(1, of: ["etl"], every: 1).then().rounds(14, of: ["other"], every: 3600)),
            .silent("an hourly job", cron(days: 24)),
            .silent(
                "an agent that works from nine to five on working days",
                ExampleTrace("search_kb").sessions(weeks: 5, perDay: 8, of: [("search_kb", .read)])),
        ]
    }
}
