import AuditLog
import Events
import MCP
import Policy
import StrictJSON

/// Passes the server's messages on to the client, finds the answers among them and records how requests ended.
struct ServerPump {
    private let context: StdioContext
    private let scanner = ServerMessageScanner()
    private var lists = ToolListReader()
    private var filtered: [UInt8] = []

    init(_ context: StdioContext) {
        self.context = context
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
        var request: PendingRequests.Request?
        switch message {
        case .request, .notification: return context.client.write(line)
        case .response(let response): request = settle(response, line)
        case .opaque: break
        }
        if request?.method == .initialize { noteRevision(line) }
        // Where tools are hidden, a list is recognised by what it is, not by what it answers: an id that was written
        // anew, or reused after a cancellation, must not let it through.
        guard request?.method == .toolsList || hidesTools else { return context.client.write(line) }
        return passList(line, request)
    }

    /// Finds the request that was answered, and records its outcome.
    private func settle(_ response: ServerResponse, _ line: UnsafeRawBufferPointer) -> PendingRequests.Request? {
        guard let id = response.id,
            let key = MessageKey(token: UnsafeRawBufferPointer(rebasing: line[id.range])),
            let request = context.pending.take(key)
        else { return nil }
        let digest =
            request.method == .toolsCall
            ? context.key.digest(UnsafeRawBufferPointer(rebasing: line[response.payload])) : nil
        context.record(request) { seq, now in
            var outcome = Outcome(response, to: request, seq: seq, now: now)
            outcome.resultDigest = digest
            return outcome
        }
        return request
    }

    private var hidesTools: Bool {
        context.decider.policy.map { !$0.document.hide.isEmpty && $0.document.mode == .enforce } ?? false
    }

    /// Takes hidden tools out of a page and remembers the rest; whatever is no list passes.
    private mutating func passList(_ line: UnsafeRawBufferPointer, _ request: PendingRequests.Request?) -> Bool {
        let list: ToolList
        do {
            list = try lists.read(line)
        } catch {
            guard hidesTools, mayShowTools(line, request, error) else { return context.client.write(line) }
            guard let request else { return true }
            var answer: [UInt8] = []
            AnswerWriter.append(error: .internalError, message: error.description, id: request.idToken, to: &answer)
            context.answer(&answer)
            return true
        }
        if request?.method == .toolsList { note(list) }
        guard hidesTools, let policy = context.decider.policy else { return context.client.write(line) }
        filtered.removeAll(keepingCapacity: true)
        let change = lists.filter(list, privateCache: request?.era == .stateless, into: &filtered) { name in
            policy.standing(ofTool: name) == .hidden && policy.mode(ofTool: name) == .enforce
        }
        guard change.isChanged else { return context.client.write(line) }
        if change.removed > 0 {
            context.log.append(
                Control(.toolsFiltered).with(.server, context.options.server).with(.removed, change.removed))
        }
        return filtered.withUnsafeBytes { context.client.write($0) }
    }

    /// Whether a line that could not be read as a list may still be one to a client: the answer to `tools/list`, a
    /// batch, or an object with a key twice.
    private func mayShowTools(
        _ line: UnsafeRawBufferPointer, _ request: PendingRequests.Request?, _ error: ToolListError
    ) -> Bool {
        if request?.method == .toolsList { return error != .notAToolList }
        if case .duplicateKey = error { return true }
        return line.first { $0 > 0x20 } == UInt8(ascii: "[")
    }

    private mutating func note(_ list: ToolList) {
        for (name, digest) in context.catalog.take(list, reader: &lists) {
            context.log.append(
                Control(.toolChanged).with(.server, context.options.server).with(.tool, name)
                    .with(.toolDigest, digest.description))
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
