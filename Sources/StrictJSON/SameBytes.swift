/// Whether two buffers hold the same bytes; up to sixteen cost two comparisons.
@inline(__always)
func sameBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    let count = left.count
    guard count == right.count else { return false }
    guard count >= 8 else { return sameFewBytes(left, right, count) }
    func differs(at offset: Int) -> Bool {
        left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    var at = 0
    while at &+ 8 < count {
        if differs(at: at) { return false }
        at &+= 8
    }
    // The last eight may overlap those before them.
    return !differs(at: count &- 8)
}

@inline(__always)
private func sameFewBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ count: Int) -> Bool {
    guard count < 4 else {
        func differs(at offset: Int) -> Bool {
            left.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                != right.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        }
        return !differs(at: 0) && !differs(at: count &- 4)
    }
    for index in 0..<count where left[index] != right[index] { return false }
    return true
}
