import Events
import MCP
import NIOCore
import NIOHTTP1
import StrictJSON

extension Exchange: UpstreamJob {
    var owner: String { admission.grant.id }
    var queuedAt: NIODeadline { decidedAt }
    var isOver: Bool { stage == .done }

    func send(on connection: UpstreamConnection) {
        guard case .http(let target) = admission.route.upstream, stage == .queued else { return connection.giveBack() }
        upstream = connection
        noteForwarded()
        // A session that was not found to be this grant's must not reach a server that might know it.
        let dropsSession = era == .stateless || session == nil
        let (admission, body, core) = (admission, body, core)
        connection.send(
            {
                target.appendRequest(
                    of: admission, body: body, dropsSession: dropsSession, scratch: &core.scratch, to: &$0)
            }, to: self)
    }

    // MARK: The answer

    func upstream(head: HTTPResponseHead) {
        noteHeard()
        stage = .answering
        relay.status = Int(head.status.code)
        if let trouble = Exchange.trouble(with: head) {
            return fail(.httpError, .upstreamUnavailable, trouble, status: relay.status)
        }
        if relay.status == 404, let session { core.end(session) }
        if open?.method == .initialize, !openSession(head) {
            return fail(.httpError, .upstreamUnavailable, "the server handed out a session that is another's")
        }
        let hides = admission.hidesTools
        let isEvents = ServerEvent.isType(of: head)
        switch (isEvents, hides) {
        case (true, false): relay.mode = .events(EventStreamScanner(maximumDataBytes: core.limits.answerBytes))
        case (true, true): relay.mode = .filter(EventStreamFilter(maximumEventBytes: core.limits.answerBytes))
        case (false, true): relay.mode = .collect
        case (false, false): relay.mode = .pass
        }
        relay.head = AnswerHead(of: head, keepsLength: !hides && !isEvents)
        if !hides || isEvents { beginAnswer() }
    }

    /// Why an answer cannot be passed on; nil where it can.
    static func trouble(with head: HTTPResponseHead) -> String? {
        switch head.status.code {
        case 300..<400: return "the server redirects to another place, which is not followed; correct its url"
        // The client would take it for a refusal of its own token.
        case 401, 407: return "the server refuses the gateway's own credentials"
        default: break
        }
        guard let encoding = head.headers.first(name: "content-encoding"), encoding.lowercased() != "identity" else {
            return nil
        }
        return "the server compresses its answers though it was asked not to"
    }

    private func beginAnswer() {
        guard let head = relay.head else { return }
        relay.head = nil
        relay.progress = .within
        if case .pass = relay.mode {} else { relay.progress = .betweenEvents }
        connection?.beginAnswer(head)
    }

    /// Takes note of the session that the server opens; false where it is another grant's.
    private func openSession(_ head: HTTPResponseHead) -> Bool {
        guard let id = head.headers.first(name: "mcp-session-id"), !id.isEmpty, relay.status < 300 else { return true }
        let session = Session(
            id: id, grant: admission.grant.id, server: admission.route.name, client: client, revision: nil, child: nil)
        guard core.sessions.add(session) else { return false }
        self.session = session
        return true
    }

    func upstream(body bytes: ByteBuffer) {
        guard stage == .answering else { return }
        noteHeard()
        switch relay.mode {
        case .pass:
            relay.keep(bytes, maximum: core.limits.answerBytes)
            connection?.write(bytes)
        case .collect:
            relay.keep(bytes, maximum: core.limits.answerBytes)
            if relay.isOverfull { failTooLarge() }
        case .events(var scanner):
            relay.mode = .pass
            bytes.withUnsafeReadableBytes { bytes in
                scanner.feed(bytes) { event in
                    if event.id != nil { relay.isResumable = true }
                    if case .bytes(let data) = event.data { look(at: data) }
                }
            }
            relay.progress = scanner.endOfLastEvent == scanner.count ? .betweenEvents : .within
            relay.mode = .events(scanner)
            connection?.write(bytes)
        case .filter(var filter):
            relay.mode = .collect
            var passed: [UInt8] = []
            let result = bytes.withUnsafeReadableBytes { bytes in
                Result { () throws(EventTooLarge) in
                    try filter.feed(bytes, into: &passed) { event in
                        if event.id != nil { relay.isResumable = true }
                        return judge(event)
                    }
                }
            }
            relay.mode = .filter(filter)
            if !passed.isEmpty { connection?.write(ByteBuffer(bytes: passed)) }
            if case .failure = result { failTooLarge() }
        }
    }

    private func failTooLarge() {
        fail(.httpError, .upstreamUnavailable, "the server's answer is too large to be judged", status: relay.status)
    }

    /// Looks at one of the server's messages on a stream.
    private func look(at data: UnsafeRawBufferPointer) {
        guard case .response(let response) = core.serverScanner.scan(data), let id = response.id else { return }
        let key = MessageKey(token: UnsafeRawBufferPointer(rebasing: data[id.range]))
        if key == self.key {
            if open?.method == .toolsList { _ = judgeList(data) }
            settle(response, in: data)
        } else if let key, let other = session?.pending[key] {
            other.settleElsewhere(response, in: data)
        }
    }

    private func judge(_ event: EventStreamScanner.Event) -> EventStreamFilter.Verdict {
        guard case .bytes(let data) = event.data else { return .pass }
        let message = core.serverScanner.scan(data)
        var verdict = EventStreamFilter.Verdict.pass
        switch judgeList(data) {
        case .pass: break
        case .replace: verdict = .replaceData(core.lists.filtered)
        case .refuse(let error):
            guard let open else { return .drop }
            var bytes: [UInt8] = []
            AnswerWriter.append(error: .internalError, message: error.description, id: open.idToken, to: &bytes)
            verdict = .replaceData(bytes)
        }
        if case .response(let response) = message, let id = response.id,
            MessageKey(token: UnsafeRawBufferPointer(rebasing: data[id.range])) == key
        {
            settle(response, in: data)
        }
        return verdict
    }

    private func judgeList(_ message: UnsafeRawBufferPointer) -> ToolListFilter.Verdict {
        core.lists.judge(
            message, answering: open, policy: admission.policy, server: admission.route.name,
            catalog: admission.route.catalog)
    }

    /// Records the answer.
    func settle(_ response: ServerResponse, in message: UnsafeRawBufferPointer) {
        guard let open else { return }
        self.open = nil
        if let key, let session, session.pending[key] === self { session.pending[key] = nil }
        core.recorder.record(open, response, in: message)
        if response.needsInput { core.rounds.note(open, answer: message, key: core.recorder.key) }
        if open.method == .initialize { noteRevision(message) }
    }

    /// Records the answer that came on another stream than this request's own.
    func settleElsewhere(_ response: ServerResponse, in message: UnsafeRawBufferPointer) {
        settle(response, in: message)
        if stage == .detached { finish() }
    }

    private func noteRevision(_ message: UnsafeRawBufferPointer) {
        guard let session, let tree = try? JSONTree(parsing: Array(message)),
            let result = tree.member(tree.root, "result"),
            let version = tree.member(result, "protocolVersion").flatMap({ tree.string($0) })
        else { return }
        session.revision = version
    }

    func upstreamPaused() {
        connection?.flush()
    }

    func upstreamEnded() {
        guard stage == .answering else { return }
        upstream = nil
        switch relay.mode {
        case .pass: endWhole()
        case .collect: endCollected()
        case .events, .filter: endEvents()
        }
    }

    /// The answer was one message, already passed on.
    private func endWhole() {
        relay.kept.withUnsafeReadableBytes { bytes in
            if open?.method == .toolsList { _ = judgeList(bytes) }
            settleWhole(bytes)
        }
        endAnswer()
    }

    private func settleWhole(_ bytes: UnsafeRawBufferPointer) {
        guard let open else { return }
        if case .response(let response) = core.serverScanner.scan(bytes) { return settle(response, in: bytes) }
        self.open = nil
        let isFine = relay.isOverfull && relay.status < 300
        core.recorder.record(open) { seq, now in
            var outcome = Outcome(isFine ? .ok : .httpError, of: open, seq: seq, now: now)
            if !isFine { outcome.code = relay.status }
            outcome.resultBytes = relay.count
            return outcome
        }
    }

    /// The answer is one message that has to be judged before it passes.
    private func endCollected() {
        var whole = relay.kept
        relay.kept.withUnsafeReadableBytes { bytes in
            switch judgeList(bytes) {
            case .pass: break
            case .replace: whole = ByteBuffer(bytes: core.lists.filtered)
            case .refuse(let error):
                var answer: [UInt8] = []
                AnswerWriter.append(
                    error: .internalError, message: error.description, id: open?.idToken, to: &answer)
                whole = ByteBuffer(bytes: answer)
            }
            settleWhole(bytes)
        }
        relay.head?.length = whole.readableBytes
        beginAnswer()
        connection?.write(whole)
        endAnswer()
    }

    /// The stream is over; its answer may have come on it, or may come on another.
    private func endEvents() {
        if case .filter(let filter) = relay.mode, !filter.held.isEmpty, !(admission.hidesTools) {
            connection?.write(ByteBuffer(bytes: filter.held))
        }
        guard let open, open.cancelled == nil else {
            if let open { core.recorder.record(open, .cancelled) }
            self.open = nil
            return endAnswer()
        }
        if relay.isResumable, era == .handshake, session != nil { return detach() }
        core.recorder.record(open, .upstreamDown)
        self.open = nil
        endAnswer()
    }

    func upstreamFailed(_ trouble: UpstreamTrouble) {
        guard stage != .done else { return }
        upstream = nil
        if stage == .answering, relay.isResumable, open != nil, era == .handshake, session != nil {
            let connection = connection
            detach()
            connection?.close()
            return
        }
        if stage == .answering, open == nil {
            // The answer had come; only the stream's end is missing.
            let connection = connection
            finish()
            connection?.close()
            return
        }
        switch trouble {
        case .queueFull, .queueTimeout: fail(.overloaded, .overloaded, trouble.text)
        case .cannotConnect, .connectTimeout, .closed, .notHTTP, .notTrusted:
            fail(.upstreamDown, .upstreamUnavailable, trouble.text)
        }
    }
}
