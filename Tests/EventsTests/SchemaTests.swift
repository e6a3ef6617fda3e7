import Foundation
import Testing

@testable import Events

/// `schemas/decision-event.v1.schema.json` is the contract: keys, their order and the closed vocabularies are the code's.
@Suite struct SchemaTests {
    private static let text: String = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try? Data(contentsOf: root.appendingPathComponent("schemas/decision-event.v1.schema.json"))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }()

    private static func definition(_ name: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let definitions = object?["$defs"] as? [String: Any]
        return try #require((definitions?[name] as? [String: Any])?["properties"] as? [String: Any])
    }

    /// The keys of a definition's `properties` in the order of the file, which JSONSerialization does not keep.
    private static func orderedKeys(_ name: String) throws -> [String] {
        let keys = Set(try definition(name).keys)
        let start = try #require(text.range(of: "    \"\(name)\": {"))
        let rest = text[start.upperBound...]
        let end = try #require(rest.range(of: "      \"required\": ["))
        return rest[..<end.lowerBound].split(separator: "\n").compactMap { line in
            guard line.hasPrefix("        \""), line.hasSuffix("{"), !line.hasPrefix("         ") else { return nil }
            let key = String(line.split(separator: "\"")[1])
            return keys.contains(key) ? key : nil
        }
    }

    private static func values(_ name: String, _ key: String) throws -> [String] {
        let property = try #require(try definition(name)[key] as? [String: Any])
        return try #require(property["enum"] as? [String])
    }

    @Test func theKeysAndTheirOrderAreTheCodes() throws {
        #expect(try Self.orderedKeys("decision") == RecordField.decisionFields.map(\.rawValue))
        #expect(try Self.orderedKeys("outcome") == RecordField.outcomeFields.map(\.rawValue))
        #expect(
            try Self.orderedKeys("control")
                == ["v", "seq", "ts", "kind", "event"] + Control.Key.allCases.map(\.rawValue))
    }

    @Test func aFieldsNumberIsItsPlace() {
        for (place, field) in RecordField.allCases.enumerated() { #expect(field.number == place) }
    }

    @Test func theVocabulariesAreTheCodes() throws {
        #expect(try Self.values("decision", "identity") == Identity.allCases.map(\.rawValue))
        #expect(try Self.values("decision", "transport") == Transport.allCases.map(\.rawValue))
        #expect(try Self.values("decision", "risk") == Risk.allCases.map(\.rawValue))
        #expect(try Self.values("decision", "decision") == Verdict.allCases.map(\.rawValue))
        #expect(try Self.values("decision", "mode") == Mode.allCases.map(\.rawValue))
        #expect(try Self.values("decision", "reason") == Reason.allCases.map(\.rawValue))
        #expect(try Self.values("outcome", "outcome") == Ending.allCases.map(\.rawValue))
        #expect(try Self.values("outcome", "reservation") == ReservationState.allCases.map(\.rawValue))
        #expect(try Self.values("control", "event") == ControlEvent.allCases.map(\.rawValue))
    }
}
