public import AuditLog

/// What only the gateway's process knows of itself; whoever wires the dashboard fills it in.
public struct GatewayGauges: Sendable {
    /// Clients' connections.
    public var connections = 0
    /// Sessions that are open.
    public var sessions = 0
    /// Streams open towards clients.
    public var streams = 0
    /// Requests under way.
    public var requests = 0
    /// Calls that wait for a person.
    public var heldCalls = 0
    /// Brakes that are on.
    public var brakes = 0
    /// Times that a changed configuration was taken over.
    public var reloads = 0
    /// Lines that servers on standard output wrote and that were no message.
    public var droppedLines = 0
    /// What the log's writer has done, and how it stands.
    public var log = LogStatistics()
    /// Bytes of the log's file system, those free for it and all; nil where that cannot be told.
    public var space: (free: Int, total: Int)?

    /// Nothing under way.
    public init() {}
}

extension GatewayGauges {
    /// Writes them; of a process that is no gateway only their help.
    static func write(_ gauges: GatewayGauges?, to text: inout MetricsText) {
        func number(_ value: KeyPath<GatewayGauges, Int>) -> Double? { gauges.map { Double($0[keyPath: value]) } }
        text.add(.connections, number(\.connections))
        text.add(.sessions, number(\.sessions))
        text.add(.streams, number(\.streams))
        text.add(.requests, number(\.requests))
        text.add(.heldCalls, number(\.heldCalls))
        text.add(.brakesActive, number(\.brakes))
        text.add(.reloads, number(\.reloads))
        text.add(.droppedLines, number(\.droppedLines))
        write(gauges?.log, to: &text)
        text.add(.freeBytes, gauges?.space.map { Double($0.free) })
        text.add(.sizeBytes, gauges?.space.map { Double($0.total) })
    }

    private static func write(_ log: LogStatistics?, to text: inout MetricsText) {
        func count(_ value: KeyPath<LogStatistics, UInt64>) -> Double? { log.map { Double($0[keyPath: value]) } }
        text.add(.writerRecords, count(\.records))
        text.add(.writerCommits, count(\.commits))
        text.add(.writerFailures, count(\.failedCommits))
        text.add(.writerLineBytes, count(\.lineBytes))
        text.add(.writerBytes, count(\.bytes))
        text.add(.commitDuration, log.map { [([], $0.commitDurations)] } ?? [])
        text.add(.syncDuration, log.map { [([], $0.syncDurations)] } ?? [])
        text.add(.queuedRecords, count(\.queuedRecords))
        text.add(.queuedBytes, log.map { Double($0.queuedBytes) })
        text.add(.unsyncedRecords, count(\.unsyncedRecords))
        text.add(
            .segments,
            log.map {
                [
                    Sample(["finished"], $0.segmentsFinished), Sample(["sealed"], $0.segmentsSealed),
                    Sample(["removed"], $0.segmentsRemoved),
                ]
            } ?? [])
        text.add(.isWell, log.map { $0.isWell ? 1 : 0 })
    }
}
