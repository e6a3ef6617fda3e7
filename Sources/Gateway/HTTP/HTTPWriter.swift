import NIOCore
import NIOHTTP1

/// Writes HTTP/1.1 messages as bytes (RFC 9112).
///
/// Head and body go into one buffer and so into one write, which NIO's encoders, one buffer a part, do not. Only for
/// writing: what others send is read by NIO's parser. Names and values come from that parser or are constants, so none
/// holds a line break; what a configuration gives was checked for that when it was read.
enum HTTPWriter {
    /// Appends the head of a response whose framing stands in `headers` already.
    static func append(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, to buffer: inout ByteBuffer) {
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
        append(headers, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    /// Appends the head of a request.
    static func append(_ head: HTTPRequestHead, to buffer: inout ByteBuffer) {
        buffer.writeString(head.method.rawValue)
        buffer.writeStaticString(" ")
        buffer.writeString(head.uri)
        buffer.writeStaticString(" HTTP/1.1\r\n")
        append(head.headers, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    private static func append(_ headers: HTTPHeaders, to buffer: inout ByteBuffer) {
        for (name, value) in headers {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
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
