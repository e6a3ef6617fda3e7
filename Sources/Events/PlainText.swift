/// Text that stands in JSON as it is: no byte of it needs an escape.
///
/// Copied and looked at in one go, sixteen bytes at a time: nearly all texts are plain and shorter than a hundred bytes, and
/// a look of its own before a `memmove` took twice as long (`Measure encode`).
enum PlainText {
    /// Copies bytes, and gives whether all of them are plain; where not, what was copied is of no use.
    ///
    /// - Parameter target: room for as many bytes.
    @inline(__always)
    static func copy(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) -> Bool {
        // The last words overlap those before.
        let count = source.count
        if count >= 16 {
            var marks = copySixteen(source, to: target, at: count - 16)
            for offset in stride(from: 0, to: count - 16, by: 16) {
                marks |= copySixteen(source, to: target, at: offset)
            }
            return marks[0] | marks[1] == 0
        }
        if count >= 8 {
            let (first, last) = (
                source.loadUnaligned(as: UInt64.self), source.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            )
            target.storeBytes(of: first, as: UInt64.self)
            target.storeBytes(of: last, toByteOffset: count - 8, as: UInt64.self)
            return marks(in: first) | marks(in: last) == 0
        }
        for index in 0..<count {
            let byte = source[index]
            guard !needsEscape(byte) else { return false }
            target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        return true
    }

    /// Whether a byte needs an escape: RFC 8259 §7, and DEL, which terminals take for a command.
    @inline(__always)
    static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
    }

    /// Gives bits where one of sixteen bytes needs an escape.
    @inline(__always)
    private static func copySixteen(
        _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, at offset: Int
    ) -> SIMD2<UInt64> {
        let bytes = source.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
        target.storeBytes(of: bytes, toByteOffset: offset, as: SIMD16<UInt8>.self)
        let mask =
            (bytes .< sixteen(0x20)) .| (bytes .== sixteen(0x22)) .| (bytes .== sixteen(0x5C))
            .| (bytes .== sixteen(0x7F))
        return unsafeBitCast(mask, to: SIMD2<UInt64>.self)
    }

    /// Sixteen times the same; Swift 6.3 makes a loop of `SIMD16(repeating:)`, ten times as slow.
    @inline(__always)
    private static func sixteen(_ b: UInt8) -> SIMD16<UInt8> {
        SIMD16(b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b)
    }

    /// The high bits of bytes that need an escape.
    ///
    /// A byte of `x` is below `n` (at most 128) where `(x - n) & ~x` has its high bit, and equal to one where its
    /// difference from it, by `^`, is below 1; a borrow can only mark bytes behind one that is marked already.
    @inline(__always)
    private static func marks(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var marks = (word &- ones &* 0x20) & ~word
        let (quote, backslash, delete) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C), word ^ (ones &* 0x7F))
        marks |= (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (delete &- ones) & ~delete
        return marks & (ones &* 0x80)
    }
}
