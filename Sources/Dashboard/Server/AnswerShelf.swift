import HTTPTypes
import Synchronization

/// An answer as somebody gets it.
struct GivenAnswer: Sendable {
    /// The page's body, or JSON.
    var text: String
    /// How long ago it was true; nil where it is not kept but made for each.
    var age: Duration?
    /// Whether nothing had changed when it was asked for.
    var isCurrent: Bool
}

/// Answers about much, kept: made once for all who ask at the same time, and again in the background once they are old.
///
/// `AnswerBook` says what is given and made; this has the clock, the threads and who waits. What was begun goes on although
/// whoever asked has gone: the next one will ask for the same.
final class AnswerShelf: Sendable {
    typealias Recipe = AnswerBook.Recipe

    private struct Waiter {
        var continuation: CheckedContinuation<GivenAnswer, any Error>
        var asked: Duration
        var version: String
    }

    private struct State {
        var book = AnswerBook()
        /// Who is to be answered: whoever is taken from here is, once.
        var waiters: [String: [Waiter]] = [:]
        /// Whether a thread is asked to look whether something is to be made again.
        var isLooking = false
        var isStopped = false
    }

    private static let look = Duration.milliseconds(500)
    /// How long the end waits for what is being made.
    private static let patience = Duration.seconds(2)
    private static let stopped = PageError(.serviceUnavailable, "the dashboard is being stopped")

    private let state = Mutex(State())
    private let clock: @Sendable () -> Duration
    /// Apart from other questions' threads, so that these do not wait while three long answers are made.
    private let making = BlockingWork(threads: 3)

    /// - Parameter clock: the time since some moment; never goes back.
    init(clock: @escaping @Sendable () -> Duration) {
        self.clock = clock
    }

    /// A shelf by the machine's clock.
    convenience init() {
        let start = ContinuousClock.now
        self.init(clock: { start.duration(to: .now) })
    }

    /// The shelf's time: to be asked before the warehouse is asked how far it is.
    var moment: Duration { clock() }

    /// How many wait for an answer.
    func waiting(for key: String) -> Int {
        state.withLock { $0.waiters[key]?.count ?? 0 }
    }

    // MARK: - Asking

    /// The answer: what is kept, or what is made now, for whoever asks meanwhile too.
    ///
    /// - Parameters:
    ///   - key: what is asked.
    ///   - version: how far the warehouse was.
    ///   - asked: at which moment it was that far.
    ///   - recipe: makes the answer.
    /// - Throws: what the recipe throws; `PageError` where the dashboard is being stopped.
    func answer(
        _ key: String, version: String, asked: Duration, _ recipe: @escaping Recipe
    ) async throws -> GivenAnswer {
        try await withCheckedThrowingContinuation { continuation in
            let (given, begins) = state.withLock { state -> (Result<GivenAnswer, any Error>?, Bool) in
                if state.isStopped { return (.failure(Self.stopped), false) }
                let ask = state.book.ask(key, version: version, now: asked)
                if case .give(let text, let age, let isCurrent) = ask {
                    return (.success(GivenAnswer(text: text, age: age, isCurrent: isCurrent)), false)
                }
                let waiter = Waiter(continuation: continuation, asked: asked, version: version)
                state.waiters[key, default: []].append(waiter)
                return (nil, ask == .make)
            }
            if let given { continuation.resume(with: given) }
            if begins { making.begin { [self] isActive in make(key, recipe, isActive: isActive) } }
        }
    }

    /// Has an answer made once in the background.
    func order(_ key: String, _ recipe: @escaping Recipe) {
        state.withLock { $0.book.order(key, recipe) }
    }

    // MARK: - Making

    /// Makes what is old again, one at a time, until the task is cancelled; does not wait for what is being made.
    ///
    /// - Parameter version: tells how far the warehouse is; may block.
    func keepWarm(_ version: @escaping @Sendable () throws -> String) async {
        while !Task.isCancelled {
            let looks = state.withLock { state in
                guard !state.isLooking, !state.isStopped, state.book.mayMake(now: clock()) else { return false }
                state.isLooking = true
                return true
            }
            if looks { making.begin { [self] isActive in makeDue(version, isActive: isActive) } }
            try? await Task.sleep(for: Self.look)
        }
    }

    private func makeDue(_ version: () throws -> String, isActive: Bool) {
        let now = clock()
        let newest = isActive ? try? version() : nil
        let due = state.withLock { state -> (key: String, recipe: Recipe)? in
            state.isLooking = false
            guard let newest, !state.isStopped else { return nil }
            return state.book.due(version: newest, now: now)
        }
        if let due { make(due.key, due.recipe, isActive: true) }
    }

    private func make(_ key: String, _ recipe: @escaping Recipe, isActive: Bool) {
        let began = clock()
        let made = Result {
            guard isActive, !state.withLock({ $0.isStopped }) else { throw Self.stopped }
            return try recipe()
        }
        let now = clock()
        let waiters = state.withLock { state -> [Waiter] in
            switch made {
            case .success(let made):
                state.book.made(key, made.text, version: made.version, recipe, began: began, now: now)
            case .failure: state.book.failed(key, began: began, now: now)
            }
            return state.waiters.removeValue(forKey: key) ?? []
        }
        for waiter in waiters {
            let given = made.map { made in
                let isCurrent = began >= waiter.asked || made.version == waiter.version
                return GivenAnswer(text: made.text, age: max(.zero, now - began), isCurrent: isCurrent)
            }
            waiter.continuation.resume(with: given)
        }
    }

    // MARK: - Ending

    /// Gives and makes nothing more, and tells whoever waits; waits for nothing itself.
    func stop() {
        let waiters = state.withLock { state in
            state.isStopped = true
            let waiters = state.waiters.values.joined()
            state.waiters = [:]
            return Array(waiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Self.stopped) }
    }

    /// Stops, and waits a little for what is being made; what takes longer ends with the process.
    func end() async {
        stop()
        await making.end(within: Self.patience)
    }
}
