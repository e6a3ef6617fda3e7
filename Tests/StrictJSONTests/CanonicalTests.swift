import StrictJSON
import Testing

@Suite struct CanonicalTests {
    @Test(arguments: [
        (#"{"b":1,"a":[ 1.0 , 1e3, 1.50, -0, 1E-2 ]}"#, #"{"a":[1,1000,0.15e1,0,0.1e-1],"b":1}"#),
        (#""\u0041\/\"\\\b\u0001\u007f\u00e9""#, "\"A/\\\"\\\\\\b\\u0001\u{7F}é\""),
        (#"{"é":1,"z":2,"\ud83d\ude00":3,"":4}"#, #"{"":4,"z":2,"é":1,"😀":3}"#),
        ("9007199254740993", "9007199254740993"), ("1e400", "0.1e401"),
        ("-12345678901234567890", "-0.1234567890123456789e20"),
        (" [ ] ", "[]"), ("{}", "{}"),
    ])
    func hasTheDocumentedForm(text: String, expected: String) throws {
        let tree = try JSONTree(parsing: Array(text.utf8))
        #expect(String(decoding: tree.canonical(tree.root), as: UTF8.self) == expected)
    }

    @Test(arguments: AgreementTests.seeds) func everySpellingOfAValueGivesTheSameBytes(seed: UInt64) throws {
        var documents = RandomDocument(seed: seed)
        let value = documents.value(depth: 4)
        let first = try JSONTree(parsing: documents.spell(value))
        let canonical = first.canonical(first.root)
        for _ in 0..<5 {
            let other = try JSONTree(parsing: documents.spell(value))
            #expect(other.canonical(other.root) == canonical, "seed \(seed)")
        }
        let again = try JSONTree(parsing: canonical)
        #expect(again.canonical(again.root) == canonical, "seed \(seed)")
        #expect(again.model(again.root).sorted == value.sorted, "seed \(seed)")
    }

    @Test(arguments: AgreementTests.seeds) func differentValuesGiveDifferentBytes(seed: UInt64) throws {
        var documents = RandomDocument(seed: seed)
        var seen: [[UInt8]: Model] = [:]
        for _ in 0..<100 {
            let value = documents.value(depth: 2).sorted
            let tree = try JSONTree(parsing: documents.spell(value))
            let earlier = seen.updateValue(value, forKey: tree.canonical(tree.root))
            #expect(earlier == nil || earlier == value, "seed \(seed)")
        }
    }

    @Test func aSubtreeIsWrittenAlone() throws {
        let tree = try JSONTree(parsing: Array(#"[0,{"b":[],"a":{}},2]"#.utf8))
        let node = try #require(tree.element(tree.root, at: 1))
        var buffer = Array("x".utf8)
        var canonicalizer = JSONCanonicalizer()
        canonicalizer.append(node, of: tree, to: &buffer)
        canonicalizer.append(node, of: tree, to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == #"x{"a":{},"b":[]}{"a":{},"b":[]}"#)
    }
}
