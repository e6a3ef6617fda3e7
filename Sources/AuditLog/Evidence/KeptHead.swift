public import Events

/// A head as a log keeps it: one line of `checkpoints.ndjson`, `{"ts":"…","note":"…"}`.
public struct KeptHead: Sendable, Equatable {
    /// When it was signed.
    public let timestamp: Timestamp
    /// The signed note.
    public let note: SignedNote
    /// What the note says.
    public let head: TreeHead

    private static let start = "{\"ts\":\""
    private static let middle = "\",\"note\":\""
    private static let end = "\"}"

    /// Reads a line, its line feed left off; nil for anything but what ``line(_:at:)`` writes.
    init?(line: some StringProtocol) {
        guard line.hasPrefix(KeptHead.start), line.hasSuffix(KeptHead.end) else { return nil }
        let rest = line.dropFirst(KeptHead.start.count).dropLast(KeptHead.end.count)
        guard let timestamp = Timestamp(text: rest.prefix(Timestamp.textLength)) else { return nil }
        let quoted = rest.dropFirst(Timestamp.textLength)
        guard quoted.hasPrefix(KeptHead.middle) else { return nil }
        // A note has no quotes, and nothing to escape but its line feeds.
        let text = quoted.dropFirst(KeptHead.middle.count).split(separator: "\\n", omittingEmptySubsequences: false)
            .joined(separator: "\n")
        guard !text.contains("\\"), !text.contains("\""), let note = SignedNote(text),
            let head = TreeHead(text: note.text)
        else { return nil }
        self.timestamp = timestamp
        self.note = note
        self.head = head
    }

    /// The line for a signed note, its line feed included.
    static func line(_ note: String, at timestamp: Timestamp) -> String {
        let escaped = note.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
        return "\(start)\(timestamp)\(middle)\(escaped)\(end)\n"
    }

    /// The newest head that a log keeps; nil where there is none.
    ///
    /// - Throws: `LogError.disk`.
    public static func newest(
        of log: LogDirectory, on files: some LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> KeptHead? {
        let lines = String(decoding: try tail(of: log, on: files), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.reversed().lazy.compactMap { KeptHead(line: $0) }.first
    }

    /// The heads of the last 64 KiB of `checkpoints.ndjson`, the oldest first: two minutes' and more.
    ///
    /// - Throws: `LogError.disk`, and `.corrupt` where one of these lines is no head.
    static func last(of log: LogDirectory, on files: some LogFileSystem) throws(LogError) -> [KeptHead] {
        let tail = try tail(of: log, on: files)
        let whole = tail[..<wholeBytes(tail[...])]
        // The first line is cut, unless the file is shorter.
        let isCut = tail.count == tailBytes
        let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n").dropFirst(isCut ? 1 : 0)
        var heads: [KeptHead] = []
        for line in lines {
            guard let head = KeptHead(line: line) else {
                throw LogError(
                    .corrupt, "a line is no signed head", path: log.headsPath,
                    hint: "tollgate log verify --log \(log.path)")
            }
            heads.append(head)
        }
        return heads
    }

    private static let tailBytes = 64 << 10

    private static func tail(of log: LogDirectory, on files: some LogFileSystem) throws(LogError) -> [UInt8] {
        do throws(SystemError) {
            let file = try files.open(log.headsPath, .read)
            defer { file.close() }
            let size = try file.size()
            return try file.bytes(max(0, size - tailBytes)..<size)
        } catch {
            guard error.number == 2 else { throw LogError(error) }
            return []
        }
    }

    /// Of lines as the file holds them, the last of each hour, and all of the newest hour: enough to find when a log was changed.
    static func thinned(_ lines: [Substring]) -> [Substring] {
        // `{"ts":"2026-11-23T04`: the hour stands at the same place in each line.
        let hour = { (line: Substring) in line.utf8.prefix(start.utf8.count + 13) }
        guard let newest = lines.last.map(hour) else { return [] }
        return lines.indices.filter { index in
            let own = hour(lines[index])
            return own.elementsEqual(newest) || !own.elementsEqual(hour(lines[index + 1]))
        }.map { lines[$0] }
    }

    /// The heads that a log keeps, the oldest first: those in the manifests of its sealed segments, and those since.
    ///
    /// - Throws: `LogError.disk`, and `.corrupt` for a line that is none.
    public static func all(
        of log: LogDirectory, on files: some LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> [KeptHead] {
        // These first: a head that moves into a manifest meanwhile is found there.
        let recent = try self.recent(of: log, on: files)
        var heads: [KeptHead] = []
        for first in SegmentManifest.sealed(log, files) {
            heads += try SegmentManifest.read(log, segment: first, on: files)?.heads ?? []
        }
        let known = Set(heads.map(\.note.text))
        return heads + recent.filter { !known.contains($0.note.text) }
    }

    /// The heads in `checkpoints.ndjson`, the oldest first; what a crash left of a last line is left out: each line is
    /// durable before the next one is begun.
    ///
    /// - Throws: `LogError.disk`, and `.corrupt` for a line that is none.
    static func recent(
        of log: LogDirectory, on files: some LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> [KeptHead] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.contents(of: log.headsPath)
        } catch {
            guard error.number == 2 else { throw LogError(error) }
            return []
        }
        let text = String(decoding: bytes[..<wholeBytes(bytes[...])], as: UTF8.self)
        var heads: [KeptHead] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().enumerated() {
            guard let head = KeptHead(line: line) else {
                throw LogError(
                    .corrupt, "line \(index + 1) is no signed head", path: log.headsPath,
                    hint: "tollgate log verify --log \(log.path)")
            }
            heads.append(head)
        }
        return heads
    }

    /// Where the last of whole lines begins.
    static func lastLineStart(_ lines: ArraySlice<UInt8>) -> Int {
        lines.dropLast().lastIndex(of: 0x0A).map { $0 + 1 - lines.startIndex } ?? 0
    }

    /// How many of a file's last bytes are heads: a power loss may leave half a line behind them, or a block's worth of
    /// whatever stood on the disk; more than that is damage.
    static func wholeBytes(_ tail: ArraySlice<UInt8>) -> Int {
        let lines = tail.lastIndex(of: 0x0A).map { $0 + 1 - tail.startIndex } ?? 0
        var end = lines
        while end > 0, tail.count - end <= 4096 {
            let start = tail[..<(tail.startIndex + end - 1)].lastIndex(of: 0x0A).map { $0 + 1 } ?? tail.startIndex
            let line = tail[start..<(tail.startIndex + end - 1)]
            if KeptHead(line: String(decoding: line, as: UTF8.self)) != nil { return end }
            end = start - tail.startIndex
        }
        return tail.count - end <= 4096 ? end : lines
    }
}
