import Testing

@testable import Dashboard

/// Which answers are kept, given and made again, told by scripted times.
@Suite struct AnswerBookTests {
    private static func recipe(_ text: String = "") -> AnswerBook.Recipe { { (text, "") } }

    /// A book with one answer, made in two seconds of what the warehouse was at 10 s.
    private static func filled(_ key: String = "a") -> AnswerBook {
        var book = AnswerBook()
        #expect(book.ask(key, version: "1", now: .seconds(10)) == .make)
        book.made(key, "one", version: "1", recipe(), began: .seconds(10), now: .seconds(12))
        return book
    }

    @Test func whatHasNotChangedIsGivenHoweverOldItIs() {
        var book = Self.filled()
        #expect(book.ask("a", version: "1", now: .seconds(13)) == .give("one", age: .zero, isCurrent: true))
        #expect(book.ask("a", version: "1", now: .seconds(9000)) == .give("one", age: .zero, isCurrent: true))
        #expect(
            book.ask("a", version: "2", now: .seconds(9007)) == .give("one", age: .seconds(7), isCurrent: false),
            "it was true when it was last looked at")
    }

    @Test func whatHasChangedIsGivenForFiveMinutesOnly() {
        var book = Self.filled()
        #expect(book.ask("a", version: "2", now: .seconds(30)) == .give("one", age: .seconds(20), isCurrent: false))
        #expect(
            book.ask("a", version: "2", now: .milliseconds(309_999))
                == .give("one", age: .milliseconds(299_999), isCurrent: false))
        #expect(book.ask("a", version: "2", now: .seconds(310)) == .make)
    }

    @Test func whoAsksMeanwhileWaits() {
        var book = AnswerBook()
        #expect(book.ask("a", version: "1", now: .seconds(1)) == .make)
        #expect(book.ask("a", version: "1", now: .seconds(2)) == .wait)
        #expect(book.ask("b", version: "1", now: .seconds(2)) == .make)
        book.failed("a", began: .seconds(1), now: .seconds(3))
        #expect(book.ask("a", version: "1", now: .seconds(4)) == .make, "an error is not kept")
    }

    @Test func anAnswerThatIsNewerThanTheLookIsCurrent() {
        var book = Self.filled()
        #expect(book.ask("a", version: "0", now: .seconds(9)) == .give("one", age: .zero, isCurrent: true))
        #expect(book.due(version: "1", now: .seconds(13)) == nil, "it is not wanted again")
    }

    @Test func whatWasGivenOldIsMadeAgainAndThenTheBackgroundRests() {
        var book = Self.filled()
        #expect(!book.mayMake(now: .seconds(13)))
        _ = book.ask("a", version: "2", now: .seconds(14))
        #expect(book.mayMake(now: .seconds(14)))
        #expect(book.due(version: "2", now: .seconds(14))?.key == "a")
        #expect(!book.mayMake(now: .seconds(15)) && book.due(version: "2", now: .seconds(15)) == nil, "one at a time")
        book.made("a", "two", version: "2", Self.recipe(), began: .seconds(14), now: .seconds(17))
        #expect(book.ask("a", version: "3", now: .seconds(18)) == .give("two", age: .seconds(4), isCurrent: false))
        #expect(!book.mayMake(now: .milliseconds(28_999)) && book.due(version: "3", now: .milliseconds(28_999)) == nil)
        #expect(book.due(version: "3", now: .seconds(29))?.key == "a", "it took three seconds and rested twelve")
    }

    @Test func whoCameWhileItWasMadeOfSomethingOlderHasItMadeAgain() {
        var book = AnswerBook()
        #expect(book.ask("a", version: "1", now: .seconds(1)) == .make)
        #expect(book.ask("a", version: "2", now: .seconds(3)) == .wait)
        book.made("a", "one", version: "1", Self.recipe(), began: .seconds(1), now: .seconds(5))
        #expect(book.due(version: "2", now: .seconds(5))?.key == "a")
    }

    @Test func itStaysWarmForTwelveHoursAfterTheLastAsking() {
        var book = Self.filled()
        // Two seconds' work is worth doing again every eighty; nothing has changed, so nothing is made.
        #expect(!book.mayMake(now: .seconds(90)) && book.mayMake(now: .seconds(91)))
        #expect(book.due(version: "1", now: .seconds(91)) == nil)
        #expect(!book.mayMake(now: .seconds(171)) && book.mayMake(now: .seconds(172)))
        #expect(book.due(version: "2", now: .seconds(172))?.key == "a")
        book.made("a", "two", version: "2", Self.recipe(), began: .seconds(172), now: .seconds(174))
        #expect(book.mayMake(now: .seconds(10 + 12 * 3600 - 1)))
        #expect(!book.mayMake(now: .seconds(10 + 12 * 3600)), "nobody has asked for twelve hours")
    }

    @Test func aFailureIsNotTriedAgainUnasked() {
        var book = Self.filled()
        _ = book.ask("a", version: "2", now: .seconds(14))
        #expect(book.due(version: "2", now: .seconds(14))?.key == "a")
        book.failed("a", began: .seconds(14), now: .seconds(15))
        #expect(!book.mayMake(now: .seconds(4000)))
        #expect(book.ask("a", version: "2", now: .seconds(20)) == .give("one", age: .seconds(10), isCurrent: false))
        #expect(book.due(version: "2", now: .seconds(20))?.key == "a", "somebody has asked")
    }

    @Test func whatIsOrderedIsMadeInItsOrderFirstOfAllAndOnce() {
        var book = Self.filled()
        _ = book.ask("a", version: "2", now: .seconds(14))
        for key in ["x", "a", "y", "z"] { book.order(key, Self.recipe()) }
        #expect(book.ask("y", version: "2", now: .seconds(14)) == .make)
        #expect(book.due(version: "2", now: .seconds(14))?.key == "x")
        #expect(book.ask("x", version: "2", now: .seconds(15)) == .wait)
        book.made("x", "ex", version: "2", Self.recipe(), began: .seconds(14), now: .seconds(16))
        #expect(book.due(version: "2", now: .seconds(16))?.key == "z", "a is kept, y is being made, and nothing rests")
        book.made("z", "zed", version: "2", Self.recipe(), began: .seconds(16), now: .seconds(18))
        #expect(book.due(version: "2", now: .seconds(18))?.key == "a")
        book.made("a", "two", version: "2", Self.recipe(), began: .seconds(18), now: .seconds(18))
        #expect(book.ask("z", version: "2", now: .seconds(19)) == .give("zed", age: .zero, isCurrent: true))
    }

    @Test func whatWasNotAskedForLongestGoes() {
        var book = AnswerBook()
        for number in 0..<AnswerBook.most {
            let now = Duration.seconds(number)
            #expect(book.ask("\(number)", version: "1", now: now) == .make)
            book.made("\(number)", "\(number)", version: "1", Self.recipe(), began: now, now: now)
        }
        _ = book.ask("0", version: "1", now: .seconds(100))
        #expect(book.ask("new", version: "1", now: .seconds(101)) == .make)
        book.made("new", "new", version: "1", Self.recipe(), began: .seconds(101), now: .seconds(102))
        #expect(book.size.answers == AnswerBook.most)
        #expect(book.ask("1", version: "1", now: .seconds(103)) == .make)
        #expect(book.ask("0", version: "1", now: .seconds(103)) == .give("0", age: .zero, isCurrent: true))
    }

    @Test func allOfItHasABoundOfBytes() {
        var book = AnswerBook()
        let large = String(repeating: "x", count: AnswerBook.mostBytes / 3)
        for number in 0..<5 {
            let now = Duration.seconds(number)
            _ = book.ask("\(number)", version: "1", now: now)
            book.made("\(number)", large, version: "1", Self.recipe(), began: now, now: now)
        }
        #expect(book.size.answers == 3 && book.size.bytes <= AnswerBook.mostBytes)
        book.made(
            "all", large + large + large + large, version: "1", Self.recipe(), began: .seconds(9), now: .seconds(9))
        #expect(book.size.bytes <= AnswerBook.mostBytes)
    }
}
