import Testing

@testable import Events

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1_795_368_960_123_456, "2026-11-22T17:36:00.123456Z"),
        (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"), (4_102_444_799_000_000, "2099-12-31T23:59:59.000000Z"),
    ])
    func knownMomentsHaveTheirText(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
        #expect(Timestamp(text: text)?.microseconds == microseconds)
    }

    @Test func everyDayOfFourCenturiesIsTheNext() {
        var expected = CivilDate(year: 1800, month: 1, day: 1)
        let first = expected.daysSinceEpoch
        for day in first..<first + 146_097 {
            #expect(CivilDate(daysSinceEpoch: day) == expected && expected.daysSinceEpoch == day)
            expected.day += 1
            if expected.day > CivilDate.days(inMonth: expected.month, year: expected.year) {
                expected.day = 1
                expected.month += 1
            }
            if expected.month > 12 {
                expected.month = 1
                expected.year += 1
            }
        }
    }

    @Test(arguments: [
        "2026-11-22", "2026-11-22T17:36:00", "2026-11-22T17:36:00+01:00", "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T17:36:00.Z", "2026-11-22T17:36:00.1234567890Z", "x026-11-22T17:36:00Z", "2026-11-22 17:36:00Z",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(Timestamp(text: text) == nil)
    }

    @Test func aDigestReadsBackFromItsHexadecimalText() {
        for value in [0, 1, 0xFFFF_FFFF_FFFF_FFFF, 0x0123_4567_89AB_CDEF] as [UInt64] {
            #expect(Digest64(hex: Digest64(value).description.utf8)?.value == value)
        }
        #expect(Digest64(hex: "0123456789ABCDEF".utf8) == nil)
        #expect(Digest64(hex: "0123456789abcde".utf8) == nil)
    }
}
