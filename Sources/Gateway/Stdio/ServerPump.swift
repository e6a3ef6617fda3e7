import AuditLog
import Events
import MCP
import Policy
import StrictJSON

/// Passes the server's messages on to the client, finds the answers among them and records how requests ended.
struct ServerPump {
    private let context: StdioContext
    private let scanner = ServerMessageScanner()
    private var filter: ToolListFilter

    init(_ context: StdioContext) {
        self.context = context
        filter = ToolListFilter(log: context.log)
    }

    /// Pumps until the server closes its output.
    consuming func run(_ source: LineSource) {
        while true {
            switch source.next() {
            case .line(let line):
                if !pass(line) { return drain(source) }
            case .piece(let bytes, let isFirst, let isLast):
                // Too large to be read: it passes as it is, unless it might be a list that shows what is hidden.
                if hidesTools { continue }
                if !context.client.write(piece: bytes, isFirst: isFirst, isLast: isLast) { return drain(source) }
            case .end: return
            }
        }
    }

    /// The client is gone, but the server must not block on a full pipe while it ends.
    private func drain(_ source: LineSource) {
        context.queue.close()
        while true {
            switch source.next() {
            case .line(let line):
                if case .response(let response) = scanner.scan(line) { _ = settle(response, line) }
            case .piece: continue
            case .end: return
            }
        }
    }

    private mutating func pass(_ line: UnsafeRawBufferPointer) -> Bool {
        let message = scanner.scan(line)
        var request: OpenRequest?
        switch message {
        case .request, .notification: return context.client.write(line)
        case .response(let response): request = settle(response, line)
        case .opaque: break
        }
        if request?.method == .initialize { noteRevision(line) }
        guard request?.method == .toolsList || hidesTools else { return context.client.write(line) }
        return passList(line, request)
    }

    /// Finds the request that was answered, and records its outcome.
    private func settle(_ response: ServerResponse, _ line: UnsafeRawBufferPointer) -> OpenRequest? {
        guard let id = response.id,
            let key = MessageKey(token: UnsafeRawBufferPointer(rebasing: line[id.range])),
            let request = context.pending.take(key)
        else { return nil }
        context.recorder.record(request, response, in: line)
        return request
    }

    private var hidesTools: Bool {
        context.policy?.hidesTools ?? false
    }

    /// Takes hidden tools out of a page and remembers the rest; whatever is no list passes.
    private mutating func passList(_ line: UnsafeRawBufferPointer, _ request: OpenRequest?) -> Bool {
        let verdict = filter.judge(
            line, answering: request, policy: context.policy, server: context.options.server,
            catalog: context.catalog)
        switch verdict {
        case .pass: return context.client.write(line)
        case .replace: return filter.filtered.withUnsafeBytes { context.client.write($0) }
        case .refuse(let error):
            guard let request else { return true }
            var answer: [UInt8] = []
            AnswerWriter.append(error: .internalError, message: error.description, id: request.idToken, to: &answer)
            context.answer(&answer)
            return true
        }
    }

    /// The revision that the server agreed to.
    private func noteRevision(_ line: UnsafeRawBufferPointer) {
        guard let tree = try? JSONTree(parsing: Array(line)), let result = tree.member(tree.root, "result"),
            let version = tree.member(result, "protocolVersion").flatMap({ tree.string($0) })
        else { return }
        context.agreed.withLock { $0 = version }
    }
}
