import Detection
import Events
import Testing

/// Every rule against its own examples, and every silent example against all rules.
@Suite struct RuleExampleTests {
    struct Case: CustomTestStringConvertible {
        let rule: RuleName
        let example: RuleExample
        var testDescription: String { "\(rule.rawValue): \(example.title)" }
    }

    static let cases = RuleCatalog.all.flatMap { rule in rule.examples.map { Case(rule: rule.name, example: $0) } }

    @Test(arguments: cases.filter(\.example.fires)) func fires(_ test: Case) throws {
        let trace = test.example.trace
        let changes = trace.changes().filter { $0.finding.rule == test.rule && $0.kind == .raised }
        let first = try #require(changes.first { $0.at >= trace.onset }, "never fired")
        let limit = try #require(test.example.withinMicroseconds)
        #expect(first.at.since(trace.onset) <= limit, "fired \(first.at.since(trace.onset)) µs after its onset")
        #expect(first.finding.start <= first.finding.detected)
        let onset = trace.onset.advanced(by: -60_000_000)
        #expect(first.finding.start >= onset, "began \(first.finding.start), a minute before its onset or earlier")
    }

    @Test(arguments: cases.filter { !$0.example.fires }) func staysSilent(_ test: Case) {
        let pages = test.example.trace.changes().filter {
            $0.kind != .cleared && ($0.finding.severity == .page || $0.finding.rule == test.rule)
        }
        #expect(pages.isEmpty, "\(pages.map { "\($0.finding.rule) at \($0.at): \($0.finding.summary)" })")
    }

    @Test func everyRuleHasExamplesOfBothKinds() {
        #expect(Set(RuleCatalog.all.map { $0.name }) == Set(RuleName.allCases))
        for rule in RuleCatalog.all {
            #expect(rule.examples.contains { $0.fires })
            #expect(rule.examples.contains { !$0.fires })
            #expect(RuleCatalog.markdown.contains(rule.firesWhen))
        }
    }
}

extension ExampleTrace {
    /// The whole trace through new detectors.
    func changes() -> [FindingChange] {
        var detectors = DetectorSet(settings: settings)
        return events.flatMap { detectors.observe($0) }
    }
}
