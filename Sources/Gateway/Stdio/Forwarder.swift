import AuditLog
import Events
import MCP

/// Writes the client's messages to the server: in order, and a call only when its record is durable.
struct Forwarder {
    private let context: StdioContext

    init(_ context: StdioContext) {
        self.context = context
    }

    /// Pumps until the queue is closed and empty.
    func run() {
        var bytes = LineBuffer()
        var entries: [ForwardQueue.Entry] = []
        while context.queue.take(&bytes, &entries) {
            for entry in entries {
                forward(entry, UnsafeRawBufferPointer(rebasing: bytes.bytes[entry.range]))
            }
        }
    }

    private func forward(_ entry: ForwardQueue.Entry, _ message: UnsafeRawBufferPointer) {
        if let ticket = entry.ticket {
            // From the decision on, so that waits do not add up for those behind.
            let spent = Int(context.clock.now().since(entry.decided) / 1000)
            var result = context.log.waitUntilDurable(
                ticket, milliseconds: max(0, context.options.commitMilliseconds - spent))
            if result == .timedOut { result = context.log.endWait(for: ticket) }
            guard result == .durable || result == .held else {
                refuse(entry, recordMayCome: result == .timedOut)
                return
            }
        }
        // Noted before the write: the answer may be there before the write returns.
        if let request = entry.request { context.pending.mark(request, forwarded: context.clock.now()) }
        guard !context.server.write(message), let request = entry.request else { return }
        // The server is gone: what waits is answered when its end is seen, and nothing was spent.
        context.pending.mark(request, forwarded: nil)
    }

    /// Nothing durable says that this call was allowed: it does not go on.
    private func refuse(_ entry: ForwardQueue.Entry, recordMayCome: Bool) {
        guard let handle = entry.request, let request = context.pending.take(handle) else { return }
        context.recorder.recordNotForwarded(request)
        var line: [UInt8] = []
        AuditUnavailable.append(
            to: &line, request: request,
            record: recordMayCome ? request.ticket.map { context.log.name(of: $0) } : nil)
        context.answer(&line)
    }
}
