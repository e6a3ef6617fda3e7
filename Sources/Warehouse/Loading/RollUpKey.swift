/// The key of a roll-up's row: a start in seconds since 1970, three ids of at most 100,001 or a bucket, an outcome.
struct RollUpKey {
    var start: Int64
    var first: Int64
    var second: Int64
    var third: Int64
    var outcome: Int64

    /// Starts are whole hours of the years 0 to 9999; the offset keeps them positive and in order.
    private static let offset: Int64 = 1 << 27

    /// Two words whose order is the order of the parts.
    @inline(__always)
    static func packed(start: Int64, _ first: Int64, _ second: Int64, _ third: Int64, outcome: Int64) -> PackedKey {
        PackedKey(
            high: UInt64(truncatingIfNeeded: (start / Clock.hour + offset) << 20 | first),
            low: UInt64(truncatingIfNeeded: second << 28 | third << 8 | outcome))
    }

    /// The same key with another start.
    static func moved(_ key: PackedKey, to start: Int64) -> PackedKey {
        var key = key
        key.high = UInt64(truncatingIfNeeded: (start / Clock.hour + offset) << 20) | key.high & 0xFFFFF
        return key
    }

    init(_ key: PackedKey) {
        start = (Int64(key.high >> 20) - RollUpKey.offset) * Clock.hour
        first = Int64(key.high & 0xFFFFF)
        second = Int64(key.low >> 28)
        third = Int64(key.low >> 8 & 0xFFFFF)
        outcome = Int64(key.low & 0xFF)
    }
}
