/// How long a warehouse keeps what: whole UTC days, by subject; what has no age is kept for ever.
///
/// ```swift
/// let rule = try KeepRule("calls=90d,requests=30d,hours=400d").get()
/// ```
public struct KeepRule: Sendable, Hashable {
    /// What can have an age of its own.
    public enum Subject: String, Sendable, Hashable, CaseIterable {
        /// Rows of `call`, and of `late`.
        case calls
        /// Rows of `request`: what was decided and is no call.
        case requests
        /// Rows of `control_event`, but those that tell of a gap.
        case events
        /// Alerts that neither fire nor are pending, with their transitions.
        case alerts
        /// Lines that could not be loaded; how many they were stays.
        case rejects
        /// The sums by hour, `rollup_hour` and `request_hour`, and `hour`, which says where an hour's rows stand.
        case hours
        /// The sums by day: `rollup_day`, `peak_minute`, `latency`.
        case days
    }

    /// What is wrong with a rule, each mistake in words.
    public struct Mistakes: Error, Sendable, Hashable {
        /// At least one.
        public var texts: [String]
    }

    /// The most days that can be asked for: a hundred years.
    public static let maximumDays = 36_600

    /// The age in days at which a subject's rows go.
    public let days: [Subject: Int]

    /// Makes a rule of ages in days by name, `calls`, `requests`, …; tells every mistake at once.
    ///
    /// A sum must not go before what it sums: an outcome that comes late takes its call out of one sum and puts it into
    /// another, and a report's edges are read from the finer kind.
    public static func make(_ ages: [String: Int]) -> Result<KeepRule, Mistakes> {
        var days: [Subject: Int] = [:]
        var mistakes: [String] = []
        for (name, age) in ages.sorted(by: { $0.key < $1.key }) {
            if let subject = Subject(rawValue: name) {
                days[subject] = age
                if !(1...maximumDays).contains(age) { mistakes.append("\(name): from 1d to \(maximumDays)d") }
            } else {
                mistakes.append("\(name) is none of \(Subject.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        for (sum, part) in [(Subject.hours, Subject.calls), (.hours, .requests), (.days, .hours)] {
            guard let age = days[sum], age < days[part] ?? .max else { continue }
            let parts = days[part].map { "\($0)d" } ?? "for ever"
            mistakes.append(
                "\(sum.rawValue)=\(age)d: sums must be kept as long as \(part.rawValue), which are kept \(parts)")
        }
        return mistakes.isEmpty ? .success(KeepRule(days: days)) : .failure(Mistakes(texts: mistakes))
    }

    /// Reads `calls=90d,requests=30d`; tells every mistake at once.
    public static func read(_ text: String) -> Result<KeepRule, Mistakes> {
        var ages: [String: Int] = [:]
        var mistakes: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", omittingEmptySubsequences: false)
            guard words.count == 2, words[1].last == "d", let days = Int(words[1].dropLast()), days >= 0 else {
                mistakes.append("'\(part)' is no name and age such as calls=90d")
                continue
            }
            if ages.updateValue(days, forKey: String(words[0])) != nil { mistakes.append("\(words[0]) is given twice") }
        }
        switch make(ages) {
        case .success(let rule): return mistakes.isEmpty ? .success(rule) : .failure(Mistakes(texts: mistakes))
        case .failure(let more): return .failure(Mistakes(texts: mistakes + more.texts))
        }
    }
}
