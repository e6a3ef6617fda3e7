/// Finds tools by the bytes of their names, at a cost that does not grow with their number.
struct ToolTable: Sendable {
    private var names: [[UInt8]]
    /// Hash above, index + 1 below; 0 is a free place, and at least half of the places are free.
    private var places: [UInt64]

    init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
        var size = 4
        while size < 2 * names.count { size *= 2 }
        places = [UInt64](repeating: 0, count: size)
        for index in self.names.indices {
            let hash = self.names[index].withUnsafeBytes { ToolTable.hash($0) }
            var place = Int(hash) & (size - 1)
            while places[place] != 0 { place = (place + 1) & (size - 1) }
            places[place] = UInt64(hash) << 32 | UInt64(index + 1)
        }
    }

    /// The index of a name among those the table was made of.
    func index(of name: UnsafeRawBufferPointer) -> Int? {
        let hash = ToolTable.hash(name)
        var place = Int(hash) & (places.count - 1)
        while places[place] != 0 {
            let index = Int(places[place] & 0xFFFF_FFFF) - 1
            if UInt32(truncatingIfNeeded: places[place] >> 32) == hash, names[index].elementsEqual(name) {
                return index
            }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    func index(of name: String) -> Int? {
        if let found = name.utf8.withContiguousStorageIfAvailable({ index(of: UnsafeRawBufferPointer($0)) }) {
            return found
        }
        var copy = name
        return copy.withUTF8 { index(of: UnsafeRawBufferPointer($0)) }
    }

    /// FNV-1a, 32 bits: names come from the policy, so nobody can fill the table with collisions.
    private static func hash(_ name: UnsafeRawBufferPointer) -> UInt32 {
        let hash = name.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return hash ^ hash >> 15
    }
}
