/// Makes random values, and spells one value in random ways.
struct RandomDocument {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// A value without duplicate keys, at most `depth` containers deep.
    mutating func value(depth: Int) -> Model {
        switch random.below(depth > 0 ? 9 : 5) {
        case 0: return .null
        case 1: return .bool(random.chance(50))
        case 2, 3: return .number(number())
        case 4: return .string(string())
        case 5, 6: return .array((0..<random.below(6)).map { _ in value(depth: depth - 1) })
        default:
            var keys: Set<[UInt8]> = []
            let members = (0..<random.below(random.chance(10) ? 40 : 7)).compactMap { _ -> Model.Member? in
                let key = string()
                return keys.insert(key).inserted ? .init(key: key, value: value(depth: depth - 1)) : nil
            }
            return .object(members)
        }
    }

    mutating func number() -> Model.Decimal {
        let count = random.chance(20) ? random.below(45) : random.below(6)
        let digits = (0..<count).map { _ in UInt8(random.below(10)) }
        let exponent = random.chance(20) ? random.below(600) - 300 : random.below(8) - 4
        return .init(isNegative: random.chance(30), anyDigits: digits, exponent: exponent)
    }

    mutating func string() -> [UInt8] {
        let alphabet: [Unicode.Scalar] = [
            "a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "ſ", "€", "\u{2028}",
            "\u{D7FF}", "\u{FFFF}", "😀", "\u{10FFFF}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<random.below(random.chance(10) ? 40 : 6) { text.append(alphabet[random.below(alphabet.count)]) }
        return Array(String(text).utf8)
    }

    /// One of the many spellings of a value: white space, escapes, number forms and members' order vary.
    mutating func spell(_ value: Model) -> [UInt8] {
        var text: [UInt8] = []
        spell(value, into: &text)
        return text
    }

    private mutating func spell(_ value: Model, into text: inout [UInt8]) {
        space(&text)
        switch value {
        case .null: text += Array("null".utf8)
        case .bool(let flag): text += Array((flag ? "true" : "false").utf8)
        case .number(let decimal): text += spell(decimal)
        case .string(let bytes): spell(string: bytes, into: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                spell(element, into: &text)
            }
            space(&text)
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.shuffled(using: &random).enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                space(&text)
                spell(string: member.key, into: &text)
                space(&text)
                text.append(UInt8(ascii: ":"))
                spell(member.value, into: &text)
            }
            space(&text)
            text.append(UInt8(ascii: "}"))
        }
        space(&text)
    }

    private mutating func space(_ text: inout [UInt8]) {
        while random.chance(15) { text.append([0x20, 0x09, 0x0A, 0x0D][random.below(4)]) }
    }

    private mutating func spell(_ decimal: Model.Decimal) -> [UInt8] {
        var digits = decimal.digits
        var exponent = decimal.exponent
        let isNegative = decimal.isNegative || (digits.isEmpty && random.chance(20))
        // Zeros at the end change nothing once the exponent is lowered.
        for _ in 0..<random.below(3) where !digits.isEmpty {
            digits.append(0)
            exponent -= 1
        }
        if digits.isEmpty { digits = [0] }
        let point = 1 + random.below(digits.count)
        var text = isNegative ? "-" : ""
        text += digits[..<point].map(String.init).joined()
        if point < digits.count {
            text += "." + digits[point...].map(String.init).joined()
            exponent += digits.count - point
        } else if random.chance(20) {
            text += ".0"
        }
        if exponent != 0 || random.chance(20) {
            text += random.chance(50) ? "e" : "E"
            text += exponent < 0 ? "-" : (random.chance(50) ? "+" : "")
            text += random.chance(20) ? "00" : ""
            text += String(exponent.magnitude)
        }
        return Array(text.utf8)
    }

    private mutating func spell(string bytes: [UInt8], into text: inout [UInt8]) {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f",
        ]
        text.append(UInt8(ascii: "\""))
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if let escape = short[scalar], mustEscape || random.chance(20), random.chance(60) {
                text += Array(escape.utf8)
            } else if mustEscape || random.chance(10) {
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16, uppercase: random.chance(50))
                    text += Array(("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8)
                }
            } else {
                text += Array(String(scalar).utf8)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
