/// Maps byte strings to numbers: a hash table over one arena, so that a look-up allocates nothing.
struct ByteTable {
    private struct Entry {
        var hash: Int
        var start: Int
        var length: Int
        var value: Int64
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    /// Open addressing: index of an entry + 1, 0 where free; a power of two, at most half full.
    private var slots = [Int32](repeating: 0, count: 256)

    /// The value of a key, nil where there is none.
    func value(of key: UnsafeRawBufferPointer) -> Int64? {
        let hash = ByteTable.hash(key)
        let mask = slots.count - 1
        var slot = hash & mask
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
        let entry = Entry(hash: ByteTable.hash(key), start: arena.count, length: key.count, value: value)
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

    private mutating func place(_ hash: Int, _ number: Int) {
        let mask = slots.count - 1
        var slot = hash & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(number)
    }

    private func isEqual(_ entry: Entry, _ key: UnsafeRawBufferPointer) -> Bool {
        arena.withUnsafeBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[entry.start..<entry.start + entry.length]).elementsEqual(key)
        }
    }

    /// Seeded per process (`Hasher`): callers choose session and client names, and could aim at one slot otherwise.
    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: key)
        return hasher.finalize() & Int.max
    }
}
