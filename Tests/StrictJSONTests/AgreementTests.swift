import Foundation
import StrictJSON
import Testing

/// The tree against the oracle, on random documents and on damaged ones.
@Suite struct AgreementTests {
    static let seeds: [UInt64] = Array(1...150)

    @Test(arguments: seeds) func agreesWithOracleOnValidDocuments(seed: UInt64) throws {
        var documents = RandomDocument(seed: seed)
        let value = documents.value(depth: 5)
        let text = documents.spell(value)
        let tree = try JSONTree(parsing: text)
        #expect(tree.model(tree.root).sorted == value.sorted, "seed \(seed)")
        #expect(Oracle.parse(text)?.sorted == value.sorted, "seed \(seed)")
        #expect(Array(tree.bytes) == text)
    }

    @Test(arguments: seeds) func agreesWithFoundationOnValidDocuments(seed: UInt64) throws {
        var documents = RandomDocument(seed: seed)
        let text = documents.spell(documents.value(depth: 4))
        let tree = try JSONTree(parsing: text)
        let value = try JSONSerialization.jsonObject(with: Data(text), options: [.fragmentsAllowed])
        expectSame(tree, tree.root, value, seed: seed)
    }

    @Test(arguments: seeds) func everyPrefixIsRefused(seed: UInt64) throws {
        var documents = RandomDocument(seed: seed)
        let text = documents.spell(.array([documents.value(depth: 3)]))
        let whole = try #require(text.lastIndex(of: UInt8(ascii: "]")))
        var tree = JSONTree()
        for length in 0...whole {
            #expect(throws: JSONError.self, "seed \(seed), length \(length)") {
                try tree.parse(Array(text[..<length]))
            }
        }
    }

    @Test(arguments: seeds) func damagedDocumentsGetTheOraclesVerdict(seed: UInt64) throws {
        var documents = RandomDocument(seed: seed)
        let text = documents.spell(documents.value(depth: 3))
        var tree = JSONTree()
        let interesting = Array("\"\\{}[]:,0-.eutfn/ \u{0}\u{1F}".utf8) + [0x80, 0xBF, 0xC0, 0xE2, 0xED, 0xF4, 0xFF]
        for _ in 0..<200 where !text.isEmpty {
            var damaged = text
            let place = documents.random.below(damaged.count)
            let byte = interesting[documents.random.below(interesting.count)]
            switch documents.random.below(4) {
            case 0: damaged[place] = byte
            case 1: damaged.insert(byte, at: place)
            case 2: damaged.remove(at: place)
            default: damaged[place] ^= 1 << UInt8(documents.random.below(8))
            }
            let expected = Oracle.parse(damaged)
            let accepted = (try? tree.parse(damaged)) != nil
            let valid = expected.map { !$0.hasDuplicateKeys && $0.depth <= 64 } ?? false
            #expect(accepted == valid, "seed \(seed): \(damaged)")
            if accepted { #expect(tree.model(tree.root) == expected, "seed \(seed): \(damaged)") }
        }
    }

    private func expectSame(_ tree: JSONTree, _ node: JSONNode, _ value: Any, seed: UInt64) {
        switch tree.kind(node) {
        case .null: #expect(value is NSNull, "seed \(seed)")
        case .true, .false: #expect(tree.bool(node) == (value as? Bool), "seed \(seed)")
        case .number:
            let token = String(decoding: tree.bytes[tree.range(node)], as: UTF8.self)
            // Foundation is off by a unit in the last place for many digits (measured), hence the tolerance.
            let exact = Double(token) ?? .nan
            let foundations = (value as? NSNumber)?.doubleValue ?? .nan
            #expect(abs(foundations - exact) <= 1e-14 * abs(exact), "seed \(seed): \(token)")
        case .string: #expect(tree.string(node) == (value as? String), "seed \(seed)")
        case .array:
            let list = value as? [Any] ?? []
            #expect(tree.count(node) == list.count, "seed \(seed)")
            for (element, other) in zip(tree.elements(node), list) { expectSame(tree, element, other, seed: seed) }
        case .object:
            let object = value as? [String: Any] ?? [:]
            #expect(tree.count(node) == object.count, "seed \(seed)")
            for (key, member) in tree.members(node) {
                guard let other = object[tree.string(key) ?? ""] else {
                    Issue.record("seed \(seed): a key is missing")
                    continue
                }
                expectSame(tree, member, other, seed: seed)
            }
        }
    }
}
