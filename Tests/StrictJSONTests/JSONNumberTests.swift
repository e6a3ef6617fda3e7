import StrictJSON
import Testing

@Suite struct JSONNumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        try #require(Array(text.utf8).withUnsafeBytes { JSONNumber(token: $0) }, "\(text)")
    }

    @Test(arguments: [
        ["1", "1.0", "10e-1", "0.1e1", "1e0", "1E+00", "100000000000000000000e-20"],
        ["0", "-0", "0.0", "0e99", "-0e-5"],
        ["9007199254740993", "9007199254740993.000", "9.007199254740993e15"],
        ["-1500", "-1.5e3", "-15e2", "-0.00015e7"], ["1e400", "10e399", "0.1e401"],
        ["1e99999999999999999999", "10e99999999999999999998", "0.1e100000000000000000000"],
        ["1e-99999999999999999999", "10e-100000000000000000000", "100e-00100000000000000000001"],
        ["1e999999999999999999", "0.1e1000000000000000000", "10e999999999999999998"],
        ["12345678901234567890123", "12345678901234567890123.0", "1.2345678901234567890123e22"],
    ])
    func spellingsOfOneValueAreEqual(spellings: [String]) throws {
        let first = try number(spellings[0])
        for spelling in spellings {
            let other = try number(spelling)
            #expect(other == first, "\(spelling)")
            #expect(other.hashValue == first.hashValue, "\(spelling)")
            #expect(!(other < first) && !(first < other), "\(spelling)")
            #expect(other.description == first.description, "\(spelling)")
        }
    }

    @Test func valuesAreOrdered() throws {
        let ascending = [
            "-1e99999999999999999999", "-1e99999999999999999998", "-1e400", "-12345678901234567890.5",
            "-12345678901234567890", "-9223372036854775809", "-9223372036854775808", "-10", "-1.5", "-1", "-1e-400",
            "-1e-99999999999999999999", "-1e-999999999999999999999", "0", "1e-999999999999999999999",
            "1e-99999999999999999999", "1e-400", "0.1", "0.10000000000000000000001", "1", "1.5", "2", "10",
            "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
            "12345678901234567890", "12345678901234567890.5", "1e400", "1e999999999999999998", "1e999999999999999999",
            "2e999999999999999999", "1e99999999999999999998", "1e99999999999999999999", "1e999999999999999999999",
        ]
        let numbers = try ascending.map { try number($0) }
        for (left, one) in numbers.enumerated() {
            for (right, other) in numbers.enumerated() {
                #expect((one < other) == (left < right), "\(ascending[left]) < \(ascending[right])")
                #expect((one == other) == (left == right), "\(ascending[left]) == \(ascending[right])")
            }
        }
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("1.0", 1), ("1e3", 1000), ("-12.5e1", -125), ("9223372036854775807", Int64.max),
        ("-9223372036854775808", Int64.min), ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.5", nil),
        ("1e-1", nil), ("1e19", nil), ("1e400", nil), ("1e99999999999999999999", nil), ("1e-99999999999999999999", nil),
        ("100000000000000000000e-2", 1_000_000_000_000_000_000),
    ])
    func integersInRangeComeOut(text: String, expected: Int64?) throws {
        #expect(try number(text).int64 == expected)
    }

    @Test(arguments: [
        ("0", true), ("-7", true), ("1.0", true), ("1.5", false), ("1e400", true), ("1e-400", false),
        ("12345678901234567890123.5", false), ("12345678901234567890123.5e1", true), ("1e99999999999999999999", true),
    ])
    func integralValuesAreRecognized(text: String, expected: Bool) throws {
        #expect(try number(text).isInteger == expected)
    }

    @Test(arguments: ["", "-", "+1", "01", "-01", "1.", ".1", "1e", "1e+", "1.e1", " 1", "1 ", "0x1", "1a", "--1", "٣"])
    func otherTokensAreNoNumbers(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { JSONNumber(token: $0) } == nil)
    }

    @Test(arguments: [0, 1, -1, 10, 1000, .max, .min, .min + 1, 4_611_686_018_427_387_904])
    func integersKeepTheirValue(value: Int64) throws {
        #expect(JSONNumber(value).int64 == value)
        #expect(JSONNumber(value).description == String(value))
        #expect(try number(String(value)) == JSONNumber(value))
    }

    /// The oracle writes both numbers out in full, with the point in the same place.
    @Test(arguments: Array(1...300) as [UInt64]) func comparesLikeNumbersWrittenOut(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func written(_ digits: [Int], _ exponent: Int) -> String {
            let text = digits.map(String.init).joined()
            let whole = String(repeating: "0", count: 90 - text.count - exponent - 40)
            return whole + text + String(repeating: "0", count: exponent + 40)
        }
        func make() throws -> (JSONNumber, String, Bool) {
            let digits = (0..<1 + random.below(24)).map { _ in random.chance(50) ? 0 : random.below(10) }
            let exponent = random.below(40) - 30
            let isNegative = random.chance(50)
            let place = random.below(digits.count)
            let whole = digits[...place].drop { $0 == 0 }.map(String.init).joined()
            let fraction = digits[(place + 1)...].map(String.init).joined()
            let text =
                (isNegative ? "-" : "") + (whole.isEmpty ? "0" : whole) + (fraction.isEmpty ? "" : "." + fraction)
                + "e\(exponent + digits.count - 1 - place)"
            return (try number(text), written(digits, exponent), isNegative)
        }
        let (left, leftText, leftNegative) = try make()
        let (right, rightText, rightNegative) = try make()
        let zero = written([0], 0)
        let leftSign = leftText == zero ? 0 : leftNegative ? -1 : 1
        let rightSign = rightText == zero ? 0 : rightNegative ? -1 : 1
        let expected =
            leftSign != rightSign
            ? leftSign < rightSign : leftSign < 0 ? rightText < leftText : leftText < rightText
        #expect((left < right) == expected, "seed \(seed)")
        #expect((left == right) == (leftSign == rightSign && leftText == rightText), "seed \(seed)")
    }
}
