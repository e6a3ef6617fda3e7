import Events

/// Signs the log's heads, off the commit thread: when a second has passed since the last one and a record has come, or when
/// 4,096 have (`LogOptions.headMilliseconds`, `headRecords`).
///
/// A head covers only what is durable. It is written to `checkpoints.ndjson`, and with the tree's edge to `checkpoint`.
final class Notary: @unchecked Sendable {
    private struct State {
        /// The newest durable tree that no head covers yet.
        var offered: TreeEdge?
        var signedSize: UInt64
        var newest: TreeHead?
        var trouble: String?
        /// Heads of no more records are in manifests by now.
        var dropped: UInt64?
        var isClosing = false
    }

    private let log: LogDirectory
    private let origin: String
    private let signer: NoteSigner
    private let files: any LogFileSystem
    private let clock: any LogClock
    private let report: (@Sendable (LogTrouble) -> Void)?
    /// Where the newest head is noted outside of the log.
    private let notedPath: String?
    private let milliseconds: Int
    private let records: UInt64
    private let state: Monitor<State>
    private var heads: any LogFile
    /// Bytes of whole lines in it.
    private var headsSize: Int
    /// From so many bytes on only one head an hour is kept of older hours.
    private var thinsAt: Int
    /// Whether another file may stand in the place of the open one.
    private var isReplaced = false
    private var thread: WorkerThread?

    /// Starts the thread.
    ///
    /// - Parameter signedSize: what the newest head covers.
    init(
        _ log: LogDirectory, origin: String, signer: NoteSigner, signedSize: UInt64, options: LogOptions,
        files: any LogFileSystem, clock: any LogClock
    ) throws(SystemError) {
        report = options.report
        notedPath = options.stateFolder.map { LogEvidence.notedHeadPath(origin, $0) }
        milliseconds = options.headMilliseconds
        records = options.headRecords
        self.log = log
        self.origin = origin
        self.signer = signer
        self.files = files
        self.clock = clock
        state = Monitor(State(signedSize: signedSize))
        heads = try Notary.openHeads(log, files)
        headsSize = try heads.size()
        thinsAt = max(options.headBytes, headsSize)
        thread = try WorkerThread(named: "log-heads") { [self] in run() }
    }

    /// Opens the file of heads behind its last whole head.
    static func openHeads(_ log: LogDirectory, _ files: any LogFileSystem) throws(SystemError) -> any LogFile {
        let isNew = !files.exists(log.headsPath)
        let file = try files.open(log.headsPath, isNew ? .create : .append)
        if isNew { try files.syncDirectory(log.path) }
        let size = try file.size()
        let tail = try file.bytes(max(0, size - (64 << 10))..<size)
        let kept = KeptHead.wholeBytes(tail[...])
        if kept < tail.count { try file.truncate(to: size - tail.count + kept) }
        // The last line is all that an earlier process can have left unsynced, or with a sync that failed; a sync of ours
        // that fails later would take it along, and only our own line is written again then.
        if !isNew {
            try file.rewrite(from: size - tail.count + KeptHead.lastLineStart(tail[..<kept]))
            try file.sync()
        }
        return file
    }

    /// Takes note of what is durable now; never waits for a disk.
    func offer(_ edge: TreeEdge) {
        let wakes = state.withLock { state -> Bool in
            guard edge.size > state.signedSize else { return false }
            let wasEmpty = state.offered == nil
            let wasFull = state.offered.map { $0.size >= state.signedSize + records } ?? false
            state.offered = edge
            return wasEmpty || (!wasFull && edge.size >= state.signedSize + records)
        }
        if wakes { state.wakeAll() }
    }

    /// The newest head; nil before the first of this process.
    var newest: TreeHead? { state.withLock { $0.newest } }

    /// Signs what is left, and ends the thread.
    func close() {
        state.withLock { $0.isClosing = true }
        state.wakeAll()
        thread?.join()
        thread = nil
        heads.close()
    }

    private func run() {
        while true {
            let hasWork = state.wait { state -> Bool? in
                if state.offered != nil || state.dropped != nil { return true }
                return state.isClosing ? false : nil
            }
            guard hasWork == true else { return }
            drop()
            guard let edge = state.withLock({ $0.offered }) else { continue }
            sign(edge)
            // Heads are a second apart; a burst does not wait that long.
            _ = state.wait(milliseconds: milliseconds) { state -> Bool? in
                let isBurst = state.offered.map { $0.size >= state.signedSize + records } ?? false
                return state.isClosing || (isBurst && state.trouble == nil) ? true : nil
            }
        }
    }

    /// Waits until a head covers the first `size` records; false where none does in time.
    func awaitHead(of size: UInt64, milliseconds: Int) -> Bool {
        state.wait(milliseconds: milliseconds) { state in
            state.signedSize >= size ? true : state.isClosing ? false : nil
        } ?? false
    }

    /// Lets the heads of `size` records and fewer go: a manifest keeps those that are kept.
    func drop(below size: UInt64) {
        state.withLock { $0.dropped = max($0.dropped ?? 0, size) }
        state.wakeAll()
    }

    private func drop() {
        let dropped = state.withLock { state in
            defer { state.dropped = nil }
            return state.dropped
        }
        guard let dropped else { return }
        // In vain is no harm: a head that is kept twice is one.
        try? rewrite { lines in
            lines.indices.filter { index in
                index == lines.count - 1 || (KeptHead(line: lines[index])?.head.size ?? .max) > dropped
            }.map { lines[$0] }
        }
    }

    /// A head a second is 20 MB a day.
    private func thin() throws(SystemError) {
        try rewrite { KeptHead.thinned($0) }
    }

    private func rewrite(_ kept: ([Substring]) -> [Substring]) throws(SystemError) {
        try reopen()
        if try heads.size() != headsSize { try heads.truncate(to: headsSize) }
        let text = String(decoding: try files.contents(of: log.headsPath), as: UTF8.self)
        let kept = kept(text.split(separator: "\n"))
        isReplaced = true
        try files.replace(log.headsPath, with: Array(kept.map { $0 + "\n" }.joined().utf8))
        try reopen()
        thinsAt = max(thinsAt, 2 * headsSize)
    }

    /// Goes on in the file that stands at the place now.
    private func reopen() throws(SystemError) {
        guard isReplaced else { return }
        let opened = try Notary.openHeads(log, files)
        headsSize = try opened.size()
        heads.close()
        heads = opened
        isReplaced = false
    }

    private func sign(_ edge: TreeEdge) {
        let checkpoint = Checkpoint(origin: origin, edge: edge)
        var isWritten = false
        var trouble: String?
        do {
            let note = try checkpoint.head.note(signedBy: signer)
            let line = Array(KeptHead.line(note, at: clock.now()).utf8)
            try reopen()
            // Half a line of a failed write would spoil the next one.
            if try heads.size() != headsSize { try heads.truncate(to: headsSize) }
            try line.withUnsafeBytes { try heads.writeAll($0) }
            try heads.sync()
            headsSize += line.count
            if headsSize > thinsAt { try thin() }
            try files.replace(log.checkpointPath, with: Array(checkpoint.note(signedBy: signer).utf8))
            // Behind the log's own, so that it never names what the log does not hold.
            if let notedPath { try? note.overwrite(notedPath, files) }
            isWritten = true
        } catch {
            trouble = "\(error)"
        }
        let before = state.withLock { $0.trouble }
        if let trouble, before == nil { report?(.headsBegan(trouble)) }
        if trouble == nil, before != nil { report?(.headsEnded) }
        state.withLock { state in
            state.trouble = trouble
            // A head that could not be written is tried again with what has come by then, unless the log is closing.
            guard isWritten else {
                if state.isClosing { state.offered = nil }
                return
            }
            state.newest = checkpoint.head
            state.signedSize = edge.size
            if state.offered?.size == edge.size { state.offered = nil }
        }
        state.wakeAll()
    }
}

extension String {
    /// Replaces a file by a rename, without waiting for the disk: after a power cut the old text may stand there, or none.
    fileprivate func overwrite(_ path: String, _ files: any LogFileSystem) throws(SystemError) {
        let file = try files.open(path + ".tmp", .replace)
        defer { file.close() }
        let bytes = Array(utf8)
        let result: Result<Void, SystemError> = bytes.withUnsafeBytes { raw in
            Result { () throws(SystemError) in try file.writeAll(raw) }
        }
        try result.get()
        try files.rename(path + ".tmp", to: path)
    }
}
