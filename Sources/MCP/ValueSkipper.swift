import Glibc
import StrictJSON

/// Walks over JSON without checking it: finds where values end and looks at the keys of chosen objects.
struct ValueSkipper {
    /// The keys that tell something about a server's message.
    enum Key {
        case id
        case method
        case params
        case result
        case error
        case isError
        case resultType
        case code
        case progressToken
        case other

        init(_ text: UnsafeRawBufferPointer) {
            func matches(_ name: StaticString) -> Bool {
                guard let base = text.baseAddress else { return false }
                return memcmp(base, name.utf8Start, name.utf8CodeUnitCount) == 0
            }
            switch text.count {
            case 2 where matches("id"): self = .id
            case 4 where matches("code"): self = .code
            case 5 where matches("error"): self = .error
            case 6 where matches("result"): self = .result
            case 6 where matches("method"): self = .method
            case 6 where matches("params"): self = .params
            case 7 where matches("isError"): self = .isError
            case 10 where matches("resultType"): self = .resultType
            case 13 where matches("progressToken"): self = .progressToken
            default: self = .other
            }
        }
    }

    let bytes: UnsafeRawBufferPointer
    private(set) var at: Int

    init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) {
        self.bytes = bytes
        at = start
    }

    /// The byte that comes next; nil at the end.
    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    /// Whether only white space is left.
    var isAtEnd: Bool { bytes[at...].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D } }

    /// Walks over an object; `member` is called at each value and has to move behind it.
    ///
    /// - Returns: false when it is no object, or when `member` has said so.
    mutating func members(_ member: (Key, inout ValueSkipper) -> Bool) -> Bool {
        skipWhiteSpace()
        guard take(UInt8(ascii: "{")) else { return false }
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            skipWhiteSpace()
            guard next == UInt8(ascii: "\""), let token = skipValue() else { return false }
            skipWhiteSpace()
            guard take(UInt8(ascii: ":")) else { return false }
            skipWhiteSpace()
            let start = at
            guard member(key(token), &self), at > start else { return false }
            skipWhiteSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    /// Moves behind a value, of any kind.
    ///
    /// - Returns: its range, or nil when the message ends inside it or there is none.
    mutating func skipValue() -> Range<Int>? {
        let start = at
        var depth = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                guard skipString() else { return nil }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                at &+= 1
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return nil }
                depth &-= 1
                at &+= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D:
                guard depth > 0 else { return nil }
                at &+= 1
                continue
            default:
                guard skipWord() else { return nil }
            }
            if depth == 0 { return start..<at }
        }
        return nil
    }

    /// Moves behind a number or a literal; false when there is none.
    private mutating func skipWord() -> Bool {
        let start = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "+"), UInt8(ascii: "-")...UInt8(ascii: "."),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                at &+= 1
            default:
                return at > start
            }
        }
        return at > start
    }

    /// Moves behind a string, eight bytes at a time as long as none is a quotation mark or a backslash.
    private mutating func skipString() -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        at &+= 1
        while at < bytes.count {
            while at &+ 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                let quote = word ^ (ones &* 0x22)
                let backslash = word ^ (ones &* 0x5C)
                let found = ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & (ones &* 0x80)
                guard found == 0 else {
                    at &+= found.trailingZeroBitCount >> 3
                    break
                }
                at &+= 8
            }
            guard at < bytes.count else { return false }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at &+= 1
                return true
            case UInt8(ascii: "\\"): at &+= 2
            default: at &+= 1
            }
        }
        return false
    }

    private func key(_ token: Range<Int>) -> Key {
        let text = UnsafeRawBufferPointer(rebasing: bytes[(token.lowerBound + 1)..<(token.upperBound - 1)])
        guard let base = text.baseAddress, memchr(base, 0x5C, text.count) != nil else { return Key(text) }
        guard let tree = try? JSONTree(parsing: Array(bytes[token])) else { return .other }
        return tree.withUnescaped(tree.root) { Key(UnsafeRawBufferPointer($0)) } ?? .other
    }

    private mutating func skipWhiteSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D {
            at &+= 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at &+= 1
        return true
    }
}
