import Events

extension RunRule {
    private static let tools: [(name: String, risk: Risk)] = [
        ("git_checkout", .write), ("build_and_push_image_to_ecr", .execute), ("get_logs", .read),
    ]

    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "277 consecutive calls of one tool with slightly different arguments", within: 2600,
                ExampleTrace("edit_file", risk: .write).calls(277, every: 9, jitter: 0.5, .distinct)),
            .fires(
                "the same, of an agent that uses several tools, at a program's pace", within: 400,
                ExampleTrace("get_logs").sessions(weeks: 1, perDay: 10, of: tools).then()
                    .calls(277, every: 1.2, jitter: 0.2, .distinct)),
            .fires(
                "one build every five minutes and nothing else", within: 3900,
                ExampleTrace("build_and_push_image_to_ecr", risk: .execute).sessions(weeks: 2, perDay: 12, of: tools)
                    .pause(seconds: 2400).then().calls(30, every: 300, jitter: 0.3, .distinct)),
            .silent(
                "15 distinct legitimate calls in a row",
                ExampleTrace("read_file").calls(15, every: 2, jitter: 0.5, .distinct)),
            .silent(
                "300 pages of one cursor",
                ExampleTrace("list_objects").paging().calls(300, every: 4, jitter: 0.4, .distinct)),
            .silent(
                "200 files read in one go",
                ExampleTrace("read_file").sessions(weeks: 1, perDay: 10, of: tools)
                    .calls(200, every: 9, jitter: 0.8, .distinct)),
            .silent(
                "an agent that calls one tool once a minute, day and night",
                ExampleTrace("get_price").calls(2880, every: 60, .distinct)),
            .silent(
                "an agent at 12/min against a limit of 10 that obeys `retry_after`, for 24 h",
                ExampleTrace("render", limitPerMinute: 10).obedientWork(perMinute: 12, minutes: 1440)),
        ]
    }
}
