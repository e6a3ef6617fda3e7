import Testing

@testable import Events

@Suite struct DayTextTests {
    @Test func theFirstDayOfAWalkIsNotTakenFromNowhere() {
        // Ten NUL bytes are no date, also when no date was read before.
        var days = DayText()
        let text = [UInt8](repeating: 0, count: 10) + Array("T00:00:00.000000Z".utf8)
        let moment = text.withUnsafeBytes { days.moment($0) }
        #expect(moment == nil)
    }
}
