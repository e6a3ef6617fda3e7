/// Blocks of memory for counters, in pages that never move.
///
/// Counters differ in size and come and go by the million. Blocks of one size are reused through a free list, so a
/// counter costs its own bytes and no allocation, and growing never copies what is there.
struct CounterArena: Sendable {
    /// Bytes of a unit, in which blocks are measured.
    static let unitBytes = 16
    /// Units of a page, 64 KiB.
    private static let pageUnits: UInt32 = 4096
    /// The largest block, in units.
    static let maximumUnits = 127
    private static let none = UInt32.max

    private var pages: [[UInt64]] = []
    /// Units of the last page in use.
    private var filled = pageUnits
    /// First free block of each size; each free block's first word is the next one.
    private var free = [UInt32](repeating: none, count: maximumUnits + 1)

    /// Bytes in use or kept for reuse.
    var bytes: Int { pages.count * Int(CounterArena.pageUnits) * CounterArena.unitBytes }

    /// Forgets all blocks and gives their memory back.
    mutating func removeAll() {
        self = CounterArena()
    }

    /// Takes a block of `units`, which must be from 1 to `maximumUnits`; its content is undefined.
    mutating func allocate(units: Int) -> UInt32 {
        let head = free[units]
        if head != CounterArena.none {
            free[units] = UInt32(truncatingIfNeeded: withBlock(head) { $0[0] })
            return head
        }
        if filled + UInt32(units) > CounterArena.pageUnits {
            let rest = Int(CounterArena.pageUnits - filled)
            if rest > 0, let last = pages.indices.last {
                release(UInt32(last) * CounterArena.pageUnits + filled, units: rest)
            }
            pages.append([UInt64](repeating: 0, count: Int(CounterArena.pageUnits) * 2))
            filled = 0
        }
        let handle = UInt32(pages.count - 1) * CounterArena.pageUnits + filled
        filled += UInt32(units)
        return handle
    }

    /// Gives a block back.
    mutating func release(_ handle: UInt32, units: Int) {
        let next = free[units]
        withMutableBlock(handle) { $0[0] = UInt64(next) }
        free[units] = handle
    }

    /// Lends the words from a block's first on, for reading.
    @inline(__always)
    func withBlock<Result>(_ handle: UInt32, _ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        let (page, unit) = handle.quotientAndRemainder(dividingBy: CounterArena.pageUnits)
        return pages[Int(page)].withUnsafeBufferPointer { words in
            body(UnsafeBufferPointer(rebasing: words[(Int(unit) * 2)...]))
        }
    }

    /// Lends the words from a block's first on, for reading and writing.
    @inline(__always)
    mutating func withMutableBlock<Result>(
        _ handle: UInt32, _ body: (UnsafeMutableBufferPointer<UInt64>) -> Result
    ) -> Result {
        let (page, unit) = handle.quotientAndRemainder(dividingBy: CounterArena.pageUnits)
        return pages[Int(page)].withUnsafeMutableBufferPointer { words in
            body(UnsafeMutableBufferPointer(rebasing: words[(Int(unit) * 2)...]))
        }
    }
}
