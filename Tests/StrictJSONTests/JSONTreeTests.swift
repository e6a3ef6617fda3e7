import Testing

@testable import StrictJSON

@Suite struct JSONTreeTests {
    @Test(arguments: [
        ("", JSONError.Code.empty, 0), (" \n\t\r", .empty, 4), ("\u{FEFF}{}", .byteOrderMark, 0),
        ("{} {}", .trailingBytes, 3), ("1 2", .trailingBytes, 2), ("[1,]", .expectedValue, 3),
        ("[,1]", .expectedValue, 1), ("{,}", .expectedKey, 1), ("{\"a\":1,}", .expectedKey, 7),
        ("{a:1}", .expectedKey, 1), ("{'a':1}", .expectedKey, 1), ("{\"a\" 1}", .expectedColon, 5),
        ("{\"a\":}", .expectedValue, 5), ("[1 2]", .expectedCommaOrEnd, 3), ("[1}", .expectedCommaOrEnd, 2),
        ("{\"a\":1]", .expectedCommaOrEnd, 6), ("[", .truncated, 1), ("{\"a\"", .truncated, 4), ("\"a", .truncated, 2),
        ("tru", .truncated, 3), ("trux", .badLiteral, 0), ("nul!", .badLiteral, 0), ("True", .expectedValue, 0),
        ("NaN", .expectedValue, 0), ("Infinity", .expectedValue, 0), ("-Infinity", .badNumber, 0),
        ("01", .badNumber, 0), ("-01", .badNumber, 0), ("00", .badNumber, 0), ("+1", .expectedValue, 0),
        (".5", .expectedValue, 0), ("1.", .truncated, 2), ("[1.]", .badNumber, 1), ("[1.e3]", .badNumber, 1),
        ("[1e]", .badNumber, 1), ("[1e+]", .badNumber, 1), ("-", .truncated, 1), ("[-]", .badNumber, 1),
        ("0x10", .trailingBytes, 1), ("[1_000]", .expectedCommaOrEnd, 2), ("[/* */1]", .expectedValue, 1),
        ("\"\n\"", .controlCharacterInString, 1), ("\"\u{0}\"", .controlCharacterInString, 1),
        ("\"\\x41\"", .badEscape, 1), ("\"\\'\"", .badEscape, 1), ("\"\\u12g4\"", .badEscape, 1),
        ("\"\\U0041\"", .badEscape, 1), ("\"\\ud800\"", .loneSurrogate, 1), ("\"\\udc00\"", .loneSurrogate, 1),
        ("\"\\ud800\\u0041\"", .loneSurrogate, 1), ("\"\\ud800\\n\"", .loneSurrogate, 1),
        ("\"\\udc00\\ud800\"", .loneSurrogate, 1), ("\"\\ud800x\"", .loneSurrogate, 1),
        ("{\"a\":1,\"a\":2}", .duplicateKey, 7), ("[{\"a\":{\"b\":1,\"\\u0062\":2}}]", .duplicateKey, 13),
        ("\u{A0}1", .expectedValue, 0), ("[1,\u{B}2]", .expectedValue, 3),
    ])
    func refusesWithCodeAndOffset(text: String, code: JSONError.Code, offset: Int) {
        #expect(throws: JSONError(code: code, offset: offset)) { try JSONTree(parsing: Array(text.utf8)) }
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xFE], [0xE2, 0x82, 0x28], [0xF0, 0x9F, 0x98, 0x28],
        ] as [[UInt8]])
    func refusesEverythingThatIsNotUTF8(sequence: [UInt8]) {
        let document = [UInt8(ascii: "\"")] + sequence + [UInt8(ascii: "\"")]
        #expect(throws: JSONError(code: .invalidUTF8, offset: 1)) { try JSONTree(parsing: document) }
    }

    @Test func readsEveryKindWithItsRange() throws {
        let text = #" {"a" : [null, true, false, -1.5e+3, "x\u00e9\ud83d\ude00\n"], "b":{}} "#
        let tree = try JSONTree(parsing: Array(text.utf8))
        let list = try #require(tree.member(tree.root, "a"))
        #expect(tree.elements(list).map { tree.kind($0) } == [.null, .true, .false, .number, .string])
        #expect(
            tree.elements(list).map { String(decoding: tree.bytes[tree.range($0)], as: UTF8.self) }
                == ["null", "true", "false", "-1.5e+3", #""x\u00e9\ud83d\ude00\n""#])
        let last = try #require(tree.element(list, at: 4))
        #expect(tree.string(last) == "xé😀\n")
        #expect(tree.text(last, is: "xé😀\n"))
        #expect(!tree.text(last, is: "xé😀"))
        #expect(tree.element(list, at: 5) == nil)
        #expect(tree.element(list, at: -1) == nil)
        #expect(tree.count(list) == 5)
        #expect(tree.count(tree.root) == 2)
        let object = try #require(tree.member(tree.root, named: "b"))
        #expect(tree.range(object) == 67..<69)
        #expect(tree.range(tree.root) == 1..<70)
        #expect(tree.member(tree.root, "c") == nil)
        #expect(tree.member(list, "a") == nil)
        #expect(tree.elements(object).map { $0.index } == [])
    }

    @Test func keysAreComparedAfterUnescaping() throws {
        let tree = try JSONTree(parsing: Array(#"{"\u006eame":1,"na\/me":2}"#.utf8))
        #expect(tree.member(tree.root, "name").flatMap { tree.number($0) } == JSONNumber(1))
        #expect(tree.member(tree.root, "na/me").flatMap { tree.number($0) } == JSONNumber(2))
        #expect(tree.member(tree.root, #"\u006eame"#) == nil)
    }

    @Test func depthCountsContainersOpenAtOnce() throws {
        let limits = JSONLimits(maximumDepth: 3)
        #expect(throws: Never.self) { try JSONTree(parsing: Array("[[[]],[{}]]".utf8), limits: limits) }
        #expect(throws: JSONError(code: .tooDeep, offset: 3)) {
            try JSONTree(parsing: Array("[[[[".utf8), limits: limits)
        }
    }

    @Test func depthCostsNoStack() throws {
        let depth = 300_000
        let text =
            [UInt8](repeating: UInt8(ascii: "["), count: depth) + Array(repeating: UInt8(ascii: "]"), count: depth)
        let tree = try JSONTree(parsing: text, limits: JSONLimits(maximumDepth: depth))
        #expect(tree.canonical(tree.root) == text)
        #expect(throws: JSONError(code: .tooDeep, offset: 64)) { try JSONTree(parsing: text) }
    }

    @Test func sizeIsCheckedBeforeAnythingElse() throws {
        let limits = JSONLimits(maximumBytes: 4)
        #expect(throws: Never.self) { try JSONTree(parsing: Array("null".utf8), limits: limits) }
        #expect(throws: JSONError(code: .tooLarge, offset: 4)) {
            try JSONTree(parsing: Array("!!!!!".utf8), limits: limits)
        }
    }

    @Test func refusalLeavesAnEmptyTree() throws {
        var tree = try JSONTree(parsing: Array("[1,2,3]".utf8))
        for text in ["[1,2,", #"{"a":1,"a":2}"#, ""] {
            #expect(throws: JSONError.self) { try tree.parse(Array(text.utf8)) }
            #expect(tree.kind(tree.root) == .null)
            #expect(tree.range(tree.root) == 0..<0)
        }
    }

    @Test func aWarmTreeKeepsItsMemory() throws {
        let text = Array((#"{"k":["# + Array(repeating: #"{"a":1}"#, count: 500).joined(separator: ",") + "]}").utf8)
        var tree = try JSONTree(parsing: text)
        let nodes = tree.nodes.count
        let address = tree.bytes.withUnsafeBufferPointer { $0.baseAddress }
        for _ in 0..<10 { try tree.parse(text) }
        #expect(tree.nodes.count == nodes)
        #expect(tree.bytes.withUnsafeBufferPointer { $0.baseAddress } == address)
        tree.releaseMemory(above: 100)
        #expect(tree.nodes.count == 1)
        #expect(tree.kind(tree.root) == .null)
    }

    @Test func pointersFollowRFC6901() throws {
        let tree = try JSONTree(parsing: Array(#"{"tools":{"a/b~c":[1,{"x":null}]},"":0}"#.utf8))
        let tools = try #require(tree.member(tree.root, "tools"))
        let list = try #require(tree.member(tools, "a/b~c"))
        let inner = try #require(tree.element(list, at: 1).flatMap { tree.member($0, "x") })
        #expect(tree.pointer(to: tree.root).isEmpty)
        #expect(tree.pointer(to: inner) == "/tools/a~1b~0c/1/x")
        #expect(tree.pointer(to: try #require(tree.member(tree.root, ""))) == "/")
        let key = try #require(tree.members(tools).first { _ in true }?.key)
        #expect(tree.pointer(to: key) == "/tools/a~1b~0c")
    }

    @Test(arguments: [
        ("name", true), ("NAME", true), ("nAmE", true), (#"\u004eame"#, true), ("names", false), ("nam", false),
        ("näme", false),
    ])
    func foldsLikeReadersThatIgnoreCase(key: String, expected: Bool) throws {
        let tree = try JSONTree(parsing: Array("[\"\(key)\"]".utf8))
        let node = try #require(tree.element(tree.root, at: 0))
        #expect(tree.folds(node, to: "name" as StaticString) == expected)
        #expect(tree.folds(node, to: "name" as String) == expected)
    }

    @Test func foldsTheScalarsThatEndInASCII() throws {
        let tree = try JSONTree(parsing: Array(#"["argument\u017f","taſ\u212A","ıd","İD","ÉTÉ","ΣΑΣ"]"#.utf8))
        let nodes = Array(tree.elements(tree.root))
        let keys = ["arguments", "task", "id", "id", "été", "σας"]
        for (node, key) in zip(nodes, keys) { #expect(tree.folds(node, to: key), "\(key)") }
    }
}
