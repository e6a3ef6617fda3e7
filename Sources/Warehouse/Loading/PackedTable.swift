/// Two words that name a group; compared as one number.
struct PackedKey: Hashable, Comparable {
    var high: UInt64
    var low: UInt64

    static func < (a: PackedKey, b: PackedKey) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }
}

/// Sums by key: a hash table over two arrays.
///
/// Keys are numbers of our own making, so a plain mix serves as a hash, and
/// a look-up costs a quarter of `Dictionary`'s.
struct PackedTable<Value> {
    private(set) var keys: [PackedKey] = []
    var values: [Value] = []
    /// Open addressing: index of an entry + 1, 0 where free; a power of two, at most half full.
    private var slots = [Int32](repeating: 0, count: 64)

    var count: Int { keys.count }

    /// The index of a key's value, `initial` put there first where there is none.
    @inline(__always)
    mutating func index(of key: PackedKey, initial: @autoclosure () -> Value) -> Int {
        let mask = slots.count - 1
        var slot = PackedTable.hash(key) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if keys[index] == key { return index }
            slot = (slot + 1) & mask
        }
        keys.append(key)
        values.append(initial())
        slots[slot] = Int32(truncatingIfNeeded: keys.count)
        if keys.count * 2 > slots.count { grow() }
        return keys.count - 1
    }

    /// A key's value, nil where there is none.
    func value(of key: PackedKey) -> Value? {
        let mask = slots.count - 1
        var slot = PackedTable.hash(key) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if keys[index] == key { return values[index] }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Indices in the order of their keys.
    func sortedIndices() -> [Int] {
        keys.indices.sorted { keys[$0] < keys[$1] }
    }

    /// Forgets everything but its memory.
    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        slots = [Int32](repeating: 0, count: max(64, slots.count))
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (index, key) in keys.enumerated() {
            var slot = PackedTable.hash(key) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(truncatingIfNeeded: index + 1)
        }
    }

    @inline(__always)
    private static func hash(_ key: PackedKey) -> Int {
        let mixed = (key.high ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: key.low ^ 0xD6E8_FEB8_6659_FD93)
        return Int(truncatingIfNeeded: mixed.high ^ mixed.low)
    }
}
