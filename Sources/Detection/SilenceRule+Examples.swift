import Events

extension SilenceRule {
    private static func cron(days: Int) -> ExampleTrace {
        ExampleTrace("query_db").rounds(24 * days, of: ["etl", "etl", "other"], every: 4, pause: 3587)
    }

    /// Hours with four calls each, of which the last is refused.
    private static func refusing(hours: Int, _ trace: ExampleTrace = ExampleTrace("query_db")) -> ExampleTrace {
        (0..<hours).reduce(trace) { trace, _ in
            trace.calls(3, every: 900, .distinct).calls(1, every: 900, .distinct, .denied)
        }
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
            .fires(
                "a tool with a refusal in every hour that has none since it changed", within: 8 * 3600,
                refusing(hours: 40).toolChanges().then().calls(48, every: 900, .distinct)),
            .silent(
                "a tool that changed and whose calls are refused as before",
                refusing(hours: 40, refusing(hours: 40).toolChanges())),
            .silent("refusals that stop, and no change", refusing(hours: 40).calls(48, every: 900, .distinct)),
            .silent(
                "a tool that changed and was hardly ever refused",
                refusing(hours: 3).calls(160, every: 900, .distinct).toolChanges().calls(48, every: 900, .distinct)),
        ]
    }
}
