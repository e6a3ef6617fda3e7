import Events
import MCP
import NIOCore
import NIOHTTP1
import StrictJSON

extension Exchange {
    /// The message as one line for a child, with our number in place of the client's id.
    func line(number: Int?) -> ByteBuffer {
        var edits: [(range: Range<Int>, text: String)] = []
        if let number {
            if let idRange { edits.append((idRange, String(number))) }
            if let progressRange {
                progressToken = body.withUnsafeReadableBytes { Array($0[progressRange]) }
                edits.append((progressRange, String(number)))
            }
        } else if let idRange, !progressToken.isEmpty {
            // A cancellation: it names the request by the number that the child knows.
            edits.append((idRange, String(decoding: progressToken, as: UTF8.self)))
        }
        edits.sort { $0.range.lowerBound < $1.range.lowerBound }
        var line = ByteBuffer()
        line.reserveCapacity(body.readableBytes + 32)
        body.withUnsafeReadableBytes { bytes in
            var at = 0
            for (range, text) in edits {
                line.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[at..<range.lowerBound]))
                line.writeString(text)
                at = range.upperBound
            }
            line.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[at...]))
        }
        // Line breaks can only be white space between tokens; in a line they would end the message.
        line.withUnsafeMutableReadableBytes { bytes in
            for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D { bytes[index] = 0x20 }
        }
        line.writeInteger(UInt8(0x0A))
        return line
    }

    /// The message was written to the child.
    func sentToChild() {
        noteForwarded()
        guard open == nil else { return }
        answer(.empty(.accepted))
    }

    /// Whether what a child says besides can be passed on with this answer.
    var canStream: Bool {
        stage == .forwarded || stage == .answering
    }

    /// The child answered: the whole answer, or the last event of it.
    func childAnswered(_ line: UnsafeRawBufferPointer, _ response: ServerResponse, idRange: Range<Int>) {
        noteHeard()
        guard stage != .done else { return }
        var message: [UInt8] = []
        message.reserveCapacity(line.count + 64)
        message.append(contentsOf: line[..<idRange.lowerBound])
        message.append(contentsOf: open?.idToken ?? [])
        message.append(contentsOf: line[idRange.upperBound...])
        while message.last == 0x0A || message.last == 0x0D { message.removeLast() }
        let isList = open?.method == .toolsList || admission.hidesTools
        let verdict =
            !isList
            ? .pass
            : message.withUnsafeBytes { bytes in
                core.lists.judge(
                    bytes, answering: open, policy: admission.policy, server: admission.route.name,
                    catalog: admission.route.catalog)
            }
        let idToken = open?.idToken
        settle(response, in: line)
        switch verdict {
        case .pass: break
        case .replace: message = core.lists.filtered
        case .refuse(let error):
            message.removeAll()
            AnswerWriter.append(error: .internalError, message: error.description, id: idToken, to: &message)
        }
        guard let connection else { return finish() }
        if case .notBegun = relay.progress {
            var answer = HTTPAnswer.json(.ok, message)
            if opensSession, let session { answer.headers.add(name: "Mcp-Session-Id", value: session.id) }
            self.answer(answer)
        } else {
            connection.write(message.withUnsafeBytes { ServerEvent.of($0) })
            endAnswer()
        }
    }

    /// The child said something that belongs to this request.
    func childSaid(_ message: [UInt8]) {
        noteHeard()
        guard let connection else { return }
        var message = message
        if admission.hidesTools {
            let verdict = message.withUnsafeBytes { bytes in
                core.lists.judge(
                    bytes, answering: nil, policy: admission.policy, server: admission.route.name,
                    catalog: admission.route.catalog)
            }
            switch verdict {
            case .pass: break
            case .replace: message = core.lists.filtered
            case .refuse: return
            }
        }
        if case .notBegun = relay.progress {
            relay.progress = .betweenEvents
            stage = .answering
            var headers: HTTPHeaders = [
                "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform",
            ]
            if opensSession, let session { headers.add(name: "Mcp-Session-Id", value: session.id) }
            connection.beginAnswer(AnswerHead(.ok, headers))
        }
        connection.write(message.withUnsafeBytes { ServerEvent.of($0) })
        connection.flush()
    }

    /// A message without a session cannot be told whose it is.
    func failWithoutSession() {
        let text = "open a session first: initialize, then send its Mcp-Session-Id"
        if let open { core.recorder.recordNotForwarded(open) }
        var bytes: [UInt8] = []
        AnswerWriter.append(error: .invalidRequest, message: text, id: open?.idToken, to: &bytes)
        open = nil
        answer(.json(.badRequest, bytes))
    }
}
