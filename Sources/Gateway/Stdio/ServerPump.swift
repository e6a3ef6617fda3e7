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
            case .piece(let bytes, _, _):
                // Too large to be read: it passes as it is, and its request ends without an outcome of its own.
                if !context.client.write(bytes) { return drain(source) }
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
        guard case .response(let response) = message, let request = settle(response, line) else {
            // A batch of answers may hold a list of tools that nobody has read.
            if case .opaque = message, hidesTools, line.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") { return true }
            return context.client.write(line)
        }
        switch request.method {
        case .toolsList: return passList(line, request)
        case .initialize: noteRevision(line)
        default: break
        }
        return context.client.write(line)
    }

    /// Finds the request that was answered, and records its outcome.
    private func settle(_ response: ServerResponse, _ line: UnsafeRawBufferPointer) -> PendingRequests.Request? {
        guard let id = response.id,
            let key = MessageKey(token: UnsafeRawBufferPointer(rebasing: line[id.range])),
            let request = context.pending.take(key)
        else { return nil }
        var outcome = Outcome(response, to: request, now: context.clock.now())
        if request.method == .toolsCall {
            outcome.resultDigest = context.key.digest(UnsafeRawBufferPointer(rebasing: line[response.payload]))
        }
        context.record(outcome)
        return request
    }

    private var hidesTools: Bool {
        context.decider.policy.map { !$0.document.hide.isEmpty } ?? false
    }

    /// Takes hidden tools out of a page and remembers the rest; an unreadable page is not passed on where tools are hidden.
    private mutating func passList(_ line: UnsafeRawBufferPointer, _ request: PendingRequests.Request) -> Bool {
        do {
            let list = try lists.read(line)
            for (name, digest) in context.catalog.take(list, reader: &lists) {
                context.log.append(
                    Control(.toolChanged).with(.server, context.options.server).with(.tool, name)
                        .with(.toolDigest, digest.description))
            }
            guard hidesTools, let policy = context.decider.policy else { return context.client.write(line) }
            filtered.removeAll(keepingCapacity: true)
            let change = lists.filter(list, privateCache: request.era == .stateless, into: &filtered) { name in
                policy.standing(ofTool: name) == .hidden
            }
            guard change.isChanged else { return context.client.write(line) }
            if change.removed > 0 {
                context.log.append(
                    Control(.toolsFiltered).with(.server, context.options.server).with(.removed, change.removed))
            }
            return filtered.withUnsafeBytes { context.client.write($0) }
        } catch {
            guard hidesTools else { return context.client.write(line) }
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
