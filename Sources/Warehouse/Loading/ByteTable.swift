#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Maps byte strings to numbers: a hash table over one arena, so that a look-up allocates nothing.
struct ByteTable {
    private struct Entry {
        var hash: UInt64
        var start: Int
        var length: Int
        var value: Int64
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    /// Open addressing: index of an entry + 1, 0 where free; a power of two, at most half full.
    private var slots = [Int32](repeating: 0, count: 256)
    // Callers choose session and client names, and could aim at one slot otherwise. No result depends on it.
    private let seed = UInt64.random(in: .min ... .max)

    var count: Int { entries.count }

    /// The value of a key, nil where there is none.
    @inline(__always)
    func value(of key: UnsafeRawBufferPointer) -> Int64? {
        let hash = ByteTable.hash(key, seed)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, entry.length == key.count, isEqual(entry, key) { return entry.value }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Adds a key that is not there yet.
    mutating func insert(_ key: UnsafeRawBufferPointer, _ value: Int64) {
        if (entries.count + 1) * 2 > slots.count { grow() }
        let entry = Entry(hash: ByteTable.hash(key, seed), start: arena.count, length: key.count, value: value)
        arena.append(contentsOf: key)
        entries.append(entry)
        place(entry.hash, entries.count)
    }

    /// Forgets everything.
    mutating func removeAll() {
        self = ByteTable()
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        for (index, entry) in entries.enumerated() { place(entry.hash, index + 1) }
    }

    private mutating func place(_ hash: UInt64, _ number: Int) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(number)
    }

    @inline(__always)
    private func isEqual(_ entry: Entry, _ key: UnsafeRawBufferPointer) -> Bool {
        arena.withUnsafeBytes { bytes in
            guard let ours = bytes.baseAddress, let theirs = key.baseAddress else { return key.isEmpty }
            return memcmp(ours + entry.start, theirs, key.count) == 0
        }
    }

    /// Multiply and fold, 16 bytes at a time (the construction of wyhash, https://github.com/wangyi-fudan/wyhash).
    @inline(__always)
    private static func hash(_ key: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(key.count)
        var rest = key.count
        var offset = 0
        while rest >= 16 {
            hash = fold(
                key.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ 0xA076_1D64_78BD_642F,
                key.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self) ^ hash)
            offset += 16
            rest -= 16
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        if rest >= 8 {
            low = key.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
            rest -= 8
        }
        for index in 0..<rest { high = high << 8 | UInt64(key[offset + index]) }
        return fold(low ^ 0xE703_7ED1_A0B4_28DB, high ^ hash)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
