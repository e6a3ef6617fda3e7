/// A slow, recursive reader of RFC 8259 that shares nothing with the one under test.
struct Oracle {
    private struct Refused: Error {}

    private var rest: ArraySlice<UInt8>

    private init(rest: ArraySlice<UInt8>) {
        self.rest = rest
    }

    /// Reads a document; nil when it is not one.
    ///
    /// Duplicate keys are left to the caller.
    static func parse(_ bytes: [UInt8]) -> Model? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var oracle = Oracle(rest: bytes[...])
        guard let value = try? oracle.value() else { return nil }
        oracle.skipSpace()
        return oracle.rest.isEmpty ? value : nil
    }

    private mutating func skipSpace() {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func expect(_ text: String) throws {
        guard take(text) else { throw Refused() }
    }

    private mutating func value() throws -> Model {
        skipSpace()
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if rest.first == UInt8(ascii: "\"") { return .string(try string()) }
        if take("[") { return .array(try list(end: "]") { oracle throws in try oracle.value() }) }
        if take("{") {
            return .object(
                try list(end: "}") { oracle throws in
                    oracle.skipSpace()
                    let key = try oracle.string()
                    oracle.skipSpace()
                    try oracle.expect(":")
                    return Model.Member(key: key, value: try oracle.value())
                })
        }
        return .number(try number())
    }

    private mutating func list<Item>(end: String, _ item: (inout Oracle) throws -> Item) throws -> [Item] {
        skipSpace()
        if take(end) { return [] }
        var items: [Item] = []
        repeat {
            items.append(try item(&self))
            skipSpace()
        } while take(",")
        try expect(end)
        return items
    }

    private mutating func digits() throws -> [UInt8] {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { throw Refused() }
        rest = rest.dropFirst(digits.count)
        return digits.map { $0 - 0x30 }
    }

    private mutating func number() throws -> Model.Decimal {
        let isNegative = take("-")
        var all = try digits()
        guard all.count == 1 || all[0] != 0 else { throw Refused() }
        var exponent = 0
        if take(".") {
            let fraction = try digits()
            all += fraction
            exponent -= fraction.count
        }
        if take("e") || take("E") {
            let sign = take("-") ? -1 : (take("+") ? 1 : 1)
            exponent += sign * (try digits().reduce(0) { min($0 * 10 + Int($1), 1 << 40) })
        }
        return .init(isNegative: isNegative, anyDigits: all, exponent: exponent)
    }

    private mutating func string() throws -> [UInt8] {
        try expect("\"")
        var units: [UInt16] = []
        var scalars = String.UnicodeScalarView()
        func flush() throws {
            guard let text = String(validating: units, as: UTF16.self) else { throw Refused() }
            scalars.append(contentsOf: text.unicodeScalars)
            units = []
        }
        while let byte = rest.first {
            if take("\"") {
                try flush()
                return Array(String(scalars).utf8)
            }
            if take("\\u") {
                let hex = rest.prefix(4)
                guard hex.count == 4, hex.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
                    throw Refused()
                }
                guard let unit = UInt16(String(decoding: hex, as: UTF8.self), radix: 16) else { throw Refused() }
                units.append(unit)
                rest = rest.dropFirst(4)
                continue
            }
            try flush()
            if take("\\") {
                let plain: [UInt8: Unicode.Scalar] = [
                    0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r",
                    0x74: "\t",
                ]
                guard let letter = rest.popFirst(), let scalar = plain[letter] else { throw Refused() }
                scalars.append(scalar)
                continue
            }
            guard byte >= 0x20 else { throw Refused() }
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            scalars.append(contentsOf: String(decoding: rest.prefix(length), as: UTF8.self).unicodeScalars)
            rest = rest.dropFirst(length)
        }
        throw Refused()
    }
}
