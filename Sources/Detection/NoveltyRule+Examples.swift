import Events

extension NoveltyRule {
    /// Traces that fire it and traces that must not.
    public static var examples: [RuleExample] {
        [
            .fires(
                "an agent that read for two days calls a tool that destroys", within: 1,
                ExampleTrace("read_file").calls(200, every: 900, .distinct).then()
                    .using("delete_stack", risk: .destructive).calls(1, every: 1, .distinct)),
            .silent(
                "its first write",
                ExampleTrace("read_file").calls(200, every: 900, .distinct)
                    .using("write_file", risk: .write).calls(1, every: 1, .distinct)),
            .silent(
                "the second use", ExampleTrace("delete_stack", risk: .destructive).calls(20, every: 3600, .distinct)),
        ]
    }
}
