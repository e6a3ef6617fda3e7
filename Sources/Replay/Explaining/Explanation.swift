public import Events

/// Why a call was decided as it was, or why an alert fired: what fits on one screen.
///
/// Made from records and kept policies alone; no argument's value is in it.
public struct Explanation: Sendable, Equatable {
    /// One call that counted.
    public struct Call: Sendable, Equatable {
        /// Its record.
        public var seq: UInt64
        /// When.
        public var at: Timestamp
        /// How much it counted.
        public var cost: Int
    }

    /// Calls by time.
    public struct Chart: Sendable, Equatable {
        /// The first step's beginning.
        public var from: Timestamp
        /// Seconds of a step.
        public var stepSeconds: Int
        /// Calls that went on to the server, by step.
        public var passed: [Int]
        /// Calls that did not, by step.
        public var stopped: [Int]
    }

    /// The record, `<log>/<seq>`, or the alert's id.
    public var subject: String
    /// What happened, in one sentence.
    public var sentence: String
    /// What it hung on: names and values, in the order in which they are shown.
    public var parameters: [(name: String, value: String)] = []
    /// The calls around it.
    public var chart: Chart?
    /// What the chart's calls have in common.
    public var chartOf = ""
    /// The calls that counted, in order.
    public var calls: [Call] = []
    /// What they are.
    public var callsAre = ""
    /// What would have changed the verdict, one sentence each.
    public var changes: [String] = []

    init(_ subject: String, _ sentence: String) {
        self.subject = subject
        self.sentence = sentence
    }

    /// Whether two say the same.
    public static func == (a: Explanation, b: Explanation) -> Bool {
        (a.subject, a.sentence, a.chartOf, a.callsAre) == (b.subject, b.sentence, b.chartOf, b.callsAre)
            && a.chart == b.chart && a.calls == b.calls && a.changes == b.changes
            && a.parameters.elementsEqual(b.parameters) { $0 == $1 }
    }
}

extension Explanation.Chart {
    /// A chart of at most 60 steps over a span; its calls are added one by one.
    init(from: Timestamp, to: Timestamp) {
        let seconds = max(1, to.since(from) / 1_000_000)
        let steps = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 14_400, 86_400]
        stepSeconds = steps.first { seconds / Int64($0) < 60 } ?? 86_400
        let step = Int64(stepSeconds) * 1_000_000
        self.from = Timestamp(microseconds: from.microseconds / step * step)
        let count = Int((to.microseconds - self.from.microseconds) / step) + 1
        passed = Array(repeating: 0, count: count)
        stopped = passed
    }

    mutating func add(_ at: Timestamp, isStopped: Bool) {
        let index = Int((at.microseconds - from.microseconds) / (Int64(stepSeconds) * 1_000_000))
        guard at >= from, passed.indices.contains(index) else { return }
        if isStopped { stopped[index] += 1 } else { passed[index] += 1 }
    }
}

/// Why something cannot be explained.
public struct UnexplainedRecord: Error, Sendable, CustomStringConvertible {
    /// What is missing.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
