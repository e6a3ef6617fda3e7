import MCP
import NIOCore
import NIOHTTP1

/// How far an answer over HTTP has come, and how it is passed on.
struct AnswerRelay {
    /// How the answer's bytes are passed on.
    enum Mode {
        /// As they arrive; what is kept of them is looked at in the end.
        case pass
        /// Whole, after it was judged: it may be a list with hidden tools.
        case collect
        /// Events, as they arrive; each is looked at when it is complete.
        case events(EventStreamScanner)
        /// Events, each passed on when it has been judged.
        case filter(EventStreamFilter)
    }

    /// What the client has seen of it.
    enum Progress {
        case notBegun
        /// Whole events only.
        case betweenEvents
        case within
    }

    var mode = Mode.pass
    /// The head for the client, until it is written.
    var head: AnswerHead?
    var progress = Progress.notBegun
    /// The answer's bytes as far as they are kept.
    var kept = ByteBuffer()
    /// How many bytes there were.
    var count = 0
    /// Whether the answer was larger than what is kept.
    var isOverfull = false
    var status = 200
    /// Whether the stream can be taken up again where it broke off.
    var isResumable = false

    /// Keeps bytes for the record, up to `maximum`.
    mutating func keep(_ bytes: ByteBuffer, maximum: Int) {
        count += bytes.readableBytes
        guard !isOverfull else { return }
        guard count <= maximum else {
            isOverfull = true
            kept = ByteBuffer()
            return
        }
        if kept.readableBytes == 0 {
            kept = bytes
        } else {
            var bytes = bytes
            kept.writeBuffer(&bytes)
        }
    }
}
