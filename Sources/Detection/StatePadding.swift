/// The bytes between a state's fields, which belong to none of them: what lay in memory there before.
///
/// They are zeroed in a snapshot, so that no file gets what was never meant for it, and equal states have equal bytes.
struct StatePadding {
    /// Offsets in a state that no field has, in ascending order.
    let gaps: [Range<Int>]

    /// Finds the gaps of a type by the rule that Swift lays a structure out by: each field at the next offset of its alignment.
    ///
    /// Nil where the rule does not give the size that the compiler gave; a test sees to it that it does for every state.
    init?<State: BitwiseCopyable>(of example: State) {
        var used: [Range<Int>] = []
        let size = Self.visit(example, at: 0, &used)
        guard size == MemoryLayout<State>.size else { return nil }
        var (gaps, end) = ([Range<Int>](), 0)
        for range in used where !range.isEmpty {
            if range.lowerBound > end { gaps.append(end..<range.lowerBound) }
            end = range.upperBound
        }
        if end < MemoryLayout<State>.stride { gaps.append(end..<MemoryLayout<State>.stride) }
        self.gaps = gaps
    }

    /// Zeroes the gaps of states that stand one behind another.
    func clear(_ bytes: inout [UInt8], from start: Int, stride: Int) {
        guard !gaps.isEmpty else { return }
        let end = bytes.count
        bytes.withUnsafeMutableBytes { raw in
            for state in Swift.stride(from: start, to: end, by: stride) {
                for gap in gaps {
                    for offset in gap where state + offset < end { raw[state + offset] = 0 }
                }
            }
        }
    }

    /// The offset behind a value, and where it has something.
    private static func visit<Value>(_ value: Value, at offset: Int, _ used: inout [Range<Int>]) -> Int {
        if let list = value as? any FixedList {
            return list.visitElements(at: offset) { element, place in _ = visit(element, at: place, &used) }
        }
        let mirror = Mirror(reflecting: value)
        let end = offset + MemoryLayout<Value>.size
        guard mirror.displayStyle == .struct, !mirror.children.isEmpty else {
            used.append(offset..<end)
            return end
        }
        var next = offset
        for child in mirror.children { next = field(child.value, behind: next, &used) }
        return next
    }

    private static func field<Field>(_ value: Field, behind offset: Int, _ used: inout [Range<Int>]) -> Int {
        let alignment = MemoryLayout<Field>.alignment
        return visit(value, at: (offset + alignment - 1) / alignment * alignment, &used)
    }
}

/// An array that lies in its owner, whose elements a mirror does not show.
private protocol FixedList {
    /// Calls `body` with each element and its offset; returns the offset behind the last.
    func visitElements(at offset: Int, _ body: (Any, Int) -> Void) -> Int
}

extension InlineArray: FixedList {
    fileprivate func visitElements(at offset: Int, _ body: (Any, Int) -> Void) -> Int {
        for index in indices { body(self[index], offset + index * MemoryLayout<Element>.stride) }
        return offset + MemoryLayout<Self>.size
    }
}
