import Events

/// A moment in a report's JSON: RFC 3339 in UTC.
struct Moment: Sendable, Equatable, Hashable, Comparable, Encodable {
    let timestamp: Timestamp

    init(_ timestamp: Timestamp) {
        self.timestamp = timestamp
    }

    static func < (a: Moment, b: Moment) -> Bool { a.timestamp < b.timestamp }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(timestamp.description)
    }
}
