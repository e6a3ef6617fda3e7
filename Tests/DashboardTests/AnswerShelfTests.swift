import Dispatch
import Synchronization
import Testing

@testable import Dashboard

/// One making for all who ask, errors for all who wait, and an end that waits for nobody.
@Suite(.timeLimit(.minutes(1))) struct AnswerShelfTests {
    private struct Broken: Error, Equatable {}

    /// A making that goes on when it is told to.
    private final class Making: Sendable {
        let count = Atomic(0)
        private let gate = DispatchSemaphore(value: 0)

        func recipe(_ text: String, fails: Bool = false) -> AnswerShelf.Recipe {
            { [self] in
                count.add(1, ordering: .relaxed)
                gate.wait()
                if fails { throw Broken() }
                return (text, "1")
            }
        }

        func goOn() { gate.signal() }
    }

    private func until(_ holds: () async -> Bool) async throws {
        while await !holds() { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Many ask for one thing while it is being made.
    private func many(_ shelf: AnswerShelf, _ making: Making, fails: Bool = false) async throws -> [Result<
        GivenAnswer, any Error
    >] {
        try await withThrowingTaskGroup(of: Result<GivenAnswer, any Error>.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        let recipe = making.recipe("text", fails: fails)
                        return .success(try await shelf.answer("a", version: "1", asked: shelf.moment, recipe))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            try await until { shelf.waiting(for: "a") == 20 }
            making.goOn()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func allWhoAskAtOnceGetOneMaking() async throws {
        let (shelf, making) = (AnswerShelf(), Making())
        let answers = try await many(shelf, making).map { try $0.get() }
        #expect(answers.map(\.text) == Array(repeating: "text", count: 20))
        #expect(answers.allSatisfy { $0.isCurrent && $0.age != nil })
        #expect(making.count.load(ordering: .relaxed) == 1)
        let kept = try await shelf.answer("a", version: "1", asked: shelf.moment, making.recipe("other"))
        #expect(kept.text == "text" && kept.isCurrent && kept.age == .zero)
        #expect(making.count.load(ordering: .relaxed) == 1)
        await shelf.end()
    }

    @Test func anErrorReachesAllWhoWaitAndIsNotKept() async throws {
        let (shelf, making) = (AnswerShelf(), Making())
        for answer in try await many(shelf, making, fails: true) {
            #expect(throws: Broken()) { try answer.get() }
        }
        #expect(making.count.load(ordering: .relaxed) == 1)
        making.goOn()
        let next = try await shelf.answer("a", version: "1", asked: shelf.moment, making.recipe("now"))
        #expect(next.text == "now" && making.count.load(ordering: .relaxed) == 2)
        await shelf.end()
    }

    @Test func whatIsMadeForSomebodyWhoHasGoneIsKept() async throws {
        let (shelf, making) = (AnswerShelf(), Making())
        let visitor = Task { try await shelf.answer("a", version: "1", asked: shelf.moment, making.recipe("text")) }
        try await until { shelf.waiting(for: "a") == 1 }
        visitor.cancel()
        making.goOn()
        _ = try? await visitor.value
        let kept = try await shelf.answer("a", version: "1", asked: shelf.moment, making.recipe("other"))
        #expect(kept.text == "text")
        await shelf.end()
    }

    @Test func theBackgroundMakesWhatHasChanged() async throws {
        let shelf = AnswerShelf()
        let newest = Atomic(1)
        let recipe: AnswerShelf.Recipe = {
            let version = "\(newest.load(ordering: .relaxed))"
            return ("text \(version)", version)
        }
        let ask = { @Sendable () async throws -> GivenAnswer in
            let (version, asked) = ("\(newest.load(ordering: .relaxed))", shelf.moment)
            return try await shelf.answer("a", version: version, asked: asked, recipe)
        }
        let ordered = Atomic(0)
        shelf.order("b") {
            ordered.add(1, ordering: .relaxed)
            return ("b", "1")
        }
        let warm = Task { await shelf.keepWarm { "\(newest.load(ordering: .relaxed))" } }
        #expect(try await ask().text == "text 1")
        newest.add(1, ordering: .relaxed)
        let old = try await ask()
        #expect(old.text == "text 1" && !old.isCurrent)
        try await until { (try? await ask().text) == "text 2" }
        #expect(try await ask().isCurrent && ordered.load(ordering: .relaxed) == 1)
        warm.cancel()
        await warm.value
        await shelf.end()
    }

    @Test func theEndReleasesWhoWaitsAndWaitsForNoMaking() async throws {
        let (shelf, making) = (AnswerShelf(), Making())
        shelf.order("background", making.recipe("text"))
        let warm = Task { await shelf.keepWarm { "1" } }
        try await until { making.count.load(ordering: .relaxed) == 1 }
        // More than there are threads: some have not begun.
        let keys = (0..<5).map { "\($0)" }
        let visitors = keys.map { key in
            Task { try await shelf.answer(key, version: "1", asked: shelf.moment, making.recipe(key)) }
        }
        try await until { keys.allSatisfy { shelf.waiting(for: $0) == 1 } }
        warm.cancel()
        await warm.value
        shelf.stop()
        for visitor in visitors {
            await #expect(throws: PageError.self) { try await visitor.value }
        }
        await #expect(throws: PageError.self) {
            try await shelf.answer("late", version: "1", asked: shelf.moment, making.recipe("late"))
        }
        let start = ContinuousClock.now
        await shelf.end()
        let took = start.duration(to: .now)
        #expect(took > .seconds(1) && took < .seconds(30), "it waits a little, and no longer")
        for _ in 0..<9 { making.goOn() }
        #expect(making.count.load(ordering: .relaxed) <= 3, "what had not begun is not begun")
    }
}
