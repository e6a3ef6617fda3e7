import StrictJSON
import Testing

@Suite struct DuplicateKeyTests {
    /// Below and above the size from which keys are hashed.
    @Test(arguments: [2, 3, 8, 9, 50]) func foundAtAnyPlaceInObjectsOfAnySize(count: Int) throws {
        for first in 0..<count - 1 {
            for second in first + 1..<count where second - first < 4 || second == count - 1 {
                var keys = (0..<count).map { "\"key\($0)\"" }
                keys[second] = "\"\\u006bey\(first)\""
                let text = "{" + keys.map { $0 + ":0" }.joined(separator: ",") + "}"
                let offset = keys[..<second].reduce(1) { $0 + $1.utf8.count + 3 }
                #expect(throws: JSONError(code: .duplicateKey, offset: offset)) {
                    try JSONTree(parsing: Array(text.utf8))
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func fiftyThousandKeysTakeLinearTime() throws {
        let count = 50_000
        var text = "{"
        for index in 0..<count { text += "\"k\(index)\":0," }
        let distinct = Array((text + "\"last\":0}").utf8)
        let repeated = Array((text + "\"k77\":0}").utf8)
        var tree = try JSONTree(parsing: distinct)
        #expect(tree.count(tree.root) == count + 1)
        #expect(throws: JSONError(code: .duplicateKey, offset: text.utf8.count)) { try tree.parse(repeated) }
    }

    @Test func sameKeyInDifferentObjectsIsNoDuplicate() throws {
        #expect(throws: Never.self) {
            try JSONTree(parsing: Array(#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#.utf8))
        }
    }

    @Test func keysThatOnlyLookAlikeAreNoDuplicates() throws {
        // Composed and decomposed é are equal as Swift strings, not as JSON keys.
        #expect(throws: Never.self) {
            try JSONTree(parsing: Array("{\"\u{E9}\":1,\"e\u{301}\":2,\"a\":0,\"A\":0}".utf8))
        }
    }

    @Test func allowedDuplicatesAreFoundOnRequest() throws {
        let limits = JSONLimits(duplicateKeys: .allow)
        let text = Array(#"{"x":{"a":1,"a":2},"y":0}"#.utf8)
        var tree = try JSONTree(parsing: text, limits: limits)
        let shallow = tree.firstDuplicateKey(in: tree.root, deep: false)
        #expect(shallow == nil)
        let found = tree.firstDuplicateKey(in: tree.root, deep: true)
        let key = try #require(found)
        #expect(tree.range(key) == 12..<15)
        let inner = try #require(tree.member(tree.root, "x"))
        let again = tree.firstDuplicateKey(in: inner, deep: false)
        #expect(again == key)
        #expect(tree.member(inner, "a").flatMap { tree.number($0)?.int64 } == 1)
    }
}
