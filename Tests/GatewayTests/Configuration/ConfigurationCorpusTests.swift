import Foundation
import StrictJSON
import Testing

@testable import Gateway

/// The reader agrees with every document of the corpus; the end-to-end tests hold the schema to the same.
struct ConfigurationCorpusTests {
    @Test func everyDocumentIsJudgedAsTheCorpusSays() throws {
        let lines = try ConfigurationFixture.project("Tests/Corpora/configurations/documents.jsonl")
            .split(separator: UInt8(ascii: "\n"))
        #expect(lines.count >= 60)
        for line in lines {
            let tree = try JSONTree(parsing: Array(line), limits: JSONLimits(duplicateKeys: .allow))
            let name = try #require(tree.member(tree.root, "name").flatMap { tree.string($0) })
            let isGood = tree.member(tree.root, "ok").flatMap { tree.bool($0) } == true
            let document = try #require(tree.member(tree.root, "document"))
            let reading = ServeConfiguration.read(
                Array(tree.bytes[tree.range(document)]), surroundings: ConfigurationFixture.surroundings)
            #expect((reading.configuration != nil) == isGood, "\(name): \(reading.problems)")
            #expect(reading.problems.isEmpty == isGood, "\(name)")
            for problem in reading.problems {
                #expect(!problem.description.contains(ConfigurationFixture.secret), "\(name)")
                #expect(problem.line >= 1 && problem.column >= 1 && !problem.found.isEmpty, "\(name)")
            }
        }
    }

    /// One defect of a document is one problem: a person is not told the same thing twice.
    @Test func oneDefectIsOneProblem() throws {
        let lines = try ConfigurationFixture.project("Tests/Corpora/configurations/documents.jsonl")
            .split(separator: UInt8(ascii: "\n"))
        for line in lines {
            let tree = try JSONTree(parsing: Array(line), limits: JSONLimits(duplicateKeys: .allow))
            let name = tree.member(tree.root, "name").flatMap { tree.string($0) } ?? ""
            let document = try #require(tree.member(tree.root, "document"))
            let reading = ServeConfiguration.read(
                Array(tree.bytes[tree.range(document)]), surroundings: ConfigurationFixture.surroundings)
            #expect(reading.problems.count <= 1, "\(name): \(reading.problems)")
        }
    }

    // MARK: The schema

    private func definitions() throws -> [String: Any] {
        let bytes = try ConfigurationFixture.project("schemas/config.v1.schema.json")
        let schema = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        return try #require(schema?["$defs"] as? [String: Any])
    }

    private func properties(_ name: String) throws -> [String: [String: Any]] {
        let definition = try #require(try definitions()[name] as? [String: Any], "\(name)")
        #expect(definition["additionalProperties"] as? Bool == false, "\(name)")
        return try #require(definition["properties"] as? [String: [String: Any]], "\(name)")
    }

    @Test func fieldsAreThoseOfTheSchema() throws {
        let expected: [(String, [String])] = [
            ("document", ConfigurationFields.document), ("flood", ConfigurationFields.flood),
            ("retention", ConfigurationFields.retention), ("warehouse", ConfigurationFields.warehouse),
            ("warehouseKeep", ConfigurationFields.warehouseKeep), ("tls", ConfigurationFields.tls),
            ("limits", ConfigurationFields.limits),
            ("timeouts", ConfigurationFields.timeouts), ("watch", ConfigurationFields.watch),
            ("heartbeat", ConfigurationFields.heartbeat), ("webhookSink", ConfigurationFields.webhookSink),
            ("alertmanagerSink", ConfigurationFields.alertmanagerSink),
            ("commandSink", ConfigurationFields.commandSink),
            ("httpServer", ConfigurationFields.httpServer + ConfigurationFields.serverShared),
            ("commandServer", ConfigurationFields.commandServer + ConfigurationFields.serverShared),
            ("grant", ConfigurationFields.grant),
        ]
        for (name, fields) in expected { #expect(Set(try properties(name).keys) == Set(fields), "\(name)") }
    }

    /// A document with every default of the schema written out reads as the empty one.
    @Test func defaultsAreThoseOfTheSchema() throws {
        func defaults(_ name: String) throws -> [String: Any] {
            var found: [String: Any] = [:]
            for (field, property) in try properties(name) { found[field] = property["default"] }
            return found
        }
        var document = try defaults("document")
        for part in ["flood", "limits", "timeouts", "watch"] { document[part] = try defaults(part) }
        #expect((document["limits"] as? [String: Any])?.count == ConfigurationFields.limits.count)
        #expect((document["timeouts"] as? [String: Any])?.count == ConfigurationFields.timeouts.count)
        var server: [String: Any] = ["url": "http://x/mcp"]
        for field in ["concurrency", "queue"] {
            let definition = try #require(try definitions()[field] as? [String: Any])
            server[field] = definition["default"]
        }
        document["servers"] = ["a": server]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        let reading = ConfigurationFixture.read(text)
        let plain = ConfigurationFixture.read(#"{"servers":{"a":{"url":"http://x/mcp"}}}"#)
        #expect(reading.problems.isEmpty)
        #expect(reading.configuration == plain.configuration)
    }

    @Test func boundsAreThoseOfTheSchema() throws {
        func bounds(_ property: [String: Any]?) -> ClosedRange<Int>? {
            guard let low = property?["minimum"] as? Int, let high = property?["maximum"] as? Int else { return nil }
            return low...high
        }
        let limits = try properties("limits")
        #expect(bounds(limits["message_bytes"]) == ConfigurationFields.messageBytes)
        #expect(bounds(limits["answer_bytes"]) == ConfigurationFields.messageBytes)
        #expect(bounds(limits["depth"]) == ConfigurationFields.depth)
        #expect(bounds(limits["head_bytes"]) == ConfigurationFields.headBytes)
        #expect(bounds(try definitions()["count"] as? [String: Any]) == ConfigurationFields.counts)
        #expect(bounds(try properties("flood")["burst"]) == ConfigurationFields.floodRange)
        #expect(bounds(try properties("retention")["days"]) == ConfigurationFields.days)
        #expect(bounds(try properties("retention")["keep_days"]) == ConfigurationFields.keepDays)
        #expect(bounds(try properties("retention")["bytes"]) == ConfigurationFields.retainedBytes)
    }
}
