import Testing

@testable import Dashboard

/// Visitors, a loader and the background in random order: what is given was true when it is said to have been, and whoever asks
/// gets something.
@Suite struct AnswerBookRandomTests {
    /// What is being made: of which version, since when, until when.
    private struct Work {
        var version: Int
        var began: Int
        var end: Int
        var isBackground: Bool
    }

    private struct Run {
        static let large = String(decoding: [UInt8](repeating: 0x78, count: 9 << 20), as: UTF8.self)

        let seed: UInt64
        var random: SeededGenerator
        var book = AnswerBook()
        var now = 0
        /// When each version became the newest, in seconds.
        var versions = [0]
        var making: [String: Work] = [:]
        var waiting: [String: Int] = [:]
        var asked = 0, given = 0, made = 0, failed = 0, again = 0
        var restUntil = 0

        var newest: Int { versions.count - 1 }

        init(seed: UInt64) {
            self.seed = seed
            random = SeededGenerator(seed: seed)
        }

        func version(at second: Int) -> Int { (versions.lastIndex { $0 <= second }) ?? 0 }

        mutating func ask() {
            let key = "\(Int.random(in: 0..<90, using: &random))"
            // The look at the warehouse was a little earlier.
            let looked = max(0, now - (Int.random(in: 0..<4, using: &random) == 0 ? 3 : 0))
            let seen = version(at: looked)
            asked += 1
            switch book.ask(key, version: "\(seen)", now: .seconds(looked)) {
            case .give(let text, let age, let isCurrent):
                given += 1
                let parts = text.prefix(20).split(separator: " ")
                let version = Int(parts[1]) ?? -1
                #expect(parts[0] == key, "seed \(seed)")
                #expect(age < AnswerBook.oldest && age >= .zero, "seed \(seed)")
                #expect(version >= self.version(at: looked - Int(age.components.seconds)), "seed \(seed) at \(now)")
                #expect(isCurrent == (version >= seen) || version > seen, "seed \(seed) at \(now)")
            case .wait:
                #expect(making[key] != nil, "seed \(seed): nobody would answer")
                waiting[key, default: 0] += 1
            case .make:
                #expect(making[key] == nil, "seed \(seed): it is made twice")
                waiting[key, default: 0] += 1
                begin(key, inBackground: false)
            }
        }

        mutating func begin(_ key: String, inBackground: Bool) {
            let takes = Int.random(in: 0..<9, using: &random)
            making[key] = Work(version: newest, began: now, end: now + takes, isBackground: inBackground)
        }

        mutating func finish(_ key: String, _ work: Work) {
            making[key] = nil
            given += waiting.removeValue(forKey: key) ?? 0
            if work.isBackground { restUntil = now + AnswerBook.rests * (now - work.began) }
            let (began, end) = (Duration.seconds(work.began), Duration.seconds(now))
            if Int.random(in: 0..<12, using: &random) == 0 {
                failed += 1
                book.failed(key, began: began, now: end)
                return
            }
            made += 1
            let isLarge = Int.random(in: 0..<20, using: &random) == 0
            let text = "\(key) \(work.version) " + (isLarge ? Self.large : "small")
            book.made(key, text, version: "\(work.version)", { ("", "") }, began: began, now: end)
            #expect(book.size.answers <= AnswerBook.most, "seed \(seed)")
            #expect(book.size.bytes <= AnswerBook.mostBytes, "seed \(seed)")
        }

        mutating func background() {
            guard book.mayMake(now: .seconds(now)), let due = book.due(version: "\(newest)", now: .seconds(now)) else {
                return
            }
            again += 1
            #expect(making[due.key] == nil, "seed \(seed): it is made twice")
            #expect(making.values.allSatisfy { !$0.isBackground }, "seed \(seed): one at a time")
            #expect(now >= restUntil, "seed \(seed): it rests")
            begin(due.key, inBackground: true)
        }

        mutating func step() {
            now += Int.random(in: 0..<40, using: &random) == 0 ? 200 : Int.random(in: 0..<3, using: &random)
            for (key, work) in making.sorted(by: { $0.key < $1.key }) where work.end <= now { finish(key, work) }
            if Int.random(in: 0..<20, using: &random) == 0 {
                // What began before has the version before: not in the same second.
                now += 1
                versions.append(now)
            }
            background()
            for _ in 0..<Int.random(in: 0..<4, using: &random) { ask() }
        }
    }

    @Test func whatIsGivenIsAsOldAsItSaysAndEverybodyIsAnswered() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("AnswerBookRandomTests: seed \(seed)")
        var run = Run(seed: seed)
        for _ in 0..<3000 { run.step() }
        run.now += 100
        for (key, work) in run.making { run.finish(key, work) }
        #expect(run.asked == run.given && run.waiting.isEmpty, "seed \(seed)")
        #expect(run.made > 100 && run.failed > 10 && run.again > 10 && run.given > run.made, "seed \(seed)")
    }
}
