/// A row of bits in one, two, four or eight machine words.
protocol BitRow {
    /// How many machine words.
    static var words: Int { get }

    init(words: UnsafePointer<UInt64>)
    static func | (left: Self, right: Self) -> Self
    static func & (left: Self, right: Self) -> Self
    /// All bits one place lower.
    var shiftedDown: Self { get }
    var isEmpty: Bool { get }
    func word(_ index: Int) -> UInt64
    func equals(_ other: Self) -> Bool
}

extension BitRow {
    /// The row whose words begin at an index of an array.
    @inline(__always)
    static func row(_ rows: UnsafePointer<UInt64>, at index: Int) -> Self {
        Self(words: rows + index)
    }
}

extension UInt64: BitRow {
    static var words: Int { 1 }

    @inline(__always)
    init(words: UnsafePointer<UInt64>) { self = words[0] }

    @inline(__always)
    var shiftedDown: UInt64 { self >> 1 }

    @inline(__always)
    var isEmpty: Bool { self == 0 }

    @inline(__always)
    func word(_ index: Int) -> UInt64 { self }

    @inline(__always)
    func equals(_ other: UInt64) -> Bool { self == other }
}

extension SIMD2<UInt64>: BitRow {
    static var words: Int { 2 }

    @inline(__always)
    var shiftedDown: Self { self &>> 1 | Self(self[1], 0) &<< 63 }

    @inline(__always)
    var isEmpty: Bool { self[0] | self[1] == 0 }
}

extension SIMD4<UInt64>: BitRow {
    static var words: Int { 4 }

    @inline(__always)
    var shiftedDown: Self { self &>> 1 | Self(self[1], self[2], self[3], 0) &<< 63 }

    @inline(__always)
    var isEmpty: Bool { (lowHalf | highHalf).isEmpty }
}

extension SIMD8<UInt64>: BitRow {
    static var words: Int { 8 }

    @inline(__always)
    var shiftedDown: Self {
        self &>> 1 | Self(self[1], self[2], self[3], self[4], self[5], self[6], self[7], 0) &<< 63
    }

    @inline(__always)
    var isEmpty: Bool { (lowHalf | highHalf).isEmpty }
}

extension SIMD where Scalar == UInt64 {
    @inline(__always)
    init(words: UnsafePointer<UInt64>) {
        self = UnsafeRawPointer(words).loadUnaligned(as: Self.self)
    }

    @inline(__always)
    func word(_ index: Int) -> UInt64 { self[index] }

    @inline(__always)
    func equals(_ other: Self) -> Bool { self == other }
}
