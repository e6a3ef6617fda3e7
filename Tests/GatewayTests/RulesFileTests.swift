import Testing

@testable import Gateway

/// A rules file: every mistake at once, each with its place.
@Suite struct RulesFileTests {
    private static let known = [
        RulesFile.Known(rule: "surge", parameters: [(name: "page", range: 1...1000)]),
        RulesFile.Known(rule: "loop", parameters: []),
    ]

    private func problems(_ text: String, _ form: ConfigurationText.Form = .json) -> [String] {
        do {
            _ = try RulesFile.read(Array(text.utf8), form: form, known: Self.known)
            return []
        } catch {
            return error.problems.map { "\($0)" }
        }
    }

    @Test func readsDeclarationsAndParametersFromJSONAndYAML() throws {
        let json =
            #"{"version":1,"rules":{"surge":{"page":150},"loop":{"enabled":false}},"declarations":[{"tool":"t","budget":5}]}"#
        let yaml =
            "version: 1\nrules: {surge: {page: 150}, loop: {enabled: false}}\ndeclarations: [{tool: t, budget: 5}]\n"
        for (text, form) in [(json, ConfigurationText.Form.json), (yaml, .yaml)] {
            let file = try RulesFile.read(Array(text.utf8), form: form, known: Self.known)
            #expect(file.parameters.map(\.name) == ["surge.page"] && file.parameters.map(\.value) == [150])
            #expect(file.disabled == ["loop"])
            #expect(file.declarations.count == 1 && file.declarations.first?.tool == "t")
            #expect(file.declarations.first?.budget == 5 && file.declarations.first?.polling == nil)
        }
    }

    @Test func tellsEveryMistakeWithItsPlaceAndTheNearestSpelling() {
        let found = problems(
            """
            {"version": 2,
             "rules": {"surg": {}, "surge": {"page": 5000}},
             "declarations": [{"tool": "t"}, {"tool": "t", "retrys": 3, "polling": "yes"}]}
            """)
        #expect(found.contains { $0.hasPrefix("/version (line 1") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("/rules/surg (line 2") && $0.hasSuffix("nearest: surge") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("/rules/surge/page (line 2") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("/declarations/0 (line 3") }, "\(found)")
        #expect(
            found.contains { $0.contains("/declarations/1/retrys") && $0.hasSuffix("nearest: retries") }, "\(found)")
        #expect(found.contains { $0.contains("/declarations/1/polling") }, "\(found)")
    }
}
