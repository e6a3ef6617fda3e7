/// How alerts are gathered into messages, as Alertmanager does it.
public struct GroupTimes: Sendable {
    /// How long the first alert of a group waits for others, in microseconds (30 s).
    public var waitMicroseconds: Int64 = 30_000_000
    /// The least time between two messages about one group, in microseconds (5 min).
    public var intervalMicroseconds: Int64 = 300_000_000
    /// After how long a group that still fires is told again, in microseconds (4 h).
    public var repeatMicroseconds: Int64 = 14_400_000_000

    /// The usual times.
    public init() {}
}

/// What belongs into one message: the same rule about the same tool, whoever the agents are.
enum AlertGroup {
    /// The labels that a group's alerts have in common.
    static func labels(_ notice: AlertNotice) -> [String: String] {
        notice.labels.filter { ["alertname", "server", "tool"].contains($0.key) }
    }

    /// The group's name.
    static func key(_ notice: AlertNotice) -> String {
        let labels = labels(notice).sorted { $0.key < $1.key }
        return "{}:{" + labels.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ", ") + "}"
    }
}
