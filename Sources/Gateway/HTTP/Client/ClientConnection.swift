import NIOCore
import NIOHTTP1

/// One client's connection: one request at a time, in order; what comes meanwhile is bounded.
///
/// Reads stay outstanding while an answer is awaited, because that is how a client that leaves is noticed.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// Bytes of further requests that may wait behind the present one.
    private static let pipelinedBytes = 64 << 10
    /// Bytes of a refused request's body that are read and thrown away, so that the connection can go on.
    private static let discardedBytes = 64 << 10

    private enum State {
        /// Between requests.
        case idle
        /// A body is arriving.
        case body(Admission)
        /// Waits for room in the log.
        case stalled
        /// The answer has been written; what is left of the request is thrown away.
        case discarding(bytes: Int)
        /// An answer is awaited or being written.
        case answering
        case closed
    }

    private let core: GatewayCore
    private(set) var context: ChannelHandlerContext?
    private var state = State.idle
    private var body = ByteBuffer()
    private var answerer: (any ClientAnswerer)?
    private var waiting = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 0)
    private var waitingBytes = 0
    private var isReading = true
    private var hasUnflushed = false
    private var isKeptAlive = true
    private var hasBegunAnswer = false
    /// Whether no request of a known caller has come yet: little patience is due, and it is the first to go when there
    /// are too many connections.
    private var isStranger = true
    private let opened = NIODeadline.now()
    private static let longestStrange = TimeAmount.seconds(60)
    private var isHeadRequest = false
    private var isOldVersion = false
    private var isChunked = false
    /// What is to be sent with what follows.
    private var unsent = Outbox()
    private static let unsentBytes = 64 << 10
    /// Whether requests that have waited are being taken, further up the stack.
    private var isTaking = false
    /// Since when the present state lasts.
    private var since = NIODeadline.now()
    /// Since when the client has not read.
    private var unreadSince: NIODeadline?
    /// The caller's address.
    private(set) var peer = ""
    /// The grant whose answer is being written, so that a revocation can cut it.
    var grant: String?
    /// The last credential on this connection and what it stood for.
    var knownCaller: KnownCaller?
    /// The last address on this connection and what it stood for.
    var knownAddress: KnownAddress?

    init(core: GatewayCore) {
        self.core = core
    }

    var isActive: Bool { context != nil }

    // MARK: What arrives

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = ClientConnection.plain(context.remoteAddress?.ipAddress ?? "local")
        core.connections.insert(self)
        core.strangers.insert(self)
    }

    /// An IPv4 address as itself, where a listener for both families spells it as IPv6.
    private static func plain(_ address: String) -> String {
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch state {
        case .answering, .stalled: postpone(part)
        default: take(part)
        }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): begin(head)
        case .body(let buffer): more(buffer)
        case .end: endBody()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard case .idle = state else { return }
        isKeptAlive = head.isKeepAlive && !core.isDraining
        hasBegunAnswer = false
        isHeadRequest = head.method == .HEAD
        isOldVersion = head.version != .http1_1
        enter(.answering)
        switch core.gate.admit(head, on: self) {
        case .refused(let refusal):
            // The answer goes out first; what is left of the request is thrown away behind it.
            write(refusal.answer)
            enter(.discarding(bytes: 0))
        case .local(let answer):
            write(answer)
            enter(.discarding(bytes: 0))
        case .message(let admission):
            noteKnown()
            body.clear()
            enter(.body(admission))
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                unsent.write { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
                flush()
            }
        case .stream(let admission):
            noteKnown()
            grant = admission.grant.id
            enter(.answering)
            StreamRelay(core, admission, self).begin()
        }
    }

    private func more(_ buffer: ByteBuffer) {
        switch state {
        case .body(let admission):
            guard body.readableBytes + buffer.readableBytes <= core.limits.messageBytes else {
                let refusal = core.gate.refuseTooLarge(admission)
                isKeptAlive = false
                write(refusal.answer)
                return enter(.discarding(bytes: 0))
            }
            if body.readableBytes == 0 {
                body = buffer
            } else {
                var buffer = buffer
                body.writeBuffer(&buffer)
            }
        case .discarding(let bytes):
            let total = bytes + buffer.readableBytes
            guard total <= ClientConnection.discardedBytes else { return close() }
            state = .discarding(bytes: total)
        default: return
        }
    }

    private func endBody() {
        switch state {
        case .body(let admission):
            let message = body
            body = ByteBuffer()
            guard core.commits.mustWait else { return beginExchange(admission, message) }
            enter(.stalled)
            core.commits.whenRoom { [self] in
                if case .stalled = state { beginExchange(admission, message) }
            }
        case .discarding: endRequest()
        default: return
        }
    }

    private func noteKnown() {
        guard isStranger else { return }
        isStranger = false
        core.strangers.remove(self)
    }

    private func beginExchange(_ admission: Admission, _ message: ByteBuffer) {
        var admission = admission
        if !core.isCurrent(admission) {
            // Grants or policies have changed since the head was looked at.
            switch core.gate.admit(admission.head, on: self) {
            case .message(let renewed): admission = renewed
            case .refused(let refusal):
                enter(.answering)
                return answer(refusal.answer)
            case .local, .stream: return close()
            }
        }
        enter(.answering)
        grant = admission.grant.id
        Exchange(core, admission, message, self).begin()
    }

    /// Keeps what comes while an answer is awaited, and stops reading when it is too much.
    private func postpone(_ part: HTTPServerRequestPart) {
        if case .body(let buffer) = part { waitingBytes += buffer.readableBytes }
        waitingBytes += 64
        waiting.append(part)
        if waitingBytes > ClientConnection.pipelinedBytes { setReading(false) }
    }

    // MARK: What is answered

    /// Takes over the answering; told when the client leaves.
    func answered(by answerer: any ClientAnswerer) {
        self.answerer = answerer
    }

    /// Writes a whole answer.
    func write(_ answer: HTTPAnswer) {
        hasBegunAnswer = true
        unsent.write { buffer in
            buffer.reserveCapacity(buffer.writerIndex + answer.body.count + 200)
            HTTPWriter.append(answer, closes: !isKeptAlive, omitsBody: isHeadRequest, to: &buffer)
        }
        flush()
    }

    /// Writes a whole answer and ends the request.
    func answer(_ answer: HTTPAnswer) {
        guard isActive else { return }
        write(answer)
        endRequest()
    }

    /// Begins an answer whose body follows; the head goes out with the first of it.
    func beginAnswer(_ head: AnswerHead) {
        // Without a length the body's end is told by chunks, or to clients of HTTP/1.0 by the connection's.
        let hasLength = head.hasLength
        isChunked = !hasLength && !isOldVersion
        if !hasLength, isOldVersion { isKeptAlive = false }
        hasBegunAnswer = true
        unsent.write { HTTPWriter.append(head, isChunked: isChunked, closes: !isKeptAlive, to: &$0) }
    }

    /// Writes part of an answer's body.
    func write(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        unsent.write { buffer in
            if isChunked { HTTPWriter.appendChunkHead(bytes.readableBytes, to: &buffer) }
            buffer.writeImmutableBuffer(bytes)
            if isChunked { buffer.writeStaticString("\r\n") }
        }
        if unsent.count >= ClientConnection.unsentBytes { sendUnsent() }
        if let context, !context.channel.isWritable, unreadSince == nil {
            unreadSince = .now()
            answerer?.clientReads(false)
        }
    }

    /// Sends what was written, at the end of the loop's turn.
    func flush() {
        sendUnsent()
        guard let context, hasUnflushed else { return }
        hasUnflushed = false
        core.flushes.add(context)
    }

    /// Ends an answer that ``beginAnswer(_:)`` began.
    func endAnswer() {
        if isChunked { unsent.write { $0.writeStaticString("0\r\n\r\n") } }
        isChunked = false
        flush()
        endRequest()
    }

    /// Ends the connection, behind what was written: an answer that was begun cannot be completed.
    func close() {
        sendUnsent()
        context?.flush()
        context?.close(promise: nil)
    }

    private func sendUnsent() {
        guard unsent.count > 0 else { return }
        hasUnflushed = true
        context?.write(wrapOutboundOut(unsent.take()), promise: nil)
    }

    private func endRequest() {
        answerer = nil
        grant = nil
        guard isKeptAlive, !core.isDraining else { return close() }
        enter(.idle)
        // One after the other, not one inside the other: how many wait is the client's choice.
        guard !isTaking else { return }
        isTaking = true
        defer { isTaking = false }
        while !waiting.isEmpty {
            switch state {
            case .answering, .stalled, .closed: return
            default: take(waiting.removeFirst())
            }
        }
        waitingBytes = 0
        setReading(true)
    }

    private func setReading(_ reads: Bool) {
        guard isReading != reads, let context else { return }
        isReading = reads
        try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    private func enter(_ next: State) {
        state = next
        // What answers has time-outs of its own.
        if case .answering = next { return }
        since = .roughlyNow()
    }

    // MARK: How it ends

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, unreadSince != nil else { return }
        unreadSince = nil
        answerer?.clientReads(true)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    private func leave() {
        guard self.context != nil else { return }
        context = nil
        state = .closed
        waiting.removeAll()
        core.connections.remove(self)
        core.strangers.remove(self)
        let answerer = answerer
        self.answerer = nil
        answerer?.clientLeft()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !hasBegunAnswer || !isAnswering {
            isKeptAlive = false
            let refusal = core.gate.refuseUnreadable(peer: peer)
            write(refusal.answer)
        }
        close()
    }

    private var isAnswering: Bool {
        if case .answering = state { true } else { false }
    }

    /// Ends what takes too long; called about once a second.
    func sweep(now: NIODeadline) {
        if let unreadSince, now - unreadSince > core.timeouts.write { return close() }
        let age = now - since
        switch state {
        case .idle where isStranger && (age > core.timeouts.head || now - opened > ClientConnection.longestStrange):
            core.gate.noteSilentConnection(peer: peer)
            close()
        case .idle where age > core.timeouts.idle: close()
        case .idle where core.isDraining: close()
        case .body(let admission) where age > core.timeouts.body:
            let refusal = core.gate.refuseSlowBody(admission)
            isKeptAlive = false
            write(refusal.answer)
            close()
        case .discarding where age > core.timeouts.body: close()
        default: return
        }
    }
}

extension ClientConnection: Hashable {
    static func == (a: ClientConnection, b: ClientConnection) -> Bool { a === b }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
