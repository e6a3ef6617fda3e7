import Detection
import Foundation
import Testing

/// `docs/DETECTION.md` says what the rules are.
@Suite struct RuleDocumentTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func theDocumentIsMadeFromTheRules() throws {
        let file = Self.root.appendingPathComponent("docs/DETECTION.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        for rule in RuleCatalog.all {
            #expect(text.contains(rule.firesWhen), "the condition of \(rule.name.rawValue) is another in \(file.path)")
        }
        // `swift run Measure rules` prints what belongs there.
        #expect(text.contains(RuleCatalog.markdown), "the rules in docs/DETECTION.md are not those of the code")
    }

    @Test func theSchemaHasEveryRuleAndParameter() throws {
        let file = Self.root.appendingPathComponent("schemas/rules.v1.schema.json")
        let schema = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        let properties = try #require(schema["properties"] as? [String: Any])
        let rules = try #require((properties["rules"] as? [String: Any])?["properties"] as? [String: Any])
        #expect(Set(rules.keys) == Set(RuleName.allCases.map(\.rawValue)))
        var named: Set<String> = []
        for (rule, value) in rules {
            let fields = try #require((value as? [String: Any])?["properties"] as? [String: Any])
            for (field, bounds) in fields where field != "enabled" {
                named.insert("\(rule).\(field)")
                let setting = SettingName.named("\(rule).\(field)")
                let limits = try #require(bounds as? [String: Any])
                #expect(limits["minimum"] as? Double == setting?.range.lowerBound, "\(rule).\(field)")
                #expect(limits["maximum"] as? Double == setting?.range.upperBound, "\(rule).\(field)")
            }
        }
        #expect(named == Set(SettingName.all.map(\.name)))
    }
}
