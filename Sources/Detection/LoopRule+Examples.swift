import Events

extension LoopRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "754 retries of one failing call, five to fifteen seconds apart", within: 120,
                ExampleTrace("fetch_page").calls(754, every: 10, jitter: 0.5, .same(1), .fails)),
            .fires(
                "the same failing call every 10 s sharp: too regular for a person, but no poll goes on failing",
                within: 120,
                ExampleTrace("fetch_page").calls(60, every: 10, .same(1), .fails)),
            .fires(
                "the same denied call every 10 s sharp", within: 120,
                ExampleTrace("delete_stack", risk: .destructive).calls(60, every: 10, .same(1), .denied)),
            .fires(
                "one build asked for every 5 s sharp: a tool that executes is not polled", within: 60,
                ExampleTrace("build_and_push_image_to_ecr", risk: .execute).calls(60, every: 5, .same(1))),
            .fires(
                "a model that asks the same four times a minute", within: 180,
                ExampleTrace("search_kb").calls(40, every: 15, jitter: 0.6, .same(1))),
            .fires(
                "a poll that turns into hammering", within: 30,
                ExampleTrace("get_status").calls(120, every: 10, .same(1)).then()
                    .calls(120, every: 0.3, jitter: 0.5, .same(1))),
            .fires(
                "eight identical calls of a client declared to retry six times", within: 60,
                ExampleTrace("fetch_page").calls(8, every: 5, jitter: 0.5, .same(1)).declaring(retries: 6)),
            .fires(
                "a model that goes through the same six things over and over, five calls a minute", within: 900,
                (0..<40).reduce(ExampleTrace("read_file")) { trace, _ in
                    (1...6).reduce(trace) { $0.calls(1, every: 12, jitter: 0.6, .same($1)) }
                }),
            .silent(
                "15 distinct legitimate calls in a row",
                ExampleTrace("read_file").calls(15, every: 2, jitter: 0.5, .distinct)),
            .silent(
                "a client that retries six times with back-off, four times over",
                (0..<4).reduce(ExampleTrace("fetch_page")) { trace, _ in
                    trace.backOff(retries: 6, first: 1, factor: 2, .fails).pause(seconds: 90)
                }),
            .silent(
                "six retries at equal distances by a client declared to do so",
                ExampleTrace("fetch_page").calls(7, every: 2, .same(1), .fails).declaring(retries: 6)),
            .silent(
                "an hour of identical polling every 10 s",
                ExampleTrace("get_status").calls(360, every: 10, .same(1))),
            .silent(
                "the same with a poll lost now and then",
                (0..<12).reduce(ExampleTrace("get_status")) { trace, _ in
                    trace.calls(30, every: 10, jitter: 0.04, .same(1)).pause(seconds: 25)
                }),
            .silent(
                "irregular polling of a tool declared as polling",
                ExampleTrace("wait_for_job").calls(200, every: 8, jitter: 0.9, .same(1)).declaring(polling: true)),
            .silent(
                "300 pages of one cursor",
                ExampleTrace("list_objects").calls(300, every: 2, jitter: 0.4, .distinct)),
            .silent(
                "an agent at 12/min against a limit of 10 that obeys `retry_after`, for 24 h",
                ExampleTrace("render", limitPerMinute: 10).obedientWork(perMinute: 12, minutes: 1440)),
            .silent(
                "a tool that is always called five times alike: nine times are not three times the usual",
                (0..<120).reduce(ExampleTrace("compare")) { trace, round in
                    trace.calls(5, every: 4, jitter: 0.6, .same(100 + UInt64(round))).pause(seconds: 400)
                }
                .calls(9, every: 4, jitter: 0.6, .same(1))),
        ]
    }
}
