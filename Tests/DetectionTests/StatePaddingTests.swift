import Testing

@testable import Detection

/// What lies between the fields of a state comes into no snapshot.
@Suite struct StatePaddingTests {
    private struct Inner: BitwiseCopyable {
        var byte: UInt8 = 1
        var word: UInt32 = 2
    }

    private struct Outer: BitwiseCopyable {
        var flag = true
        var list = InlineArray<2, Inner>(repeating: Inner())
        var long: Int64 = 3
        var maybe: UInt8? = 4
        var last: UInt16 = 5
    }

    @Test func gapsAreWhereNoFieldIs() throws {
        let gaps = try #require(StatePadding(of: Outer())).gaps
        // flag, 3 gap, (1, 3 gap, 4) twice, 4 gap, long, maybe in two bytes, last, 4 gap.
        #expect(gaps == [1..<4, 5..<8, 13..<16, 20..<24, 36..<40])
        #expect(MemoryLayout<Outer>.stride == 40)
        #expect(try #require(StatePadding(of: UInt64(7))).gaps.isEmpty)
    }

    @Test func theLayoutOfEveryStateIsFound() {
        let pair = PairState(
            firstSeen: 1, toolIndex: 0, agentIndex: 0,
            declared: PairDeclaration(of: PairName(agent: "", server: "", tool: ""), in: []))
        #expect(StatePadding(of: pair) != nil && StatePadding(of: ToolState()) != nil)
        #expect(StatePadding(of: AgentState()) != nil && StatePadding(of: TroubleState()) != nil)
    }

    @Test func onlyGapsAreZeroed() throws {
        let padding = try #require(StatePadding(of: Outer()))
        var bytes = [UInt8](repeating: 0xAA, count: 8 + 3 * 40)
        padding.clear(&bytes, from: 8, stride: 40)
        let zeroed = bytes.indices.filter { bytes[$0] == 0 }
        let expected = (0..<3).flatMap { state in padding.gaps.flatMap { $0.map { 8 + state * 40 + $0 } } }
        #expect(zeroed == expected)
    }
}
