/// Finds the keys and values of one flat line of JSON without building anything.
///
/// Accepts any order and unknown keys of any type; refuses equal keys, depth over 8 and anything that is not JSON.
struct RecordScanner {
    enum Kind: UInt8 {
        case absent, integer, string, escapedString, `true`, `false`, list, other
    }

    /// Where a value stands: for strings without the quotes, for all else the whole token.
    struct Slot {
        var kind = Kind.absent
        var start: Int32 = 0
        var end: Int32 = 0
    }

    let bytes: UnsafeRawBufferPointer
    var position = 0
    /// The keys that were found.
    var found = KeySet()

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Fills `slots`, one for each key of `KeyTable`.
    ///
    /// - Parameter unknown: gets the places of the keys that `KeyTable` does not have; a record of our own has none.
    mutating func scan(
        into slots: UnsafeMutableBufferPointer<Slot>, unknown: inout [Range<Int>]
    ) throws(RecordError) {
        guard bytes.count <= Record.maximumBytes else { throw RecordError("line over 32 KiB", at: Record.maximumBytes) }
        try expect(UInt8(ascii: "{"), "expected an object")
        skipSpace()
        let table = KeyTable.shared
        var hint = 0
        if peek == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                skipSpace()
                let keyStart = position + 1
                guard try string() == .string else { throw RecordError("escaped key", at: keyStart) }
                let key = UnsafeRawBufferPointer(rebasing: bytes[keyStart..<position - 1])
                skipSpace()
                try expect(UInt8(ascii: ":"), "expected ':'")
                skipSpace()
                let number = table.number(of: key, from: hint)
                let start = position
                let kind = try value(depth: 0)
                if let number {
                    guard slots[number].kind == .absent else { throw RecordError("key given twice", at: keyStart) }
                    let isText = kind == .string || kind == .escapedString
                    slots[number] = Slot(
                        kind: kind, start: Int32(isText ? start + 1 : start),
                        end: Int32(isText ? position - 1 : position))
                    found.insert(number)
                    hint = number + 1
                } else {
                    unknown.append(keyStart..<keyStart + key.count)
                }
                skipSpace()
                guard peek == UInt8(ascii: ",") else { break }
                position += 1
            }
            try expect(UInt8(ascii: "}"), "expected ',' or '}'")
        }
        skipSpace()
        guard position == bytes.count else { throw RecordError("bytes after the object", at: position) }
    }

    private var peek: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(RecordError) {
        guard peek == byte else { throw RecordError(what, at: position) }
        position += 1
    }

    private mutating func value(depth: Int) throws(RecordError) -> Kind {
        guard let first = peek else { throw RecordError("line ends within a value", at: position) }
        switch first {
        case UInt8(ascii: "\""): return try string()
        case UInt8(ascii: "t"): return try literal("true", .true)
        case UInt8(ascii: "f"): return try literal("false", .false)
        case UInt8(ascii: "n"): return try literal("null", .other)
        case UInt8(ascii: "["): return try container(closing: UInt8(ascii: "]"), keyed: false, depth: depth)
        case UInt8(ascii: "{"): return try container(closing: UInt8(ascii: "}"), keyed: true, depth: depth)
        default: return try number()
        }
    }

    private mutating func container(closing: UInt8, keyed: Bool, depth: Int) throws(RecordError) -> Kind {
        guard depth < 8 else { throw RecordError("nested too deep", at: position) }
        position += 1
        skipSpace()
        if peek != closing {
            while true {
                skipSpace()
                if keyed {
                    _ = try string()
                    skipSpace()
                    try expect(UInt8(ascii: ":"), "expected ':'")
                    skipSpace()
                }
                _ = try value(depth: depth + 1)
                skipSpace()
                guard peek == UInt8(ascii: ",") else { break }
                position += 1
            }
        }
        try expect(closing, "expected ',' or the end of a list or object")
        return keyed ? .other : .list
    }

    /// Passes over a string, both quotes included.
    mutating func string() throws(RecordError) -> Kind {
        try expect(UInt8(ascii: "\""), "expected a string")
        var kind = Kind.string
        while let byte = peek {
            position += 1
            if byte == UInt8(ascii: "\"") { return kind }
            guard byte >= 0x20 else { throw RecordError("control character in a string", at: position - 1) }
            if byte == UInt8(ascii: "\\") {
                kind = .escapedString
                position += 1
            }
        }
        throw RecordError("line ends within a string", at: bytes.count)
    }

    private mutating func literal(_ text: StaticString, _ kind: Kind) throws(RecordError) -> Kind {
        let length = text.utf8CodeUnitCount
        let token = UnsafeRawBufferPointer(start: text.utf8Start, count: length)
        guard position + length <= bytes.count, bytes[position..<position + length].elementsEqual(token) else {
            throw RecordError("unknown literal", at: position)
        }
        position += length
        return kind
    }

    private mutating func number() throws(RecordError) -> Kind {
        let start = position
        var isInteger = true
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "-") where position == start: break
            case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
                isInteger = false
            default:
                guard position > start else { throw RecordError("unexpected byte", at: position) }
                return isInteger ? .integer : .other
            }
            position += 1
        }
        throw RecordError("line ends within a number", at: position)
    }
}
