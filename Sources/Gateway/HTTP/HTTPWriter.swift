import NIOCore
import NIOHTTP1

/// Writes HTTP/1.1 messages as bytes (RFC 9112).
///
/// Head and body go into one buffer and so into one write, which NIO's encoders, one buffer a part, do not. Only for
/// writing: what others send is read by NIO's parser. Names and values come from that parser or are constants, so none
/// holds a line break; what a configuration gives was checked for that when it was read.
enum HTTPWriter {
    /// Appends a whole answer.
    ///
    /// - Parameters:
    ///   - closes: whether the connection ends behind it.
    ///   - omitsBody: whether it answers a HEAD.
    static func append(_ answer: HTTPAnswer, closes: Bool, omitsBody: Bool, to buffer: inout ByteBuffer) {
        append(answer.status, to: &buffer)
        if answer.isJSON { buffer.writeStaticString("Content-Type: application/json\r\n") }
        for (name, value) in answer.headers { append(name, value, to: &buffer) }
        appendLength(answer.body.count, to: &buffer)
        if closes { buffer.writeStaticString("Connection: close\r\n") }
        buffer.writeStaticString("\r\n")
        if !omitsBody { buffer.writeBytes(answer.body) }
    }

    /// Appends the head of an answer whose body follows.
    static func append(_ head: AnswerHead, isChunked: Bool, closes: Bool, to buffer: inout ByteBuffer) {
        append(head.status, to: &buffer)
        head.forEachHeader { append($0, $1, to: &buffer) }
        if let length = head.length { appendLength(length, to: &buffer) }
        if isChunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
        if closes { buffer.writeStaticString("Connection: close\r\n") }
        buffer.writeStaticString("\r\n")
    }

    /// Appends a status line.
    private static func append(_ status: HTTPResponseStatus, to buffer: inout ByteBuffer) {
        switch status {
        case .ok: buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        case .accepted: buffer.writeStaticString("HTTP/1.1 202 Accepted\r\n")
        default:
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(status.code))
            buffer.writeStaticString(" ")
            buffer.writeString(status.reasonPhrase)
            buffer.writeStaticString("\r\n")
        }
    }

    /// Appends a header.
    static func append(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
        buffer.writeStaticString("\r\n")
    }

    /// Appends the header that tells a body's length.
    static func appendLength(_ length: Int, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("Content-Length: ")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n")
    }

    /// Appends the line before a chunk of so many bytes.
    static func appendChunkHead(_ count: Int, to buffer: inout ByteBuffer) {
        buffer.writeString(String(count, radix: 16))
        buffer.writeStaticString("\r\n")
    }

    /// Whether responses of this status have no body at all (RFC 9110 §6.4.1).
    static func hasNoBody(_ status: HTTPResponseStatus) -> Bool {
        status.code < 200 || status == .noContent || status == .notModified
    }
}
