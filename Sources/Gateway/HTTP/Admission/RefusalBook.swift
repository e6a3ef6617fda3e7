import Events

/// Bounds what refusals before authentication cost: the first of each source are recorded whole, the rest once a
/// second with their exact number.
struct RefusalBook {
    /// Whole records for one source and minute.
    static let wholePerMinute = 20
    /// Sources that are told apart; others share one.
    static let maximumSources = 4096

    /// A second's refusals of one source and kind.
    struct Sum: Hashable {
        let source: String
        let reason: Reason
        /// The grant, where the caller is known.
        var grant: String?
    }

    private var whole: [String: (minute: Int64, count: Int)] = [:]
    private var sums: [Sum: Int] = [:]
    /// The minute in which sources of earlier ones were last forgotten: once is enough.
    private var clearedMinute = Int64.min

    /// Whether this refusal is to be recorded whole; if not, it is counted.
    ///
    /// - Parameter source: see ``prefix(of:)``.
    mutating func isWhole(_ source: String, _ reason: Reason, now: Timestamp) -> Bool {
        let minute = now.microseconds / 60_000_000
        var source = source
        if whole[source] == nil, whole.count >= RefusalBook.maximumSources {
            if clearedMinute != minute { whole = whole.filter { $0.value.minute == minute } }
            clearedMinute = minute
            if whole.count >= RefusalBook.maximumSources { source = "*" }
        }
        var seen = whole[source] ?? (minute, 0)
        if seen.minute != minute { seen = (minute, 0) }
        seen.count += 1
        whole[source] = seen
        if seen.count <= RefusalBook.wholePerMinute, source != "*" { return true }
        count(source, reason)
        return false
    }

    /// Counts a refusal that is never recorded whole.
    mutating func count(_ source: String, _ reason: Reason, grant: String? = nil) {
        let sum = Sum(source: source, reason: reason, grant: grant)
        let known = sums[sum] != nil || sums.count < RefusalBook.maximumSources
        sums[known ? sum : Sum(source: "*", reason: reason), default: 0] += 1
    }

    /// Takes out what has been counted since the last time.
    mutating func takeSums() -> [(sum: Sum, count: Int)] {
        guard !sums.isEmpty else { return [] }
        defer { sums.removeAll(keepingCapacity: true) }
        return sums.map { ($0.key, $0.value) }
            .sorted { ($0.0.source, $0.0.reason.rawValue) < ($1.0.source, $1.0.reason.rawValue) }
    }

    /// The network that an address belongs to: its /24 or /64, by which floods are told apart.
    static func prefix(of address: String) -> String {
        if address.contains(":") {
            if let last = address.split(separator: ":").last, last.contains(".") { return prefix(of: String(last)) }
            let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.split(separator: ":") }
            var groups = halves[0]
            if halves.count == 2 {
                groups += Array(repeating: "0", count: max(0, 8 - groups.count - halves[1].count)) + halves[1]
            }
            return groups.prefix(4).joined(separator: ":") + "::/64"
        }
        let parts = address.split(separator: ".")
        return parts.count == 4 ? parts.prefix(3).joined(separator: ".") + ".0/24" : address
    }
}
