import Events

/// Makes decisions of their lines with what a verdict hangs on alone: who called what, what was decided, from which facts.
///
/// Client, arguments and the tool's digests are left out. Texts and verdicts that come again are built once.
struct BriefDecisions {
    private var texts = TextCache()
    private var verdicts = VerdictCache()

    /// A decision of its line; nil where the line is no record.
    mutating func decision(_ line: DecisionLine, _ bytes: UnsafeRawBufferPointer) -> Decision? {
        guard var decision = verdicts.decision(line, bytes) else { return nil }
        decision.agent = text(line.agent, bytes)
        decision.grant = text(line.grant, bytes)
        decision.session = text(line.session, bytes)
        decision.server = text(line.server, bytes) ?? ""
        decision.transport = line.transport
        decision.tool = text(line.tool, bytes)
        decision.limit?.used = line.limitUsed.map { Int($0) } ?? 0
        decision.retryAfterMilliseconds = line.retryAfterMilliseconds.map { Int($0) }
        decision.cost = line.cost.map { Int($0) }
        decision.facts = text(line.facts, bytes)
        return decision
    }

    private mutating func text(_ slice: DecisionLine.Slice?, _ bytes: UnsafeRawBufferPointer) -> String? {
        slice.map { texts.text(UnsafeRawBufferPointer(rebasing: bytes[$0])) }
    }
}
