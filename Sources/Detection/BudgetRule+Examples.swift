import Events

extension BudgetRule {
    private static let tools: [(name: String, risk: Risk)] = [
        ("git_checkout", .write), ("build_and_push_image_to_ecr", .execute), ("get_logs", .read),
    ]

    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "a build every five minutes, each after a look at the logs", within: 3 * 3600,
                (0..<40).reduce(
                    ExampleTrace("get_logs").sessions(weeks: 2, perDay: 4, of: tools).then()
                ) { trace, _ in
                    trace.using("get_logs").calls(1, every: 5, .distinct)
                        .using("build_and_push_image_to_ecr", risk: .execute).calls(1, every: 280, .distinct)
                }),
            .fires(
                "the eleventh mail of a tool with a declared budget of ten", within: 3900,
                ExampleTrace("send_email", risk: .write).calls(13, every: 360, .distinct).declaring(budget: 10)),
            .silent(
                "two weeks of ordinary builds",
                ExampleTrace("build_and_push_image_to_ecr", risk: .execute).sessions(weeks: 2, perDay: 8, of: tools)),
            .silent(
                "a day with twice as many builds",
                ExampleTrace("build_and_push_image_to_ecr", risk: .execute).sessions(weeks: 2, perDay: 8, of: tools)
                    .sessions(weeks: 1, perDay: 16, of: tools)),
            .silent(
                "a tool that reads, without a declared budget",
                ExampleTrace("get_status").calls(200, every: 120, .distinct)),
        ]
    }
}
