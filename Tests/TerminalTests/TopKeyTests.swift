import Events
import Testing

@testable import Terminal

@Suite("TopKeyDecoder")
struct TopKeyTests {
    private static let sequences: [(bytes: String, key: TopKey?)] = [
        ("\u{1B}[A", .up), ("\u{1B}[B", .down), ("\u{1B}OC", .right), ("\u{1B}OD", .left), ("\u{1B}[1;5A", .up),
        ("\u{1B}[H", .home), ("\u{1B}[4~", .end), ("\u{1B}[5~", .pageUp), ("\u{1B}[6~", .pageDown),
        ("\u{1B}[Z", .backTab),
        ("\u{1B}OP", .help), ("\u{1B}[11~", .help), ("\u{1B}[3~", nil), ("\u{1B}[[A", .up), ("\u{1B}[200~", nil),
        ("\u{1B}x", nil), ("\r", .enter), ("\n", .enter), ("\t", .tab), ("\u{7F}", .backspace), ("\u{8}", .backspace),
        ("\u{15}", .clear), ("\u{C}", .redraw), ("\u{1}", nil), ("q", .character("q")), ("é", .character("é")),
        ("語", .character("語")), ("😀", .character("😀")),
    ]

    @Test func eachSequenceIsOneKeyHoweverItIsCut() {
        for (bytes, key) in TopKeyTests.sequences {
            let expected = key.map { [$0] } ?? []
            var whole = TopKeyDecoder()
            #expect(whole.feed(bytes.utf8) == expected, "\(bytes.debugDescription)")
            var pieces = TopKeyDecoder()
            #expect(bytes.utf8.flatMap { pieces.feed([$0]) } == expected, "\(bytes.debugDescription)")
            #expect(!pieces.isPending)
        }
    }

    @Test func anEscapeIsAKeyOnceNothingFollows() {
        var decoder = TopKeyDecoder()
        #expect(decoder.feed([0x1B]).isEmpty)
        #expect(decoder.isPending)
        #expect(decoder.timeOut() == [.escape])
        #expect(decoder.timeOut().isEmpty)
    }

    @Test func escapeTwiceIsTheKeyTwice() {
        var decoder = TopKeyDecoder()
        #expect(decoder.feed([0x1B, 0x1B]) == [.escape])
        #expect(decoder.timeOut() == [.escape])
        #expect(decoder.feed("\u{1B}\u{1B}[A".utf8) == [.escape, .up])
    }

    @Test func rubbishNeverBlocksTheNextKey() {
        var random = SplitMix(seed: 3)
        for round in 0..<2_000 {
            var decoder = TopKeyDecoder()
            _ = decoder.feed((0..<Int(random.next() % 80)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            _ = decoder.timeOut()
            #expect(decoder.feed("q".utf8) == [.character("q")], "seed 3, round \(round)")
        }
    }
}
