import Events

/// Fills members to the brim with whole lines: what sealing makes of many small commits.
struct MemberPacker: ~Copyable {
    private let deflater: Deflater
    private var lines = LineBuffer(capacity: 2 * BGZFMember.maximumPlaintext)
    private var member = LineBuffer(capacity: BGZFMember.maximumSize)
    private let file: any LogFile
    private var latest: Timestamp?
    /// Bytes written.
    private(set) var size = 0
    /// The members written.
    private(set) var entries: [IndexEntry] = []

    init(into file: any LogFile) throws(SystemError) {
        deflater = try Deflater(level: 6)
        self.file = file
    }

    /// Takes in whole lines, each with its line feed.
    mutating func append(_ block: UnsafeRawBufferPointer) throws(SystemError) {
        var failure: SystemError?
        LineScan.forEach(block) { line in
            guard failure == nil, line.count > 0 else { return }
            do throws(SystemError) {
                if lines.count + line.count + 1 > BGZFMember.maximumPlaintext { try flush() }
            } catch {
                failure = error
            }
            lines.append(line)
            lines.append(0x0A)
        }
        if let failure { throw failure }
    }

    /// Writes what is left, and the empty member.
    mutating func finish() throws(SystemError) {
        try flush()
        let end: Result<Void, SystemError> = BGZFMember.endOfFile.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try file.writeAll(bytes) }
        }
        try end.get()
        size += BGZFMember.endOfFile.count
    }

    private mutating func flush() throws(SystemError) {
        guard lines.count > 0 else { return }
        member.truncate(to: 0)
        try deflater.append(lines.bytes, to: &member)
        try file.writeAll(member.bytes)
        guard let entry = IndexEntry(member: member.bytes, at: size, lines: lines.bytes, latest: latest) else {
            throw SystemError("seal", "a line that is no record", 22)
        }
        entries.append(entry)
        latest = entry.lastTimestamp
        size += member.count
        lines.truncate(to: 0)
    }
}
