import Events
import Testing

@testable import Gateway

/// A flood of refusals costs a bounded number of records and bytes, and not one is lost from the count.
struct RefusalBookTests {
    private let start = Timestamp(microseconds: 1_795_368_960_000_000)

    @Test func theFirstTwentyOfASourceAndMinuteAreWholeTheRestCounted() {
        var book = RefusalBook()
        for number in 0..<100 {
            #expect(book.isWhole("a", .host, now: start) == (number < RefusalBook.wholePerMinute), "\(number)")
        }
        #expect(book.isWhole("b", .host, now: start) == true, "another source")
        let sums = book.takeSums()
        #expect(sums.count == 1 && sums.first?.count == 80)
        #expect(sums.first?.sum == RefusalBook.Sum(source: "a", reason: .host))
        #expect(book.takeSums().isEmpty, "taken is taken")
        #expect(book.isWhole("a", .host, now: start) == false, "the minute is not over")
        #expect(book.isWhole("a", .host, now: start.advanced(by: 60_000_000)) == true)
    }

    @Test(arguments: UInt64(0)..<12)
    func everyRefusalIsWholeOrCountedExactlyOnce(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var book = RefusalBook()
        let sources = seed % 3 == 0 ? 9000 : 1 + random.below(60)
        let reasons: [Reason] = [.host, .origin, .identityUnresolved, .malformed]
        var asked: [Reason: Int] = [:]
        var told: [Reason: Int] = [:]
        var now = start
        for _ in 0..<6000 {
            let reason = random.pick(reasons)
            asked[reason, default: 0] += 1
            if random.chance(20) {
                book.count("n\(random.below(sources))", reason, grant: random.chance(50) ? "g" : nil)
            } else if book.isWhole("n\(random.below(sources))", reason, now: now) {
                told[reason, default: 0] += 1
            }
            if random.chance(1) {
                now = now.advanced(by: Int64(random.below(40_000_000)))
                for (sum, count) in book.takeSums() { told[sum.reason, default: 0] += count }
            }
        }
        for (sum, count) in book.takeSums() { told[sum.reason, default: 0] += count }
        #expect(asked == told, "seed \(seed)")
    }

    @Test func moreSourcesThanAreToldApartShareOne() {
        var book = RefusalBook()
        let known = RefusalBook.maximumSources
        for number in 0..<known where !book.isWhole("n\(number)", .host, now: start) {
            Issue.record("source \(number) was not whole")
        }
        for number in known..<(known + 3) {
            #expect(book.isWhole("n\(number)", .host, now: start) == false)
        }
        #expect(book.isWhole("n1", .host, now: start) == true, "known sources go on as before")
        let sums = book.takeSums()
        #expect(sums.map(\.sum.source) == ["*"] && sums.map(\.count) == [3])
        #expect(book.isWhole("new", .host, now: start.advanced(by: 60_000_000)) == true, "a new minute makes room")
    }

    @Test func countedSourcesAreBoundedAndTheirNumbersExact() {
        var book = RefusalBook()
        let many = RefusalBook.maximumSources + 500
        for number in 0..<many { book.count("n\(number)", .overloaded, grant: "g\(number)") }
        let sums = book.takeSums()
        #expect(sums.count == RefusalBook.maximumSources + 1)
        #expect(sums.reduce(0) { $0 + $1.count } == many)
        #expect(sums.first?.sum == RefusalBook.Sum(source: "*", reason: .overloaded) && sums.first?.count == 500)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.0/24"), ("192.0.2.255", "192.0.2.0/24"), ("10.1.2.3", "10.1.2.0/24"),
        ("local", "local"), ("", ""), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
    ])
    func addressesBelongToTheirNetwork(address: String, network: String) {
        #expect(RefusalBook.prefix(of: address) == network)
    }

    @Test func neighboursAreOfOneNetworkAndStrangersOfTwo() {
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            // No group of zeros, so that nothing is shortened.
            let groups = (0..<8).map { _ in String(1 + random.below(0xFFFF), radix: 16) }
            let address = groups.joined(separator: ":")
            var near = groups
            near[4 + random.below(4)] = String(1 + random.below(0xFFFF), radix: 16)
            var far = groups
            far[random.below(4)] = "0"
            let network = RefusalBook.prefix(of: address)
            #expect(RefusalBook.prefix(of: near.joined(separator: ":")) == network, "seed \(seed)")
            #expect(RefusalBook.prefix(of: far.joined(separator: ":")) != network, "seed \(seed)")
        }
    }

    @Test func shortenedAddressesAreOfTheNetworkOfTheirLongForm() {
        let pairs = [
            ("2001:db8::1", "2001:db8::2"), ("2001:db8::a:b:c:d", "2001:db8::e:b:c:d"), ("fe80::1", "fe80::2:3"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ]
        for (one, other) in pairs {
            #expect(RefusalBook.prefix(of: one) == RefusalBook.prefix(of: other), "\(one) \(other)")
        }
    }
}
