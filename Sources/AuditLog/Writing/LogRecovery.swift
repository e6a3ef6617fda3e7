public import Events

/// What opening a log found, and what was done about it.
public struct RecoveryReport: Sendable {
    /// The seq that the next record gets.
    public var nextSeq: UInt64 = 0
    /// The last record's time.
    public var lastTimestamp: Timestamp?
    /// Bytes of a torn tail that were moved to `quarantine/`.
    public var quarantinedBytes = 0
    /// Seqs that cannot be read any more: damage in the middle, or acknowledged records that are gone.
    public var damaged: Range<UInt64>?
    /// The segment to be continued, if there is one.
    var activeSegment: UInt64?
    /// The time of its first record.
    var segmentBegan: Timestamp?
    /// What is known of its members.
    var members = KnownMembers()
    /// Whether the next record must begin a new segment.
    var mustBeginSegment = false
    /// The records that a signed head covers and that are gone.
    public var signedMissing: Range<UInt64>?
    /// The records that tell what happened.
    var controls: [Control] = []
}

/// Brings a log's last segment to a state that can be continued.
///
/// Idempotent: a crash in the middle is repaired by the next run.
struct LogRecovery {
    let log: LogDirectory
    let files: any LogFileSystem
    /// How many records the newest signed head covers.
    let signedSize: UInt64
    /// Whether to repair even if some of those are gone.
    let acceptsLoss: Bool

    init(_ log: LogDirectory, files: any LogFileSystem, signedSize: UInt64 = 0, acceptsLoss: Bool = false) {
        self.log = log
        self.files = files
        self.signedSize = signedSize
        self.acceptsLoss = acceptsLoss
    }

    /// Reads the active segment from the last signed record on, checks each member, and repairs a torn tail: bytes to
    /// quarantine, then the cut.
    ///
    /// Damage with valid members behind it is never cut away: the log goes on in a new segment.
    ///
    /// - Throws: `LogError`.
    func repair() throws(LogError) -> RecoveryReport {
        do throws(SystemError) {
            var report = RecoveryReport()
            // A crash between making a segment and writing its first member leaves a file without members: then the
            // segment before it is the last with records, and tells the last time.
            for first in try log.segments(orNoneOn: files).reversed() {
                let isEmpty = try inspect(first, &report)
                if !isEmpty { break }
            }
            if report.nextSeq < signedSize { report.signedMissing = report.nextSeq..<signedSize }
            if report.signedMissing == nil || acceptsLoss { findMissing(&report) }
            return report
        } catch {
            throw LogError(error, hint: "tollgate log verify --log \(log.path)")
        }
    }

    /// Finds records that were acknowledged on this boot and are gone: their seqs are never used again, and the log says
    /// so.
    private func findMissing(_ report: inout RecoveryReport) {
        let epoch = try? LogIdentity.read(log, on: files).epoch
        let acknowledged = epoch.flatMap { Watermark.read(log, epoch: $0)?.durable } ?? 0
        let durable = max(acknowledged, signedSize)
        guard durable > report.nextSeq else { return }
        report.damaged = (report.damaged?.lowerBound ?? report.nextSeq)..<durable
        let missing = Control(report.signedMissing == nil ? .logRecovered : .gap)
            .with(.segment, LogDirectory.segmentName(report.activeSegment ?? report.nextSeq))
            .with(.firstSeq, report.nextSeq).with(.lastSeq, durable - 1)
        report.controls.append(
            report.signedMissing == nil
                ? missing.with(.reason, "acknowledged records are missing")
                : missing.with(.n, durable - report.nextSeq)
                    .with(.reason, "signed records are missing; the loss was accepted"))
        report.nextSeq = durable
        report.mustBeginSegment = true
    }

    /// Returns whether the segment holds no record.
    private func inspect(_ first: UInt64, _ report: inout RecoveryReport) throws(SystemError) -> Bool {
        let path = log.segmentPath(first)
        let file = try files.open(path, .append)
        defer { file.close() }
        let size = try file.size()
        let cursor = try SegmentCursor(file)
        // A sealed segment is never written to again, whatever its end looks like.
        let isSealed = files.exists(log.manifestPath(first))
        let start = try TrustedStart(log, segment: first, bytes: size, signedSize: signedSize, cursor, files)
        cursor.seek(to: start.offset)
        var members = KnownMembers(kept: start.entries)
        var next = max(start.nextSeq, report.nextSeq)
        var last = start.latest
        var isFinished = false
        var damageBegan: UInt64?
        scan: while true {
            switch try cursor.next(limit: size) {
            case .block(let offset, let bytes, let plaintext):
                let found = plaintext.withUnsafeBytes { LogRecovery.lastLine($0) }
                guard let found else { break scan }
                let entry = try cursor.withMember(at: offset, size: bytes) { member in
                    plaintext.withUnsafeBytes { IndexEntry(member: member, at: offset, lines: $0, latest: last) }
                }
                if let entry = entry ?? nil { members.read.append(entry) }
                if let began = damageBegan {
                    report.damaged = began..<max(began, found.firstSeq)
                    damageBegan = nil
                    report.mustBeginSegment = true
                }
                next = found.seq + 1
                last = found.timestamp
                isFinished = false
            case .endOfFile: isFinished = true
            case .end: break scan
            case .bad(let offset):
                if let valid = try cursor.validMember(after: offset, limit: size) {
                    damageBegan = damageBegan ?? next
                    cursor.seek(to: valid)
                } else if isSealed || (next < signedSize && !acceptsLoss) {
                    // Evidence of a loss: nothing is touched before somebody has said so.
                    break scan
                } else {
                    try quarantine(file, from: offset, size: size, segment: first, next: next, &report)
                    break scan
                }
            }
        }
        // A power loss may leave nothing but the end that was written behind unsynced members. A file without records would
        // stand where the next segment begins.
        if last == nil, size > 0, !isSealed, next >= signedSize || acceptsLoss, try file.size() > 0 {
            try quarantine(file, from: 0, size: size, segment: first, next: next, &report)
            isFinished = false
        }
        // What a killed writer had written but not synced counts from now on: readers are told so. Its last sync may have
        // failed: what no head covers is written again.
        if !isSealed { try file.rewrite(from: start.offset) }
        try file.sync()
        try files.syncDirectory(log.segmentsPath)
        report.nextSeq = next
        report.lastTimestamp = report.lastTimestamp ?? last
        let remaining = try file.size()
        guard remaining > 0 else {
            try files.remove(path)
            try? files.remove(log.indexPath(first))
            return true
        }
        if report.activeSegment == nil {
            report.activeSegment = first
            report.segmentBegan = try cursor.prefix(ofMemberAt: 0, count: 96, limit: remaining).withUnsafeBytes {
                LineScan.head($0)?.timestamp
            }
            members.latest = last
            report.members = members
        }
        if isFinished || isSealed { report.mustBeginSegment = true }
        if let damaged = report.damaged {
            report.controls.append(
                Control(.logRecovered).with(.segment, LogDirectory.segmentName(first))
                    .with(.firstSeq, damaged.lowerBound).with(.lastSeq, max(damaged.upperBound, 1) - 1)
                    .with(.reason, "damage in the middle; left as it is"))
        }
        return last == nil
    }

    private func quarantine(
        _ file: any LogFile, from offset: Int, size: Int, segment: UInt64, next: UInt64,
        _ report: inout RecoveryReport
    ) throws(SystemError) {
        let torn = try file.bytes(offset..<size)
        try files.makeDirectory(log.quarantinePath)
        try files.replace(log.quarantinePath + "/\(LogDirectory.segmentName(segment)).\(offset)", with: torn)
        try file.truncate(to: offset)
        try file.sync()
        report.quarantinedBytes += torn.count
        report.controls.append(
            Control(.logRecovered).with(.segment, LogDirectory.segmentName(segment)).with(.offset, offset)
                .with(.bytes, torn.count).with(.firstSeq, next).with(.reason, "torn tail; bytes kept in quarantine"))
    }

    private static func lastLine(
        _ bytes: UnsafeRawBufferPointer
    ) -> (firstSeq: UInt64, seq: UInt64, timestamp: Timestamp)? {
        var first: UInt64?
        var found: (firstSeq: UInt64, seq: UInt64, timestamp: Timestamp)?
        LineScan.forEach(bytes) { line in
            guard let head = LineScan.head(line) else { return }
            first = first ?? head.seq
            found = (first ?? head.seq, head.seq, head.timestamp)
        }
        return found
    }
}

extension LogDirectory {
    /// Like `segments(on:)`, for a log whose folder is known to exist.
    func segments(orNoneOn files: some LogFileSystem) throws(SystemError) -> [UInt64] {
        try files.list(segmentsPath).compactMap(LogDirectory.firstSeq(ofSegment:)).sorted()
    }
}
