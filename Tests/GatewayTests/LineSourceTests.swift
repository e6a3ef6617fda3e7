import Glibc
import Testing

@testable import Gateway

@Suite struct LineSourceTests {
    /// Feeds `chunks` through a pipe one after the other, and gives what is read.
    private func read(_ chunks: [[UInt8]], maximum: Int) -> (bytes: [UInt8], lines: [[UInt8]], longLines: Int) {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let source = LineSource(ends[0], maximum: maximum)
        var result: (bytes: [UInt8], lines: [[UInt8]], longLines: Int) = ([], [], 0)
        func take(_ item: LineSource.Item) -> Bool {
            switch item {
            case .line(let line):
                result.bytes += Array(line)
                result.lines.append(Array(line))
            case .piece(let piece, let isFirst, _):
                result.bytes += Array(piece)
                if isFirst { result.longLines += 1 }
            case .end: return false
            }
            return true
        }
        // Chunks are written whole before they are read: together they fit a pipe.
        for chunk in chunks { _ = chunk.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) } }
        close(ends[1])
        while take(source.next()) {}
        close(ends[0])
        return result
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func everyByteComesOutInOrderWhateverTheLines(seed: UInt64) {
        var random = SplitMix(state: seed)
        let maximum = Int.random(in: 20...4000, using: &random)
        let chunks = (0..<Int.random(in: 1...30, using: &random)).map { _ in
            (0..<Int.random(in: 0...1500, using: &random)).map { _ in
                Int.random(in: 0..<300, using: &random) == 0 ? UInt8(0x0A) : UInt8.random(in: 0...255, using: &random)
            }
        }
        let sent = Array(chunks.joined())
        let got = read(chunks, maximum: maximum)
        #expect(got.bytes == sent, "seed \(seed)")
        #expect(got.lines.allSatisfy { $0.count <= maximum && !$0.dropLast().contains(0x0A) }, "seed \(seed)")
        let long = sent.split(separator: 0x0A, omittingEmptySubsequences: false).count { $0.count + 1 > maximum }
        #expect(abs(got.longLines - long) <= 1, "seed \(seed)")
    }

    @Test func aLineLongerThanTheBoundComesInPieces() {
        let long = [UInt8](repeating: 0x78, count: 500) + [0x0A]
        let got = read([Array("a\n".utf8), long, Array("b\nc".utf8)], maximum: 100)
        #expect(got.lines == [Array("a\n".utf8), Array("b\n".utf8), Array("c".utf8)])
        #expect(got.longLines == 1)
    }
}

/// SplitMix64.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
