public import AuditLog
public import Events
import Policy

/// Proposes a policy from the use that was made: what is used is listed and limited, all else is denied.
public struct Recommender {
    private let log: LogDirectory
    private let span: Range<Timestamp>

    /// Looks at a log.
    ///
    /// - Parameters:
    ///   - since: the first call's time; nil for the log's beginning.
    ///   - until: exclusive.
    public init(_ log: LogDirectory, since: Timestamp? = nil, until: Timestamp? = nil) {
        self.log = log
        let first = since ?? Timestamp(microseconds: .min / 2)
        span = first..<max(first, until ?? Timestamp(microseconds: .max / 2))
    }

    /// Reads the log and makes the proposal.
    ///
    /// - Parameter progress: told now and then how many records were read.
    /// - Throws: `LogError`, `PolicyRefusal` where the log's names make no policy.
    public func run(_ progress: (Int) -> Void = { _ in }) throws -> Recommendation {
        let hasBeginning = span.lowerBound.microseconds > .min / 2
        let reader = try hasBeginning ? LogReader(log, fromTime: span.lowerBound) : LogReader(log)
        var use = ObservedUse()
        var count = 0
        reading: while let block = try reader.nextBlock() {
            var isOver = false
            block.forEachLine { _, line in
                count += 1
                guard !isOver, let record = try? Record(utf8: line) else { return }
                isOver = record.timestamp >= span.upperBound
                if span.contains(record.timestamp) { use.observe(record) }
            }
            progress(count)
            if isOver { break reading }
        }
        return try Recommender.propose(from: use)
    }

    /// Makes the proposal from what was observed.
    ///
    /// - Throws: `PolicyRefusal` where the names make no policy.
    public static func propose(from observed: ObservedUse) throws -> Recommendation {
        var use = observed
        use.finish()
        var lines: [String] = []
        var evidence: [Recommendation.Evidence] = []
        var leftOut: [Recommendation.LeftOut] = []
        for (tool, events) in use.tools.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            if let why = reasonToLeaveOut(tool, events) {
                leftOut.append(Recommendation.LeftOut(tool: tool, attempts: events.count, why: why))
                continue
            }
            let proposal = try ToolProposal(tool, events, use.callers)
            lines.append("    \(proposal.json)")
            evidence += proposal.evidence
        }
        let tools = lines.isEmpty ? "" : "\n\(lines.joined(separator: ",\n"))\n  "
        let text = "{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  \"tools\": {\(tools)}\n}\n"
        return Recommendation(
            text: text, document: try PolicyDocument(parsing: Array(text.utf8)), evidence: evidence, leftOut: leftOut,
            calls: use.tools.values.reduce(0) { $0 + $1.count }, findings: use.findingCount, first: use.first,
            last: use.last)
    }

    private static func reasonToLeaveOut(_ tool: String, _ events: [ObservedUse.Event]) -> String? {
        guard tool.utf8.count <= 128, !tool.isEmpty,
            !tool.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return "its name is none that a policy may have" }
        guard events.contains(where: \.isUse) else { return "it was only ever refused" }
        return events.contains(where: \.isBenign) ? nil : "it was only used in what findings name"
    }
}
