/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// On disk: RFC 3339 with exactly six fractional digits and `Z`, so that text order is time order.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since the Unix epoch.
    public var microseconds: Int64

    /// Bytes of the text form, `2026-11-22T17:36:00.000000Z`.
    public static let textLength = 27

    /// Makes a moment from microseconds since the Unix epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The earlier moment is the smaller.
    public static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.microseconds < b.microseconds
    }

    /// The moment `microseconds` later.
    public func advanced(by microseconds: Int64) -> Timestamp {
        Timestamp(microseconds: self.microseconds &+ microseconds)
    }

    /// Microseconds from `other` to this moment.
    public func since(_ other: Timestamp) -> Int64 {
        microseconds &- other.microseconds
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 UTC with microseconds.
    public var description: String {
        withUnsafeTemporaryAllocation(byteCount: Timestamp.textLength, alignment: 1) { raw in
            write(to: raw)
            return String(decoding: raw, as: UTF8.self)
        }
    }

    /// Writes the 27 bytes of the text form; years outside 0–9999 are clamped.
    func write(to raw: UnsafeMutableRawBufferPointer) {
        let (days, dayMicroseconds) = microseconds.floorDivided(by: 86_400_000_000)
        let date = CivilDate(daysSinceEpoch: Int(days))
        let seconds = Int(dayMicroseconds / 1_000_000)
        raw.putDecimal(min(max(date.year, 0), 9999), digits: 4, at: 0)
        raw[4] = UInt8(ascii: "-")
        raw.putDecimal(date.month, digits: 2, at: 5)
        raw[7] = UInt8(ascii: "-")
        raw.putDecimal(date.day, digits: 2, at: 8)
        raw[10] = UInt8(ascii: "T")
        raw.putDecimal(seconds / 3600, digits: 2, at: 11)
        raw[13] = UInt8(ascii: ":")
        raw.putDecimal(seconds / 60 % 60, digits: 2, at: 14)
        raw[16] = UInt8(ascii: ":")
        raw.putDecimal(seconds % 60, digits: 2, at: 17)
        raw[19] = UInt8(ascii: ".")
        raw.putDecimal(Int(dayMicroseconds % 1_000_000), digits: 6, at: 20)
        raw[26] = UInt8(ascii: "Z")
    }
}

extension Timestamp {
    /// Reads RFC 3339 in UTC with zero to nine fractional digits (those past the sixth are cut); nil when it is anything else.
    public init?(text: some StringProtocol) {
        var copy = String(text)
        let parsed = copy.withUTF8 { Timestamp(utf8: UnsafeRawBufferPointer($0)) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// Reads RFC 3339 in UTC from bytes; nil when it is anything else.
    public init?(utf8 bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 20, bytes.count <= 30,
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), bytes[bytes.count - 1] == UInt8(ascii: "Z"),
            let year = bytes.decimal(0..<4), let month = bytes.decimal(5..<7), let day = bytes.decimal(8..<10),
            let hour = bytes.decimal(11..<13), let minute = bytes.decimal(14..<16), let second = bytes.decimal(17..<19),
            (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, year: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var micros = 0
        if bytes.count > 20 {
            guard bytes[19] == UInt8(ascii: "."), bytes.count > 21 else { return nil }
            for index in 20..<26 {
                micros *= 10
                guard index < bytes.count - 1 else { continue }
                guard let digit = bytes.decimal(index..<index + 1) else { return nil }
                micros += digit
            }
            for index in 26..<max(26, bytes.count - 1) where bytes.decimal(index..<index + 1) == nil { return nil }
        }
        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        microseconds = (Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)) * 1_000_000 + Int64(micros)
    }
}

/// A day of the proleptic Gregorian calendar; the algorithm is Howard Hinnant's `civil_from_days`.
public struct CivilDate: Sendable, Hashable {
    /// The year.
    public var year: Int
    /// The month, 1–12.
    public var month: Int
    /// The day, 1–31.
    public var day: Int

    /// Makes a date from its parts, which are not checked.
    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date `days` after 1970-01-01.
    public init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01.
    public var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The number of days of a month.
    public static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    /// Quotient and remainder with the remainder never negative.
    func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func putDecimal(_ value: Int, digits: Int, at offset: Int) {
        var rest = value
        for index in stride(from: offset + digits - 1, through: offset, by: -1) {
            self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func decimal(_ range: Range<Int>) -> Int? {
        var value = 0
        for index in range {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
