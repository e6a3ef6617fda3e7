import Terminal

/// What to change, each with its evidence and what it would have done.
struct RecommendationBlocks {
    private static let cards = 8

    let report: WeeklyReport

    var section: Section {
        let all = report.recommendations
        let lead: Prose = "From the last 28 days; every limit was tried on the calls of that time, minute by minute."
        guard !all.isEmpty else {
            return Section(
                id: "recommendations", title: "Recommendations", lead: lead,
                blocks: [
                    .paragraph(
                        "Nothing: tools that can do harm have limits, none of them is far from its use, and no credential is shared.",
                        .good)
                ])
        }
        var blocks: [Block] = all.prefix(RecommendationBlocks.cards).map { .card(card($0)) }
        let rest = all.count - RecommendationBlocks.cards
        if rest > 0 {
            blocks.append(.paragraph("\(rest) more: \(code: "tollgate report weekly --format json")", .quiet))
        }
        blocks += patches(all)
        return Section(id: "recommendations", title: "Recommendations", lead: lead, blocks: blocks)
    }

    private func card(_ recommendation: RecommendationFigures) -> Card {
        var facts: [(label: String, value: Prose)] = [("Evidence", "\(recommendation.evidence)")]
        if let effect = recommendation.effect, recommendation.maximum != nil {
            facts.append(("Last 28 days with it", told(effect)))
        }
        return Card(
            title: title(recommendation), badge: RecommendationBlocks.badge(recommendation.kind), tone: .plain,
            facts: facts, blocks: [.paragraph("\(strong: "Do:") \(recommendation.advice)", .plain)], isWide: true)
    }

    private func title(_ recommendation: RecommendationFigures) -> Prose {
        if let tool = recommendation.tool { return "\(name: tool) on \(recommendation.server ?? "")" }
        return recommendation.kind == .credentialShared
            ? "Grant \(name: recommendation.grant ?? "")" : "Policy \(name: recommendation.grant ?? "")"
    }

    private static func badge(_ kind: RecommendationFigures.Kind) -> String {
        switch kind {
        case .credentialShared: "one credential, several agents"
        case .limitMissing: "no limit"
        case .limitTight: "limit too tight"
        case .limitLoose: "limit too loose"
        case .toolUnused: "granted, not used"
        }
    }

    private func told(_ effect: EffectFigures) -> Prose {
        var text: Prose = "\(strong: effect.newlyStopped) of \(effect.calls) calls more would have been stopped"
        if !effect.agents.isEmpty {
            let names = effect.agents.prefix(3).joined(separator: ", ")
            let rest = effect.agents.count > 3 ? " and \(effect.agents.count - 3) more" : ""
            text += " (\(names)\(rest))"
        }
        if let passed = effect.newlyPassed {
            text += "; \(strong: passed) of the \(effect.stopped) that were stopped would have passed"
        }
        return text + "."
    }

    /// All limits together, a document for each server's policy.
    private func patches(_ all: [RecommendationFigures]) -> [Block] {
        var maximums: [String: [String: Int]] = [:]
        for recommendation in all {
            guard let server = recommendation.server, let tool = recommendation.tool,
                let maximum = recommendation.maximum
            else { continue }
            maximums[server, default: [:]][tool] = maximum
        }
        let limits: [Block] = maximums.sorted { $0.key < $1.key }.map { server, tools in
            .code(
                id: nil, caption: "For the policies of server \(name: server):",
                text: PolicyPatch.lines(tools).map { VisibleText.of($0) }.joined(separator: "\n"))
        }
        let hidden: [Block] = all.filter { $0.kind == .toolUnused }.map { recommendation in
            .code(
                id: nil, caption: "For policy \(name: recommendation.grant ?? ""):",
                text: VisibleText.of(recommendation.policy ?? ""))
        }
        return limits + hidden
    }
}
