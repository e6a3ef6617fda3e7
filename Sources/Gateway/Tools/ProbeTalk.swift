import AuditLog
import Glibc
import StrictJSON

/// A client's talk with a stdio server: one question at a time, each with its answer or a reason why none came.
final class ProbeTalk: Sendable {
    /// A server's answer.
    struct Answer {
        /// The message.
        let bytes: [UInt8]
        /// The error's code; nil for a result.
        let errorCode: Int64?
        let isResult: Bool

        /// The answer in words, without any of its content.
        var words: String {
            isResult ? "a result of another form" : errorCode.map { "error \($0)" } ?? "an error without a code"
        }
    }

    private struct Inbox {
        var lines: [[UInt8]] = []
        var hasEnded = false
        var isTooLong = false
        var isClosed = false
        var lastID = 0
    }

    private enum News {
        case line([UInt8])
        case end
        case tooLong
    }

    private let inbox = Monitor(Inbox())
    private let sink: LineSink
    private let limits: ToolProbe.Limits
    private let deadline: Int

    /// Begins to read what the server says.
    init(_ child: ChildProcess, _ limits: ToolProbe.Limits) throws(SystemError) {
        self.limits = limits
        sink = LineSink(child.input)
        deadline = MonotonicClock.milliseconds + limits.milliseconds
        let inbox = inbox
        _ = try WorkerThread(named: "probe") {
            // Held here, for its end closes the descriptor that is read.
            withExtendedLifetime(child) {
                ProbeTalk.read(LineSource(child.output, maximum: limits.messageBytes), into: inbox)
            }
        }
    }

    /// Reads no further.
    func close() {
        inbox.withLock { $0.isClosed = true }
        inbox.wakeAll()
    }

    private static func read(_ source: LineSource, into inbox: Monitor<Inbox>) {
        while true {
            let item = source.next()
            // A server that says more than is asked of it waits.
            let goesOn = inbox.wait { inbox -> Bool? in
                if inbox.isClosed { return false }
                guard inbox.lines.count < 64 else { return nil }
                switch item {
                case .line(let line): inbox.lines.append(Array(line))
                case .piece: inbox.isTooLong = true
                case .end: inbox.hasEnded = true
                }
                return !inbox.hasEnded
            }
            inbox.wakeAll()
            guard goesOn == true else { return }
        }
    }

    /// Sends a notification.
    func tell(_ method: String) {
        send(#"{"jsonrpc":"2.0","method":"\#(method)"}"#)
    }

    /// Sends a request and waits for its answer; what the server asks meanwhile is declined.
    ///
    /// - Parameter params: JSON.
    func ask(_ method: String, _ params: String) throws(GatewayError) -> Answer {
        let id = inbox.withLock { inbox in
            inbox.lastID += 1
            return inbox.lastID
        }
        send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
        while true {
            let left = deadline - MonotonicClock.milliseconds
            let news = inbox.wait(milliseconds: max(left, 0)) { inbox -> News? in
                if !inbox.lines.isEmpty { return .line(inbox.lines.removeFirst()) }
                return inbox.isTooLong ? .tooLong : inbox.hasEnded ? .end : nil
            }
            inbox.wakeAll()
            switch news {
            case .line(let line):
                if let answer = look(at: line, awaiting: id) { return answer }
            case .tooLong:
                throw GatewayError(
                    .server, "the server's answer to \(method) has more than \(limits.messageBytes) bytes",
                    hint: "tollgate tools --help")
            case .end:
                throw GatewayError(
                    .server, "the server ended before it answered \(method)", hint: "the command by itself may say why")
            case nil:
                throw GatewayError(
                    .server, "the server did not answer \(method) within \(limits.milliseconds / 1000) s",
                    hint: "tollgate tools --timeout SECONDS -- COMMAND")
            }
        }
    }

    /// The answer that is awaited, if a line is it.
    private func look(at line: [UInt8], awaiting id: Int) -> Answer? {
        let limits = JSONLimits(maximumBytes: limits.messageBytes, maximumDepth: 256, duplicateKeys: .allow)
        guard let tree = try? JSONTree(parsing: line, limits: limits) else { return nil }
        let token = tree.member(tree.root, "id")
        if tree.member(tree.root, "method") != nil {
            if let token { decline(Array(tree.bytes[tree.range(token)]), isPing: isPing(tree)) }
            return nil
        }
        guard token.flatMap({ tree.number($0)?.int64 }) == Int64(id) else { return nil }
        let code = tree.member(tree.root, "error").flatMap { tree.member($0, "code") }
        return Answer(
            bytes: line, errorCode: code.flatMap { tree.number($0)?.int64 },
            isResult: tree.member(tree.root, "result") != nil)
    }

    private func isPing(_ tree: JSONTree) -> Bool {
        tree.member(tree.root, "method").map { tree.text($0, is: "ping") } ?? false
    }

    private func decline(_ id: [UInt8], isPing: Bool) {
        let answer = isPing ? #""result":{}"# : #""error":{"code":-32601,"message":"not supported"}"#
        send(#"{"jsonrpc":"2.0","id":\#(String(decoding: id, as: UTF8.self)),\#(answer)}"#)
    }

    private func send(_ text: String) {
        _ = Array((text + "\n").utf8).withUnsafeBytes { sink.write($0) }
    }
}
