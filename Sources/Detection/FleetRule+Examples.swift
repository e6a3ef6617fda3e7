import Events

extension FleetRule {
    private static let six = (1...6).map { "agent-\($0)" }

    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "six agents at once on a tool that sees one call a minute", within: 60,
                ExampleTrace("query_db").rounds(260, of: six, every: 60, jitter: 0.3).then()
                    .rounds(60, of: six, every: 0.2, jitter: 0.3)),
            .silent(
                "six agents at twice their pace",
                ExampleTrace("query_db").rounds(2000, of: six, every: 8, jitter: 0.3)
                    .rounds(300, of: six, every: 4, jitter: 0.3)),
            .silent(
                "the first day of six busy agents",
                ExampleTrace("query_db").rounds(200, of: six, every: 0.4, jitter: 0.3)),
        ]
    }
}
