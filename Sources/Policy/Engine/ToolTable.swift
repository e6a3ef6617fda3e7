/// Finds tools by the bytes of their names, at a cost that does not grow with their number.
///
/// Flat, for memory is what a large table costs: a look-up reads one place and one name, each from one array.
struct ToolTable: Sendable {
    private struct Place {
        /// Index + 1; 0 is a free place, and at least half of the places are free.
        var number: UInt32 = 0
        var hash: UInt32 = 0
        var start: UInt32 = 0
        var length: UInt32 = 0
    }

    private var places: [Place]
    /// All names, one behind the other.
    private var bytes: [UInt8] = []

    init(_ names: [String]) {
        var size = 4
        while size < 2 * names.count { size *= 2 }
        places = [Place](repeating: Place(), count: size)
        for (index, name) in names.enumerated() {
            let name = Array(name.utf8)
            let hash = name.withUnsafeBytes { ToolTable.hash($0) }
            var place = Int(hash) & (size - 1)
            while places[place].number != 0 { place = (place + 1) & (size - 1) }
            places[place] = Place(
                number: UInt32(index + 1), hash: hash, start: UInt32(bytes.count), length: UInt32(name.count))
            bytes += name
        }
    }

    /// The index of a name among those the table was made of.
    func index(of name: UnsafeRawBufferPointer) -> Int? {
        let hash = ToolTable.hash(name)
        return places.withUnsafeBufferPointer { places in
            var at = Int(hash) & (places.count - 1)
            while places[at].number != 0 {
                let place = places[at]
                if place.hash == hash, isName(at: place, name) { return Int(place.number) - 1 }
                at = (at + 1) & (places.count - 1)
            }
            return nil
        }
    }

    private func isName(at place: Place, _ name: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { bytes in
            bytes[Int(place.start)..<Int(place.start + place.length)].elementsEqual(name)
        }
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
