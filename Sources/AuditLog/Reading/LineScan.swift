import Events
import Glibc

/// Reads the two things that the log itself needs of a line: its `seq` and its `ts`.
enum LineScan {
    /// Both, from the writer's own first bytes `{"v":1,"seq":N,"ts":"…"`, else by reading the whole line.
    static func head(_ line: UnsafeRawBufferPointer) -> (seq: UInt64, timestamp: Timestamp)? {
        if let head = fastHead(line) { return head }
        guard let record = try? Record(utf8: line) else { return nil }
        return (record.seq, record.timestamp)
    }

    /// The first line, its line feed left off.
    static func firstLine(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let base = bytes.baseAddress, let end = memchr(base, 0x0A, bytes.count) else { return bytes }
        return UnsafeRawBufferPointer(start: base, count: UnsafeRawPointer(end) - base)
    }

    /// The last line, its line feed left off.
    static func lastLine(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard bytes.count > 0 else { return bytes }
        let end = bytes.last == 0x0A ? bytes.count - 1 : bytes.count
        var start = end
        while start > 0, bytes[start - 1] != 0x0A { start -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// The number of lines, and whether the last one is whole.
    static func count(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        forEach(bytes) { _ in count += 1 }
        return count
    }

    /// Calls `body` with each line, its newline left off.
    static func forEach<E: Error>(
        _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        var start = 0
        while start < bytes.count, let base = bytes.baseAddress {
            let end: Int
            if let newline = memchr(base + start, 0x0A, bytes.count - start) {
                end = UnsafeRawPointer(newline) - base
            } else {
                end = bytes.count
            }
            try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end + 1
        }
    }

    private static let start: [UInt8] = Array("{\"v\":1,\"seq\":".utf8)
    private static let middle: [UInt8] = Array(",\"ts\":\"".utf8)

    private static func fastHead(_ line: UnsafeRawBufferPointer) -> (seq: UInt64, timestamp: Timestamp)? {
        guard line.count > 60, line[..<start.count].elementsEqual(start) else { return nil }
        var seq: UInt64 = 0
        var index = start.count
        while index < start.count + 16, line[index] &- 48 < 10 {
            seq = seq * 10 + UInt64(line[index] - 48)
            index += 1
        }
        let time = index + middle.count
        guard index > start.count, time + Timestamp.textLength < line.count, line[index..<time].elementsEqual(middle),
            let timestamp = Timestamp(
                utf8: UnsafeRawBufferPointer(rebasing: line[time..<time + Timestamp.textLength]))
        else { return nil }
        return (seq, timestamp)
    }
}
