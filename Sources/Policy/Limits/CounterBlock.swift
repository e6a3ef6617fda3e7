/// How a counter keeps its time.
enum CounterShape: UInt8 {
    /// Times of calls that all cost the same, exact to the microsecond.
    case ring
    /// Times and costs of calls, exact to the microsecond.
    case costRing
    /// Sums of 64 stretches of the window and the one under way, the oldest counted whole until it has left.
    case subWindows
    /// One sum and the number of its window.
    case fixed
}

/// One counter in the arena's memory: whose it is, and what its window holds.
///
/// Words: fingerprint (2); window, key length, block size, shape; count, head and capacity of the ring; sum; the
/// scope's key; then times (ring), times and costs (cost ring), number of the newest stretch and 65 sums
/// (sub-windows), or the number of the window (fixed). Times are microseconds.
struct CounterBlock {
    /// Live entries above which a ring becomes sub-windows.
    static let maximumRing = 32
    /// Sub-windows that make up a window.
    static let subWindows: Int64 = 64
    private static let headerWords = 5

    let words: UnsafeMutableBufferPointer<UInt64>

    init(_ words: UnsafeMutableBufferPointer<UInt64>) {
        self.words = words
    }

    // MARK: Making

    /// The units a block takes.
    static func units(shape: CounterShape, capacity: Int, keyBytes: Int) -> Int {
        (headerWords + (keyBytes + 7) / 8 + payloadWords(shape, capacity) + 1) / 2
    }

    private static func payloadWords(_ shape: CounterShape, _ capacity: Int) -> Int {
        switch shape {
        case .ring: capacity
        case .costRing: 2 * capacity
        case .subWindows: 2 + Int(subWindows)
        case .fixed: 1
        }
    }

    /// Writes an empty counter into a fresh block.
    func initialize(
        _ limit: LimitIdentity, key: UnsafeRawBufferPointer, shape: CounterShape, capacity: Int, units: Int
    ) {
        words[0] = limit.high
        words[1] = limit.low
        words[2] =
            UInt64(limit.windowSeconds) | UInt64(key.count) << 32 | UInt64(units) << 48 | UInt64(shape.rawValue) << 56
        words[3] = UInt64(capacity) << 16
        words[4] = 0
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(words)[keyRange]).copyMemory(from: key)
        if shape == .subWindows || shape == .fixed { self[0] = .min }
    }

    /// Whether this is the counter of a limit and a scope's value.
    static func matches(
        _ words: UnsafeBufferPointer<UInt64>, _ limit: LimitIdentity, key: UnsafeRawBufferPointer
    ) -> Bool {
        guard words[0] == limit.high, words[1] == limit.low, Int(words[2] >> 32 & 0xFFFF) == key.count else {
            return false
        }
        let start = headerWords * 8
        return UnsafeRawBufferPointer(words)[start..<start + key.count].elementsEqual(key)
    }

    // MARK: Fields

    var units: Int { Int(words[2] >> 48 & 0xFF) }
    var shape: CounterShape { CounterShape(rawValue: UInt8(words[2] >> 56)) ?? .fixed }
    var capacity: Int { Int(words[3] >> 16 & 0xFF) }
    /// The scope's key.
    var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(words)[keyRange]) }
    /// What the window holds, as of the last `settle`.
    var used: Int64 { Int64(bitPattern: words[4]) }
    /// Live entries of a ring, as of the last `settle`.
    var count: Int { Int(words[3] & 0xFF) }

    var window: Int64 { Int64(words[2] & 0xFFFF_FFFF) * 1_000_000 }
    /// Microseconds of a sub-window: the window's 64th part, rounded up.
    var subWindow: Int64 { (window + CounterBlock.subWindows - 1) / CounterBlock.subWindows }

    private var keyRange: Range<Int> {
        let start = CounterBlock.headerWords * 8
        return start..<start + Int(words[2] >> 32 & 0xFFFF)
    }

    private var payload: Int { CounterBlock.headerWords + (Int(words[2] >> 32 & 0xFFFF) + 7) / 8 }

    func setUsed(_ value: Int64) { words[4] = UInt64(bitPattern: value) }

    var head: Int { Int(words[3] >> 8 & 0xFF) }

    func setRing(count: Int, head: Int) {
        words[3] = words[3] & ~0xFFFF | UInt64(count) | UInt64(head) << 8
    }

    func setShape(_ shape: CounterShape, capacity: Int) {
        words[2] = words[2] & ~(0xFF << 56) | UInt64(shape.rawValue) << 56
        words[3] = UInt64(capacity) << 16
    }

    /// One word of what follows the key.
    subscript(index: Int) -> Int64 {
        get { Int64(bitPattern: words[payload + index]) }
        nonmutating set { words[payload + index] = UInt64(bitPattern: newValue) }
    }
}
