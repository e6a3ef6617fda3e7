/// A key as it was pressed.
public enum TopKey: Sendable, Equatable {
    /// One that writes.
    case character(Character)
    /// Return, or Enter.
    case enter
    /// Escape alone.
    case escape
    /// Backspace.
    case backspace
    /// Tab.
    case tab
    /// Shift and Tab.
    case backTab
    /// Arrows.
    case up, down, left, right
    /// A screen up or down.
    case pageUp, pageDown
    /// To the first or last.
    case home, end
    /// F1.
    case help
    /// Control and U: empties a line.
    case clear
    /// Control and L: draws all anew.
    case redraw
}

/// Bytes from a terminal as keys; xterm's sequences, which all terminals of today send.
///
/// A sequence may come in pieces. What it does not know it takes as a whole and drops, so that no part of it is taken for
/// a key.
public struct TopKeyDecoder: Sendable {
    /// Bytes of the longest sequence that is waited for.
    private static let longest = 32

    private var pending: [UInt8] = []

    /// A decoder that waits for a key.
    public init() {}

    /// Whether a key has begun: when nothing follows soon, it is `timeOut`.
    public var isPending: Bool { !pending.isEmpty }

    /// Takes bytes, gives the keys that are whole.
    public mutating func feed(_ bytes: some Sequence<UInt8>) -> [TopKey] {
        var keys: [TopKey] = []
        for byte in bytes {
            // Escape twice is the key twice, as far as one can know.
            if pending == [0x1B], byte == 0x1B { keys += timeOut() }
            pending.append(byte)
            switch TopKeyDecoder.read(pending) {
            case .key(let key):
                keys.append(key)
                pending = []
            case .nothing: pending = []
            case .more: if pending.count > TopKeyDecoder.longest { pending = [] }
            }
        }
        return keys
    }

    /// Nothing has followed: an escape that stands alone was the key.
    public mutating func timeOut() -> [TopKey] {
        defer { pending = [] }
        return pending == [0x1B] ? [.escape] : []
    }

    private enum Reading {
        case key(TopKey)
        case nothing
        case more
    }

    private static func read(_ bytes: [UInt8]) -> Reading {
        switch bytes[0] {
        case 0x1B: sequence(bytes.dropFirst())
        case 0x0A, 0x0D: .key(.enter)
        case 0x09: .key(.tab)
        case 0x08, 0x7F: .key(.backspace)
        case 0x02: .key(.pageUp)
        case 0x06: .key(.pageDown)
        case 0x0C: .key(.redraw)
        case 0x15: .key(.clear)
        case ..<0x20: .nothing
        default: character(bytes)
        }
    }

    private static func character(_ bytes: [UInt8]) -> Reading {
        let wanted =
            switch bytes[0] {
            case ..<0x80: 1
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard wanted > 0 else { return .nothing }
        guard bytes.count >= wanted else {
            return bytes.dropFirst().allSatisfy { $0 & 0xC0 == 0x80 } ? .more : .nothing
        }
        guard let text = String(validating: bytes, as: UTF8.self), let first = text.first else { return .nothing }
        return .key(.character(first))
    }

    /// What follows an escape: `[` or `O`, parameters, and a letter or `~`.
    private static func sequence(_ rest: ArraySlice<UInt8>) -> Reading {
        guard let kind = rest.first else { return .more }
        guard kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else {
            // With a letter it is one of Alt's, which nothing is bound to.
            return .nothing
        }
        guard let last = rest.dropFirst().last else { return .more }
        guard (0x40...0x7E).contains(last) else { return .more }
        // Linux's console sends `[[A` for F1.
        guard last != UInt8(ascii: "[") else { return .more }
        let parameter = Int(String(decoding: rest.dropFirst().prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
        return key(last, parameter).map { .key($0) } ?? .nothing
    }

    private static func key(_ last: UInt8, _ parameter: Int?) -> TopKey? {
        switch last {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "M"): .enter
        case UInt8(ascii: "P"): .help
        case UInt8(ascii: "Z"): .backTab
        case UInt8(ascii: "~"):
            switch parameter {
            case 1, 7: .home
            case 4, 8: .end
            case 5: .pageUp
            case 6: .pageDown
            case 11: .help
            default: nil
            }
        default: nil
        }
    }
}
