/// The rules there are, and what `docs/DETECTION.md` says about them.
public enum RuleCatalog {
    /// All rules, in the order in which a call is shown to them.
    public static let all: [any DetectionRule.Type] = [
        LoopRule.self, PollingRule.self, RunRule.self, CapRule.self, SurgeRule.self, DenialsRule.self, BudgetRule.self,
        DefianceRule.self, NoveltyRule.self, FleetRule.self, SilenceRule.self,
    ]

    /// False pages per agent-week by rule.
    ///
    /// Measured as `docs/DETECTION.md` says, seeds 1 to 24, 6,632 agent-weeks, 2026-11-30. What is not there made none, or does
    /// not page.
    public static let measuredFalsePages: [RuleName: String] = [
        .surge: "0.0100", .budget: "0.0005",
    ]

    /// One Markdown section for each rule: when it fires, when it does not, and its examples.
    public static var markdown: String {
        all.map { section($0) }.joined(separator: "\n")
    }

    private static func section(_ rule: any DetectionRule.Type) -> String {
        var text = "## `\(rule.name.rawValue)` (\(rule.severity.rawValue))\n\n"
        text += "Fires when \(rule.firesWhen).\n\n"
        text += "Stays silent on: \(rule.staysSilent)\n\n"
        let rate = measuredFalsePages[rule.name] ?? "0.0000"
        text += "Measured false pages per agent-week: \(rule.severity == .page ? rate : "none, it does not page").\n\n"
        text += "| trace | must |\n|---|---|\n"
        for example in rule.examples {
            let duty = example.withinMicroseconds.map { "fire within \($0 / 1_000_000) s" } ?? "stay silent"
            text += "| \(example.title) | \(duty) |\n"
        }
        return text
    }
}
