/// Writes values in spellings that nobody would choose, and changes them a little.
enum Speller {
    /// SplitMix64.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    // MARK: Spelling

    static func write(_ value: PlainValue, to bytes: inout [UInt8], using random: inout Generator) {
        space(&bytes, &random)
        switch value {
        case .null: bytes += Array("null".utf8)
        case .bool(let flag): bytes += Array((flag ? "true" : "false").utf8)
        case .number(let isNegative, let digits, let exponent):
            write(isNegative, digits, exponent, to: &bytes, using: &random)
        case .text(let text): write(text: text, to: &bytes, using: &random)
        case .list(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(value, to: &bytes, using: &random)
            }
            if values.isEmpty { space(&bytes, &random) }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.shuffled(using: &random).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                space(&bytes, &random)
                write(text: member.key, to: &bytes, using: &random)
                space(&bytes, &random)
                bytes.append(UInt8(ascii: ":"))
                write(member.value, to: &bytes, using: &random)
            }
            if members.isEmpty { space(&bytes, &random) }
            bytes.append(UInt8(ascii: "}"))
        }
        space(&bytes, &random)
    }

    private static func space(_ bytes: inout [UInt8], _ random: inout Generator) {
        while random.next() % 4 == 0 { bytes.append([0x20, 0x09, 0x0A, 0x0D][Int(random.next() % 4)]) }
    }

    /// Zeros behind, a point somewhere, and an exponent that makes up for both.
    private static func write(
        _ isNegative: Bool, _ digits: [UInt8], _ exponent: PlainExponent, to bytes: inout [UInt8],
        using random: inout Generator
    ) {
        if isNegative || (digits.isEmpty && random.next() % 2 == 0) { bytes.append(UInt8(ascii: "-")) }
        let zero = UInt8(ascii: "0")
        let extra = Int(random.next() % 4)
        let all = (digits.isEmpty ? [zero] : digits) + [UInt8](repeating: zero, count: extra)
        var exponent = exponent
        if !digits.isEmpty { exponent.add(-extra) }
        // So many digits before the point, at most all of them; zero needs none behind it.
        let before = digits.isEmpty ? 1 : Int(random.next() % UInt64(all.count + 1))
        if !digits.isEmpty { exponent.add(all.count - before) }
        bytes += before == 0 ? [zero] : Array(all[..<before])
        if before < all.count { bytes += [UInt8(ascii: ".")] + all[before...] }
        if exponent == PlainExponent(0), !digits.isEmpty, random.next() % 2 == 0 { return }
        bytes.append(random.next() % 2 == 0 ? UInt8(ascii: "e") : UInt8(ascii: "E"))
        // Whatever power of ten zero has, it is zero.
        var text = digits.isEmpty ? Array(String(random.next() % 100_000).utf8) : exponent.text
        if text.first == UInt8(ascii: "-") {
            bytes.append(text.removeFirst())
        } else if random.next() % 2 == 0 {
            bytes.append(UInt8(ascii: "+"))
        }
        if random.next() % 4 == 0 { bytes += [zero, zero] }
        bytes += text
    }

    private static func write(text: [UInt8], to bytes: inout [UInt8], using random: inout Generator) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            let short: [UInt32: Character] = [
                0x22: "\"", 0x5C: "\\", 0x2F: "/", 8: "b", 9: "t", 10: "n", 12: "f", 13: "r",
            ]
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            let choice = random.next() % 4
            if let letter = short[scalar.value], choice < 2 {
                bytes += [UInt8(ascii: "\\")] + Array(String(letter).utf8)
            } else if mustEscape || choice == 3 {
                for unit in String(scalar).utf16 { escape(unit, to: &bytes, using: &random) }
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ unit: UInt16, to bytes: inout [UInt8], using random: inout Generator) {
        bytes += Array("\\u".utf8)
        for shift in [12, 8, 4, 0] {
            let digit = String(unit >> UInt16(shift) & 0xF, radix: 16, uppercase: random.next() % 2 == 0)
            bytes += Array(digit.utf8)
        }
    }

    // MARK: Changing

    /// Changes one place of a value; the result may by chance be the same value.
    static func change(_ value: inout PlainValue, using random: inout Generator) {
        switch value {
        case .list(var values) where !values.isEmpty && random.next() % 4 != 0:
            let place = Int(random.next() % UInt64(values.count))
            switch random.next() % 6 {
            case 0: values.remove(at: place)
            case 1: values.insert(values[place], at: 0)
            case 2: values.swapAt(0, place)
            default: change(&values[place], using: &random)
            }
            value = .list(values)
        case .object(var members) where !members.isEmpty && random.next() % 4 != 0:
            let place = Int(random.next() % UInt64(members.count))
            switch random.next() % 6 {
            case 0: members.remove(at: place)
            case 1: changeKey(place, of: &members, using: &random)
            default: change(&members[place].value, using: &random)
            }
            value = .object(members)
        default: value = other(than: value, using: &random)
        }
    }

    private static func changeKey(_ place: Int, of members: inout [PlainValue.Member], using random: inout Generator) {
        let key = change(members[place].key, using: &random)
        // Two keys may not be one.
        guard !members.contains(where: { $0.key == key }) else { return }
        members[place].key = key
        members.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }

    private static func change(_ text: [UInt8], using random: inout Generator) -> [UInt8] {
        var scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
        let others: [Unicode.Scalar] = ["a", "A", "\u{0}", "\"", "é", "\u{301}", "e", "\u{1F600}", "0", "\u{FFFF}"]
        let place = Int(random.next() % UInt64(scalars.count + 1))
        if random.next() % 3 == 0, place < scalars.count { scalars.remove(at: place) }
        scalars.insert(others[Int(random.next() % UInt64(others.count))], at: min(place, scalars.count))
        return scalars.flatMap { Array(String($0).utf8) }
    }

    private static func other(than value: PlainValue, using random: inout Generator) -> PlainValue {
        let number = PlainValue.number(isNegative: false, digits: [0x31], exponent: PlainExponent(0))
        switch value {
        case .text(let text) where random.next() % 4 != 0: return .text(change(text, using: &random))
        case .number(let isNegative, var digits, var exponent) where !digits.isEmpty && random.next() % 4 != 0:
            switch random.next() % 4 {
            case 0: return .number(isNegative: !isNegative, digits: digits, exponent: exponent)
            case 1: exponent.add(random.next() % 2 == 0 ? 1 : -1)
            case 2: digits.insert(0x31, at: 0)
            default: digits.append(0x31)
            }
            return .number(isNegative: isNegative, digits: digits, exponent: exponent)
        case .bool(let flag) where random.next() % 2 == 0: return .bool(!flag)
        default:
            let others: [PlainValue] = [.null, .bool(false), number, .text([]), .text([0x31]), .list([]), .object([])]
            return others[Int(random.next() % UInt64(others.count))]
        }
    }
}
