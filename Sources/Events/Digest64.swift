/// The first eight bytes of a hash, written as 16 lower-case hexadecimal digits.
public struct Digest64: Sendable, Hashable {
    /// The eight bytes, big-endian.
    public var value: UInt64

    /// Wraps the eight bytes, big-endian.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// Takes the first eight bytes of a hash; nil when there are fewer.
    public init?(prefixOf hash: some Sequence<UInt8>) {
        var value: UInt64 = 0
        var count = 0
        for byte in hash.prefix(8) {
            value = value << 8 | UInt64(byte)
            count += 1
        }
        guard count == 8 else { return nil }
        self.value = value
    }

    /// Reads exactly 16 lower-case hexadecimal digits.
    public init?(hex: some Sequence<UInt8>) {
        var value: UInt64 = 0
        var count = 0
        for byte in hex {
            let nibble: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt64(nibble)
            count += 1
        }
        guard count == 16 else { return nil }
        self.value = value
    }
}

extension Digest64: CustomStringConvertible {
    /// 16 lower-case hexadecimal digits.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
