/// How messages are told apart on their way.
public enum MessageFraming: Sendable {
    /// One message per line, as over stdio.
    ///
    /// A carriage return is white space to JSON but the end of a line to many readers (Python's text files, Java, .NET),
    /// which would find further messages inside the one that was judged. Only one directly before the line feed passes.
    case line
    /// One message per HTTP body.
    case body

    /// Whether a line holds nothing but white space: such lines are dropped, neither forwarded nor answered.
    public static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
    }

    /// Makes one line of a valid JSON message by putting spaces in place of line breaks.
    ///
    /// They can only be white space between tokens, so the value stays the same, and every offset as well. For messages
    /// that came as an HTTP body and go to a stdio server, and for those that become a server-sent event.
    public static func flatten(_ message: inout [UInt8]) {
        for index in message.indices where message[index] == 0x0A || message[index] == 0x0D { message[index] = 0x20 }
    }

    /// Where a message breaks its framing, as a byte offset; nil where it keeps it.
    func firstViolation(in message: UnsafeRawBufferPointer) -> Int? {
        guard self == .line else { return nil }
        var end = message.count
        if end > 0, message[end - 1] == 0x0A { end -= 1 }
        if end > 0, message[end - 1] == 0x0D { end -= 1 }
        let at = firstLineBreak(in: UnsafeRawBufferPointer(rebasing: message[..<end]), from: 0)
        return at < end ? at : nil
    }
}
