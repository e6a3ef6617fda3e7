import AuditLog
import Events
import MCP
import NIOCore
import NIOHTTP1
import Policy

/// One message that a client posted, from its arrival to the last byte of its answer and the record of its end.
final class Exchange {
    /// How far it has come.
    enum Stage {
        /// It is being read and decided.
        case deciding
        /// It waits for a person.
        case held
        /// Its record is being made durable.
        case committing
        /// It waits for its turn at the server.
        case queued
        /// It is with the server.
        case forwarded
        /// Its answer is arriving.
        case answering
        /// Its stream has ended without the answer, which may still come on another one.
        case detached
        case done
    }

    let core: GatewayCore
    /// Who sent it; looked up again where it was held while grants or policies changed.
    var admission: Admission
    /// The client's connection; nil once it has gone.
    private(set) var connection: ClientConnection?
    /// The message.
    private(set) var body: ByteBuffer
    var stage = Stage.deciding
    /// What is known of the request; nil for messages that ask for no answer.
    var open: OpenRequest?
    /// What is known of a call that waits for a person.
    var held: HeldRequest?
    /// The request's id by value.
    var key: MessageKey?
    var session: Session?
    var era = ProtocolEra.handshake
    /// The client's name and version, for the session that this request opens.
    var client: String?
    /// Where it is with a server over HTTP.
    var upstream: UpstreamConnection?
    /// Where it is with a child process, and under which number.
    var child: (server: ChildServer, number: Int)?
    /// The places of what has to be replaced for a child: the id, and the token of progress.
    var idRange: Range<Int>?
    var progressRange: Range<Int>?
    /// The bytes of the client's own token of progress.
    var progressToken: [UInt8] = []
    /// Whether the answer hands out the session's id.
    var opensSession = false
    /// Whether it takes a place among the open streams.
    private var holdsStream = false
    /// Whether the call asks for a task, whose progress outlives its answer.
    var isTask = false
    var relay = AnswerRelay()
    private(set) var lastHeard: NIODeadline
    /// When it came, or was released after a person's approval: what it waits for is reckoned from then.
    var decidedAt: NIODeadline
    /// Where it stands among the core's exchanges.
    var place = 0

    init(_ core: GatewayCore, _ admission: Admission, _ body: ByteBuffer, _ connection: ClientConnection) {
        self.core = core
        self.admission = admission
        self.body = body
        self.connection = connection
        decidedAt = .roughlyNow()
        lastHeard = decidedAt
    }

    /// Reads the message, decides it, and sends it on its way.
    func begin() {
        connection?.answered(by: self)
        core.exchanges.insert(self)
        let reading = body.withUnsafeReadableBytes { bytes in
            Result { () throws(EnvelopeRefusal) in try core.scanner.scan(bytes, framing: .body) }
        }
        switch reading {
        case .success(let message): take(message)
        case .failure(let refusal): refuse(refusal)
        }
    }

    private func take(_ message: ClientMessage) {
        do {
            era = try core.scanner.check(message, headers: admission.facts.routing)
        } catch {
            return refuse(error, message)
        }
        if era == .handshake, let id = admission.facts.session {
            session = core.sessions.session(id, grant: admission.grant.id, server: admission.route.name)
            guard session != nil || isInitialize(message) else { return refuseSession(message) }
        }
        switch message {
        case .request(let request):
            key = core.scanner.key(of: request.id)
            if let key, let session { session.pending[key] = self }
            idRange = request.id.range
            progressRange = request.progressToken?.range
            request.call == nil ? pass(request) : decide(request)
        case .notification(let notification):
            if let cancelled = notification.cancelledRequest, !recordCancellation(cancelled) {
                return answer(.empty(.accepted))
            }
            forward()
        case .response: forward()
        }
    }

    private func isInitialize(_ message: ClientMessage) -> Bool {
        if case .request(let request) = message { request.method.known == .initialize } else { false }
    }

    // MARK: On to the server

    /// Sends the message to the server, or to the end of its queue.
    func forward() {
        stage = .queued
        switch admission.route.upstream {
        case .command(let children): children.submit(self)
        case .http(let target):
            if open == nil {
                target.pool.submitAtOnce(self)
            } else if open?.method == .subscriptionsListen {
                // It stays open for hours: a turn of its own would be one less for calls.
                guard core.takeStream(of: owner) else {
                    return fail(.overloaded, .overloaded, "too many streams are open")
                }
                holdsStream = true
                target.pool.open(self)
            } else {
                target.pool.submit(self)
            }
        }
    }

    func noteForwarded() {
        stage = .forwarded
        lastHeard = .roughlyNow()
        open?.forwarded = core.clock.now()
    }

    func noteHeard() {
        lastHeard = .roughlyNow()
    }

    // MARK: How it ends

    /// Answers in the gateway's own words.
    func answer(_ answer: HTTPAnswer) {
        guard let connection else { return finish() }
        self.connection = nil
        finish()
        connection.answer(answer)
    }

    /// Answers a denial, late where the grant has had too many.
    func answerDenial(_ answer: HTTPAnswer) {
        let delay = core.delay(of: admission.grant.id)
        guard delay > .zero else { return self.answer(answer) }
        stage = .done
        core.loop.assumeIsolated().scheduleTask(in: delay) { [self] in self.answer(answer) }
    }

    /// Records that a request was not served, and tells the client.
    func fail(_ ending: Ending, _ code: RPCErrorCode, _ text: String, status: Int? = nil) {
        guard stage != .done else { return }
        if let open {
            if open.forwarded == nil {
                core.recorder.recordNotForwarded(open, ending)
            } else {
                core.recorder.record(open, open.cancelled == nil ? ending : .cancelled, code: status)
            }
        }
        upstream?.cancel()
        if let child { child.server.forget(child.number, cancels: true) }
        guard let connection else { return finish() }
        self.connection = nil
        finish()
        var bytes: [UInt8] = []
        AnswerWriter.append(error: code, message: text, id: open?.idToken, to: &bytes)
        switch relay.progress {
        case .notBegun where open?.cancelled != nil:
            // Nobody waits for the answer to what was cancelled, and some clients stumble over one.
            connection.beginAnswer(AnswerHead(.ok, ["Content-Type": "text/event-stream"]))
            connection.endAnswer()
        case .notBegun:
            // A client that knows the id reads the error; another status would hide it from older ones.
            let status: HTTPResponseStatus = open == nil ? .badGateway : .ok
            connection.answer(.json(status, bytes))
        case .betweenEvents:
            connection.write(ByteBuffer(bytes: Array("event: message\ndata: ".utf8) + bytes + Array("\n\n".utf8)))
            connection.endAnswer()
        case .within: connection.close()
        }
    }

    /// Ends without an answer: the client has gone, or is cut off.
    func abandon(_ ending: Ending) {
        guard stage != .done else { return }
        if let open {
            if open.forwarded == nil {
                core.recorder.recordNotForwarded(open, ending)
            } else {
                core.recorder.record(open, open.cancelled == nil ? ending : .cancelled)
            }
        }
        upstream?.cancel()
        if let child { child.server.forget(child.number, cancels: true) }
        finish()
    }

    /// Cuts it off at the gateway's own end.
    func cut() {
        guard stage != .done else { return }
        let connection = connection
        abandon(.disconnected)
        connection?.close()
    }

    /// Takes the client's connection, to be answered by whoever takes it.
    func takeConnection() -> ClientConnection? {
        defer { connection = nil }
        return connection
    }

    /// Nothing more will come of it.
    func finish() {
        stage = .done
        core.exchanges.remove(self)
        if let key, let session, session.pending[key] === self { session.pending[key] = nil }
        if let held { core.approvals.leave(hold: held.ticket.seq) }
        held = nil
        upstream = nil
        child?.server.pause(self, false)
        child = nil
        body = ByteBuffer()
        if holdsStream { core.giveStreamBack(of: owner) }
        holdsStream = false
    }

    /// The client no longer wants what has not been sent yet.
    func cancelBeforeForwarding() {
        fail(.cancelled, .upstreamUnavailable, "cancelled")
    }

    /// Ends the answer that has been relayed to its end.
    func endAnswer() {
        let connection = connection
        self.connection = nil
        finish()
        connection?.endAnswer()
    }

    /// Ends the stream of an answer that may still come on another one.
    func detach() {
        let connection = connection
        self.connection = nil
        stage = .detached
        upstream = nil
        connection?.endAnswer()
    }

    /// Ends what has been silent for too long.
    func sweep(now: NIODeadline) {
        switch stage {
        case .forwarded, .answering, .detached: break
        default: return
        }
        guard open?.method != .subscriptionsListen, now - lastHeard > admission.route.answerTime else { return }
        fail(.timeout, .upstreamTimeout, "the server behind the gateway did not answer in time")
    }
}

extension Exchange: ClientAnswerer {
    func clientReads(_ reads: Bool) {
        upstream?.setReading(reads)
        child?.server.pause(self, !reads)
    }

    func clientLeft() {
        connection = nil
        switch stage {
        // Nothing is forwarded for it; the same call goes on waiting where it was.
        case .held: finish()
        case .queued where era == .stateless: abandon(.disconnected)
        case .forwarded where era == .stateless, .answering where era == .stateless: abandon(.disconnected)
        // In the handshake era a lost connection cancels nothing: the server goes on, and its answer is recorded.
        default:
            upstream?.setReading(true)
            child?.server.pause(self, false)
        }
    }
}

extension Exchange: CommitWaiter {
    var ticket: LogTicket? { open?.ticket }
    var hasGivenUp: Bool { stage != .committing }

    func committed() {
        if connection == nil, era == .stateless { return abandon(.disconnected) }
        forward()
    }

    func notCommitted(recordMayCome: Bool) {
        guard let open else { return }
        core.recorder.recordNotForwarded(open)
        var bytes: [UInt8] = []
        let record = recordMayCome ? open.ticket.map { core.log.name(of: $0) } : nil
        AuditUnavailable.append(to: &bytes, request: open, record: record)
        answer(.json(.ok, bytes))
    }
}
