import Foundation
import StrictJSON
import Testing

@testable import MCP

@Suite struct ToolListTests {
    private func filter(
        _ text: String, hiding hidden: Set<String>, privateCache: Bool = false
    ) throws -> (text: String, change: ToolListChange) {
        var reader = ToolListReader()
        let list = try Array(text.utf8).withUnsafeBytes { (bytes) throws(ToolListError) in try reader.read(bytes) }
        var buffer: [UInt8] = []
        let change = reader.filter(list, privateCache: privateCache, into: &buffer) { hidden.contains($0) }
        return (change.isChanged ? String(decoding: buffer, as: UTF8.self) : text, change)
    }

    private func page(_ tools: String, _ rest: String = "") -> String {
        #"{"jsonrpc":"2.0","id":1,"result":{"tools":\#(tools)\#(rest)}}"#
    }

    @Test(
        arguments: [
            ([], #"[ {"name":"a"} , {"name":"b"},  {"name":"c"} ]"#), (["a"], #"[ {"name":"b"},  {"name":"c"} ]"#),
            (["b"], #"[ {"name":"a"},  {"name":"c"} ]"#), (["c"], #"[ {"name":"a"} , {"name":"b"} ]"#),
            (["a", "b"], #"[ {"name":"c"} ]"#), (["a", "c"], #"[ {"name":"b"} ]"#), (["b", "c"], #"[ {"name":"a"} ]"#),
            (["a", "b", "c"], "[  ]"), (["x"], #"[ {"name":"a"} , {"name":"b"},  {"name":"c"} ]"#),
        ] as [(Set<String>, String)])
    func hiddenToolsAreCutOut(hidden: Set<String>, expected: String) throws {
        let all = #"[ {"name":"a"} , {"name":"b"},  {"name":"c"} ]"#
        let result = try filter(page(all, #", "nextCursor":"p2""#), hiding: hidden)
        #expect(result.text == page(expected, #", "nextCursor":"p2""#))
        #expect(result.change.removed == hidden.intersection(["a", "b", "c"]).count)
        #expect(result.change.isChanged == (result.change.removed > 0))
    }

    @Test func namesAreComparedAfterUnescaping() throws {
        let result = try filter(page(#"[{"name":"delete\u005fit"},{"n\u0061me":"x"}]"#), hiding: ["delete_it", "x"])
        #expect(result.text == page("[]"))
    }

    @Test func elementsWithoutANameGoWithTheHidden() throws {
        let text = page(#"[{"title":"?"},{"name":"a"},7,{"name":1},{"name":"b"},null]"#)
        #expect(try filter(text, hiding: []).change == ToolListChange(removed: 0, isChanged: false))
        let result = try filter(text, hiding: ["a"])
        #expect(result.text == page(#"[{"name":"b"}]"#))
        #expect(result.change.removed == 5)
    }

    @Test(arguments: [
        (#","cacheScope":"public","ttlMs":5"#, #","cacheScope":"private","ttlMs":5"#),
        (#","cacheScope":"private""#, #","cacheScope":"private""#),
        (#","cacheScope":null"#, #","cacheScope":"private""#),
        (#","cacheScope":"privat\u0065""#, #","cacheScope":"privat\u0065""#),
    ])
    func cacheScopeBecomesPrivate(given: String, expected: String) throws {
        let result = try filter(page("[]", given), hiding: [], privateCache: true)
        #expect(result.text == page("[]", expected))
    }

    @Test func cacheScopeIsAddedWhereItIsMissing() throws {
        let result = try filter(page(#"[{"name":"a"},{"name":"b"}]"#), hiding: ["a"], privateCache: true)
        #expect(result.text == #"{"jsonrpc":"2.0","id":1,"result":{"cacheScope":"private","tools":[{"name":"b"}]}}"#)
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{}}}"#,
    ])
    func answersWithoutAListStayAsTheyAre(text: String) throws {
        #expect(
            try filter(text, hiding: ["a"], privateCache: true).change == ToolListChange(removed: 0, isChanged: false))
    }

    @Test(arguments: [
        ("{", ToolListError.notJSON(JSONError(code: .truncated, offset: 1))), ("[]", .notAToolList),
        (#"{"result":{"tools":{}}}"#, .notAToolList), (#"{"result":{}}"#, .notAToolList),
        (#"{"result":7}"#, .notAToolList),
        (#"{"result":{"tools":[],"tools":[]}}"#, .duplicateKey(at: 22)),
        (#"{"result":{"tools":[]},"result":{}}"#, .duplicateKey(at: 23)),
        (#"{"result":{"tools":[{"name":"a","name":"b"}]}}"#, .duplicateKey(at: 32)),
    ])
    func whatCannotBeReadReliablyIsAnError(text: String, error: ToolListError) {
        #expect(throws: error) { try filter(text, hiding: []) }
    }

    @Test func definitionsAreReadWhole() throws {
        let text = page(
            #"[{"name":"a","annotations":{"readOnlyHint":true,"destructiveHint":false,"openWorldHint":"x"},"#
                + #""inputSchema":{"type":"object","properties":{"b":{},"a":{}}}},{"name":"plain"}]"#)
        var reader = ToolListReader()
        let list = try Array(text.utf8).withUnsafeBytes { (bytes) throws(ToolListError) in try reader.read(bytes) }
        #expect(list.tools.map(\.name) == ["a", "plain"])
        #expect(list.tools[0].annotations == ToolAnnotations(readOnlyHint: true, destructiveHint: false))
        #expect(list.tools[0].argumentNames == ["b", "a"])
        #expect(list.tools[1].annotations == ToolAnnotations())
        var canonical: [UInt8] = []
        reader.appendCanonical(list.tools[1], to: &canonical)
        #expect(String(decoding: canonical, as: UTF8.self) == #"{"name":"plain"}"#)
        #expect(text.utf8.count == list.tools[1].range.upperBound + 3)
    }

    /// Foundation reads the filtered page; what stays must be what Foundation reads in the original.
    @Test(arguments: 0..<64) func everySubsetLeavesTheOthersUntouched(subset: Int) throws {
        let names = ["a", "b", "c", "d", "e", "f"]
        let hidden = Set(names.enumerated().filter { subset & (1 << $0.offset) != 0 }.map(\.element))
        let tools = names.map { #"{"name" : "\#($0)","x":[1.0,"\u00e9"]}"# }.joined(separator: " ,\n\t")
        let result = try filter(page("[\(tools)\n]"), hiding: hidden, privateCache: true)
        let object = try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any]
        let page = try #require(object?["result"] as? [String: Any])
        #expect(page["cacheScope"] as? String == "private")
        let left = try #require(page["tools"] as? [[String: Any]])
        #expect(left.compactMap { $0["name"] as? String } == names.filter { !hidden.contains($0) })
        for name in names where !hidden.contains(name) {
            #expect(result.text.contains(#"{"name" : "\#(name)","x":[1.0,"\u00e9"]}"#))
        }
        #expect(result.change.removed == hidden.count)
    }
}
