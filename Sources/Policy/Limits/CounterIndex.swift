/// Finds counters by hash: open addressing with linear probing, eight bytes a place.
struct CounterIndex: Sendable {
    private static let smallest = 16

    /// Hash above, handle + 1 below; 0 is a free place.
    private var places = [UInt64](repeating: 0, count: smallest)
    /// How many counters there are.
    private(set) var count = 0

    var bytes: Int { places.count * MemoryLayout<UInt64>.stride }
    /// How many places there are, for walking over them.
    var placeCount: Int { places.count }

    /// The handle at a place, nil where it is free.
    func handle(at place: Int) -> UInt32? {
        let found = places[place]
        return found == 0 ? nil : UInt32(truncatingIfNeeded: found) &- 1
    }

    /// The counter of a hash that a test recognises.
    @inline(__always)
    func find(_ hash: UInt32, _ isWanted: (UInt32) -> Bool) -> UInt32? {
        var place = Int(hash) & (places.count - 1)
        while places[place] != 0 {
            let handle = UInt32(truncatingIfNeeded: places[place]) &- 1
            if UInt32(truncatingIfNeeded: places[place] >> 32) == hash, isWanted(handle) { return handle }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    mutating func insert(_ hash: UInt32, _ handle: UInt32) {
        if (count + 1) * 4 > places.count * 3 { grow() }
        put(UInt64(hash) << 32 | UInt64(handle &+ 1))
        count += 1
    }

    /// Makes a place point to a counter's new block.
    mutating func move(_ hash: UInt32, from old: UInt32, to new: UInt32) {
        var place = Int(hash) & (places.count - 1)
        while places[place] != 0 {
            if UInt32(truncatingIfNeeded: places[place]) == old &+ 1 {
                places[place] = UInt64(hash) << 32 | UInt64(new &+ 1)
                return
            }
            place = (place + 1) & (places.count - 1)
        }
    }

    /// Frees a place and moves up what was pushed behind it.
    mutating func remove(at place: Int) {
        let mask = places.count - 1
        var hole = place
        var next = (hole + 1) & mask
        while places[next] != 0 {
            let home = Int(places[next] >> 32) & mask
            if (next - home) & mask >= (next - hole) & mask {
                places[hole] = places[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        places[hole] = 0
        count -= 1
    }

    mutating func removeAll() {
        self = CounterIndex()
    }

    private mutating func grow() {
        let old = places
        places = [UInt64](repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { put(entry) }
    }

    private mutating func put(_ entry: UInt64) {
        var place = Int(entry >> 32) & (places.count - 1)
        while places[place] != 0 { place = (place + 1) & (places.count - 1) }
        places[place] = entry
    }
}
