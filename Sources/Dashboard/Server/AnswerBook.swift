/// Which answers are kept, given, made again and dropped: knows no clock and no thread.
///
/// Times are since the dashboard began. A version is how far the warehouse was, equal where nothing has changed.
struct AnswerBook {
    /// Makes an answer of the warehouse as it is now, and says how far that was at least.
    typealias Recipe = @Sendable () throws -> (text: String, version: String)

    /// What somebody who asks gets.
    enum Ask: Equatable {
        /// What is kept, true so long ago; nothing has changed since where it is current.
        case give(String, age: Duration, isCurrent: Bool)
        /// What somebody else has begun to make.
        case wait
        /// What is to be made now.
        case make
    }

    /// The most answers that are kept.
    static let most = 64
    /// The most bytes that all kept answers have.
    static let mostBytes = 64 << 20
    /// An answer that is older is not given: whoever asks waits for a new one.
    static let oldest = Duration.seconds(300)
    /// How long an answer is made again by itself after it was asked for.
    static let memory = Duration.seconds(12 * 3600)
    /// After it has made an answer again, the background rests so many times as long: a fifth of one core at most.
    static let rests = 4

    /// From which age on an answer of such a cost is made again by itself.
    static func warmAge(cost: Duration) -> Duration {
        min(max(cost * 40, .seconds(30)), .seconds(240))
    }

    private struct Entry {
        var text: String
        var version: String
        var recipe: Recipe
        /// When that version was last seen to be the newest.
        var asOf: Duration
        var cost: Duration
        /// When somebody asked last; nil where nobody has, or where it could not be made again.
        var asked: Duration?
        /// Whether it was given although it was not current.
        var isWanted = false
    }

    /// Who waits for what is being made: the last of them.
    private struct Waiting {
        var asked: Duration
        var version: String
    }

    private var entries: [String: Entry] = [:]
    /// What is being made; nil where nobody waits for it.
    private var making: [String: Waiting?] = [:]
    /// What is to be made once, unasked.
    private var ordered: [(key: String, recipe: Recipe)] = []
    private var inBackground: (key: String, isOrdered: Bool)?
    private var restUntil = Duration.zero

    /// How much is kept.
    var size: (answers: Int, bytes: Int) { (entries.count, entries.values.reduce(0) { $0 + $1.text.utf8.count }) }

    /// Somebody asks, for whom `version` was the newest at `now`.
    mutating func ask(_ key: String, version: String, now: Duration) -> Ask {
        if var entry = entries[key] {
            // Made since then, it is of that version or of a later one.
            let isCurrent = entry.version == version || entry.asOf >= now
            if isCurrent { entry.asOf = max(entry.asOf, now) }
            let age = max(.zero, now - entry.asOf)
            let isGiven = age < Self.oldest
            entry.asked = max(entry.asked ?? now, now)
            entry.isWanted = isGiven && !isCurrent
            entries[key] = entry
            if isGiven { return .give(entry.text, age: age, isCurrent: isCurrent) }
        }
        return making.updateValue(Waiting(asked: now, version: version), forKey: key) == nil ? .make : .wait
    }

    /// Has an answer made once, without anybody's asking.
    mutating func order(_ key: String, _ recipe: @escaping Recipe) {
        ordered.append((key, recipe))
    }

    /// Whether the background may find something to make, so that it is worth a look at the newest version.
    func mayMake(now: Duration) -> Bool {
        guard inBackground == nil, now >= restUntil else { return false }
        return !ordered.isEmpty || entries.contains { making[$0.key] == nil && isDue($0.value, now: now) }
    }

    /// What the background is to make, where `version` was the newest at `now`: first what was ordered, then what somebody was
    /// given an old answer of, then what was asked for lately; of these the oldest.
    mutating func due(version: String, now: Duration) -> (key: String, recipe: Recipe)? {
        for (key, entry) in entries where entry.version == version {
            entries[key]?.asOf = max(entry.asOf, now)
            entries[key]?.isWanted = false
        }
        guard inBackground == nil, now >= restUntil else { return nil }
        let order = nextOrdered()
        guard let found = order ?? oldest(now: now) else { return nil }
        inBackground = (found.key, order != nil)
        making[found.key] = .some(nil)
        return found
    }

    private mutating func nextOrdered() -> (key: String, recipe: Recipe)? {
        while !ordered.isEmpty {
            let next = ordered.removeFirst()
            if entries[next.key] == nil, making[next.key] == nil { return next }
        }
        return nil
    }

    private func oldest(now: Duration) -> (key: String, recipe: Recipe)? {
        let candidates = entries.filter { making[$0.key] == nil && isDue($0.value, now: now) }
        let first = candidates.min { a, b in
            (a.value.isWanted ? 0 : 1, a.value.asOf, a.key) < (b.value.isWanted ? 0 : 1, b.value.asOf, b.key)
        }
        return first.map { ($0.key, $0.value.recipe) }
    }

    private func isDue(_ entry: Entry, now: Duration) -> Bool {
        guard let asked = entry.asked, now - asked < Self.memory else { return false }
        return entry.isWanted || now - entry.asOf > Self.warmAge(cost: entry.cost)
    }

    /// An answer was made of what the warehouse was at `began` or later; those that were not asked for longest go for it.
    mutating func made(
        _ key: String, _ text: String, version: String, _ recipe: @escaping Recipe, began: Duration, now: Duration
    ) {
        let waiting = ended(key, began: began, now: now)
        entries[key] = Entry(
            text: text, version: version, recipe: recipe, asOf: began, cost: max(.zero, now - began),
            asked: waiting?.asked ?? entries[key]?.asked,
            isWanted: waiting.map { $0.asked > began && $0.version != version } ?? false)
        var (answers, bytes) = size
        while answers > Self.most || bytes > Self.mostBytes,
            let last = entries.min(by: { ($0.value.asked ?? .zero, $0.key) < ($1.value.asked ?? .zero, $1.key) })
        {
            answers -= 1
            bytes -= last.value.text.utf8.count
            entries[last.key] = nil
        }
    }

    /// An answer could not be made: what is kept of it stays until it is too old, and is made again when somebody asks.
    mutating func failed(_ key: String, began: Duration, now: Duration) {
        _ = ended(key, began: began, now: now)
        entries[key]?.asked = nil
        entries[key]?.isWanted = false
    }

    /// Who waits for what is made now.
    private mutating func ended(_ key: String, began: Duration, now: Duration) -> Waiting? {
        let waiting = making.removeValue(forKey: key) ?? nil
        if let made = inBackground, made.key == key {
            inBackground = nil
            // What was ordered is little and made once: the sooner it is there, the better.
            if !made.isOrdered { restUntil = now + max(.zero, now - began) * Self.rests }
        }
        return waiting
    }
}
