import Events
import Foundation
import Testing

@testable import Policy

/// The schema and the code name the same fields and words.
struct SchemaTests {
    private let definitions: [String: Any]

    init() throws {
        let schema = try JSONSerialization.jsonObject(with: projectFile("schemas/policy.v1.schema.json"))
        definitions = try #require((schema as? [String: Any])?["$defs"] as? [String: Any])
    }

    private func definition(_ name: String) throws -> [String: Any] {
        try #require(definitions[name] as? [String: Any], "\(name)")
    }

    private func properties(_ name: String) throws -> [String: Any] {
        try #require(try definition(name)["properties"] as? [String: Any], "\(name)")
    }

    private func property(_ name: String, of definition: String) throws -> [String: Any] {
        try #require(try properties(definition)[name] as? [String: Any], "\(definition).\(name)")
    }

    @Test func fieldsAreTheSame() throws {
        let expected: [(String, [String])] = [
            ("document", PolicyFields.document), ("allTools", PolicyFields.allTools), ("tool", PolicyFields.tool),
            ("rule", PolicyFields.rule), ("condition", PolicyFields.condition), ("limit", PolicyFields.limit),
            ("brake", PolicyFields.brake), ("shorthandTool", PolicyFields.shorthandTool),
        ]
        for (name, fields) in expected { #expect(Set(try properties(name).keys) == Set(fields), "\(name)") }
        let rate = try property("rate_limit", of: "shorthandTool")
        #expect(Set(try #require(rate["properties"] as? [String: Any]).keys) == Set(PolicyFields.shorthandRate))
        for (name, _) in expected { #expect(try definition(name)["additionalProperties"] as? Bool == false, "\(name)") }
    }

    @Test func wordsAreTheSame() throws {
        func words(_ value: [String: Any]) -> Set<String> { Set(value["enum"] as? [String] ?? []) }
        #expect(words(try property("op", of: "condition")) == Set(ConditionOperator.allCases.map(\.rawValue)))
        #expect(words(try property("scope", of: "limit")) == Set(LimitScope.allCases.map(\.rawValue)))
        #expect(words(try property("algorithm", of: "limit")) == Set(LimitAlgorithm.allCases.map(\.rawValue)))
        #expect(words(try property("default", of: "document")) == Set(PolicyDocument.Default.allCases.map(\.rawValue)))
        #expect(words(try definition("risk")) == Set(PolicyFields.risks))
        #expect(words(try definition("mode")) == Set(PolicyFields.modes))
        #expect(words(try property("action", of: "brake")) == Set(Brake.Action.allCases.map(\.rawValue)))
        let rules = try #require(try property("on", of: "brake")["items"] as? [String: Any])
        #expect(words(rules) == Set(PolicyFields.detectionRules + ["runaway"]))
        #expect(words(try property("action", of: "shorthandTool")) == Set(PolicyFields.shorthandActions))
        let window = try #require(try property("window", of: "limit")["anyOf"] as? [[String: Any]])
        #expect(words(window[0]) == Set(NamedWindow.allCases.map(\.rawValue)))
        #expect(try property("version", of: "document")["const"] as? String == PolicyFields.version)
    }

    @Test func boundsAreTheSame() throws {
        #expect(try definition("seconds")["maximum"] as? Int == PolicyFields.maximumWindowSeconds)
        #expect(try property("max", of: "limit")["maximum"] as? Int == PolicyFields.maximumInteger)
        #expect(try definition("limits")["maxItems"] as? Int == PolicyFields.maximumLimits)
        #expect(try property("conditions", of: "rule")["maxItems"] as? Int == PolicyFields.maximumConditions)
        #expect(try property("record", of: "tool")["maxItems"] as? Int == PolicyFields.maximumRecorded)
        #expect(try definition("name")["maxLength"] as? Int == PolicyFields.maximumNameBytes)
        #expect(try definition("text")["maxLength"] as? Int == PolicyFields.maximumTextBytes)
        #expect(try definition("path")["maxLength"] as? Int == ArgumentPath.maximumBytes)
        let pattern = try #require(try definition("path")["pattern"] as? String)
        #expect(pattern.hasSuffix("{1,\(ArgumentPath.maximumSegments)}$"))
    }

    @Test func requiredFieldsAreTheSame() throws {
        func required(_ name: String) throws -> [String] { try definition(name)["required"] as? [String] ?? [] }
        func missing(_ json: String) -> [String] {
            problems(json).filter { $0.code == .missingField }
                .map { String($0.pointer.split(separator: "/").last ?? "") }
        }
        #expect(try required("document") == missing("{}"))
        #expect(try required("limit") == missing(documentText(tool: #"{"limits":[{}]}"#)))
        #expect(try required("rule") == missing(documentText(tool: #"{"require":[{}]}"#)))
        #expect(try required("condition") == missing(documentText(tool: #"{"require":[{"conditions":[{}]}]}"#)))
        #expect(try required("approval") == missing(documentText(tool: #"{"approval":{}}"#)))
        #expect(try required("brake") == missing(#"{"version":"1","default":"deny","brake":{}}"#))
    }

    /// Good and bad documents, of which the end-to-end tests ask a JSON Schema validator the same.
    @Test func theCorpusIsReadAsItSays() throws {
        struct Line: Decodable {
            var document: String
            var accepted: Bool
        }
        let text = String(decoding: try projectFile("Tests/Corpora/policies/documents.jsonl"), as: UTF8.self)
        let lines = try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.count >= 100)
        for line in lines {
            let reading = PolicyDocument.read(Array(line.document.utf8))
            #expect((reading.document != nil) == line.accepted, "\(line.document): \(reading.errors)")
            #expect(reading.errors.isEmpty == line.accepted)
        }
        #expect(lines.contains { $0.accepted } && lines.contains { !$0.accepted })
    }
}
