import Events
import MCP
import NIOCore
import NIOHTTP1

/// A stream from server to client that a GET opens, or the end of a session that a DELETE asks for.
final class StreamRelay {
    private let core: GatewayCore
    private let admission: Admission
    private var connection: ClientConnection?
    private var upstream: UpstreamConnection?
    private var session: Session?
    private var filter: EventStreamFilter?
    private var scanner: EventStreamScanner
    private var isEvents = false
    private var hasBegun = false
    private var isDone = false
    private var isCounted = false
    let queuedAt = NIODeadline.now()

    init(_ core: GatewayCore, _ admission: Admission, _ connection: ClientConnection) {
        self.core = core
        self.admission = admission
        self.connection = connection
        scanner = EventStreamScanner(maximumDataBytes: core.limits.answerBytes)
    }

    /// Opens the stream at the server, where the session is this grant's.
    func begin() {
        connection?.answered(by: self)
        if let id = admission.facts.session {
            session = core.sessions.session(id, grant: admission.grant.id, server: admission.route.name)
            guard session != nil else {
                let record = core.note(.session, admission)
                let text = "there is no such session; initialize a new one"
                return answer(core.gate.rpcError(.notFound, .invalidRequest, text, id: nil, record: record))
            }
        }
        guard core.takeStream(of: owner) else {
            let record = core.note(.overloaded, admission)
            let text = "the gateway has too many streams open"
            return answer(core.gate.rpcError(.serviceUnavailable, .overloaded, text, id: nil, record: record))
        }
        isCounted = true
        if !isDelete { session?.streams.append(self) }
        switch admission.route.upstream {
        case .http(let target): target.pool.open(self)
        case .command: beginAtChild()
        }
    }

    private var isDelete: Bool { admission.head.method == .DELETE }

    private func beginAtChild() {
        guard let session, let child = session.child else {
            return answer(.empty(.methodNotAllowed))
        }
        if isDelete {
            core.end(session)
            return answer(.empty(.ok))
        }
        hasBegun = true
        connection?.beginAnswer(
            AnswerHead(.ok, ["Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform"]))
        connection?.flush()
        child.listen(self)
    }

    /// Sends one message as an event; false where nobody listens any more.
    func send(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let connection, !isDone else { return false }
        guard !admission.hidesTools else { return sendJudged(message, connection) }
        connection.write(ServerEvent.of(message))
        connection.flush()
        return true
    }

    private func sendJudged(_ message: UnsafeRawBufferPointer, _ connection: ClientConnection) -> Bool {
        switch judge(message) {
        case .pass: connection.write(ServerEvent.of(message))
        case .replace: connection.write(core.lists.filtered.withUnsafeBytes { ServerEvent.of($0) })
        case .refuse: break
        }
        connection.flush()
        return true
    }

    private func judge(_ message: UnsafeRawBufferPointer) -> ToolListFilter.Verdict {
        core.lists.judge(
            message, answering: nil, policy: admission.policy, server: admission.route.name,
            catalog: admission.route.catalog)
    }

    /// Ends the stream.
    func end() {
        guard !isDone else { return }
        let connection = connection
        finish()
        if hasBegun { connection?.endAnswer() } else { connection?.close() }
    }

    private func answer(_ answer: HTTPAnswer) {
        let connection = connection
        finish()
        connection?.answer(answer)
    }

    private func finish() {
        guard !isDone else { return }
        isDone = true
        if isCounted { core.giveStreamBack(of: owner) }
        isCounted = false
        session?.child?.pause(self, false)
        session?.streams.removeAll { $0 === self }
        upstream?.cancel()
        upstream = nil
        connection = nil
    }
}

extension StreamRelay: ClientAnswerer {
    func clientLeft() {
        finish()
    }

    func clientReads(_ reads: Bool) {
        upstream?.setReading(reads)
        session?.child?.pause(self, !reads)
    }
}

extension StreamRelay: UpstreamJob {
    var owner: String { admission.grant.id }
    var isOver: Bool { isDone }

    func send(on connection: UpstreamConnection) {
        guard case .http(let target) = admission.route.upstream, !isDone else { return connection.cancel() }
        upstream = connection
        let write = { (request: inout ByteBuffer) in
            target.appendRequest(
                of: self.admission, body: nil, dropsSession: self.session == nil, scratch: &self.core.scratch,
                to: &request)
        }
        connection.send(write, to: self)
    }

    func upstream(head: HTTPResponseHead) {
        if let trouble = Exchange.trouble(with: head) {
            return answer(core.gate.rpcError(.badGateway, .upstreamUnavailable, trouble, id: nil))
        }
        if let session, isDelete ? head.status.code < 300 : head.status == .notFound { core.sessions.remove(session) }
        isEvents = ServerEvent.isType(of: head)
        if !isEvents, admission.hidesTools {
            // Nothing but events can be judged here, and nothing else is expected: the status has to do.
            return answer(.empty(head.status))
        }
        if isEvents, admission.hidesTools {
            filter = EventStreamFilter(maximumEventBytes: core.limits.answerBytes)
        }
        hasBegun = true
        connection?.beginAnswer(AnswerHead(of: head, keepsLength: !isEvents))
        connection?.flush()
    }

    func upstream(body bytes: ByteBuffer) {
        guard isEvents else {
            connection?.write(bytes)
            return
        }
        guard filter != nil else {
            bytes.withUnsafeReadableBytes { bytes in
                scanner.feed(bytes) { event in
                    if case .bytes(let data) = event.data { look(at: data) }
                }
            }
            connection?.write(bytes)
            return
        }
        var passed: [UInt8] = []
        let hasPassed = bytes.withUnsafeReadableBytes { bytes in
            (try? filter?.feed(bytes, into: &passed) { judge($0) }) != nil
        }
        if !passed.isEmpty { connection?.write(ByteBuffer(bytes: passed)) }
        if !hasPassed { end() }
    }

    /// Finds answers to requests whose own streams broke off.
    private func look(at data: UnsafeRawBufferPointer) {
        guard case .response(let response) = core.serverScanner.scan(data), let id = response.id,
            let key = MessageKey(token: UnsafeRawBufferPointer(rebasing: data[id.range])),
            let exchange = session?.pending[key]
        else { return }
        exchange.settleElsewhere(response, in: data)
    }

    private func judge(_ event: EventStreamScanner.Event) -> EventStreamFilter.Verdict {
        guard case .bytes(let data) = event.data else { return .pass }
        look(at: data)
        switch judge(data) {
        case .pass: return .pass
        case .replace: return .replaceData(core.lists.filtered)
        case .refuse: return .drop
        }
    }

    func upstreamPaused() {
        connection?.flush()
    }

    func upstreamEnded() {
        upstream = nil
        end()
    }

    func upstreamFailed(_ trouble: UpstreamTrouble) {
        upstream = nil
        guard !isDone else { return }
        guard hasBegun else {
            return answer(core.gate.rpcError(.badGateway, .upstreamUnavailable, trouble.text, id: nil))
        }
        let connection = connection
        finish()
        connection?.close()
    }
}

/// A server's message as a server-sent event.
enum ServerEvent {
    /// Whether an answer is a stream of events, whatever the case and parameters of its type.
    static func isType(of head: HTTPResponseHead) -> Bool {
        guard let type = head.headers.first(name: "content-type") else { return false }
        if RequestHead.matches(type, "application/json") { return false }
        return type.lowercased().hasPrefix("text/event-stream")
    }

    /// - Parameter message: JSON in one line.
    static func of(_ message: UnsafeRawBufferPointer) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(message.count + 32)
        buffer.writeStaticString("event: message\ndata: ")
        var end = message.count
        while end > 0, message[end - 1] == 0x0A || message[end - 1] == 0x0D { end -= 1 }
        let start = buffer.writerIndex
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: message[..<end]))
        // A carriage return, white space to JSON, would end the event's line.
        if message.contains(0x0D) {
            for index in start..<buffer.writerIndex where buffer.getInteger(at: index, as: UInt8.self) == 0x0D {
                buffer.setInteger(UInt8(0x20), at: index)
            }
        }
        buffer.writeStaticString("\n\n")
        return buffer
    }
}
