@testable import AuditLog

/// What is looked at in a simulated log.
extension SimulatedLog {
    /// A reader goes on, or a new one begins somewhere.
    func read() throws {
        if reader == nil || turns.random.oneIn(10) {
            let start = turns.random.below(nextNumber + 1)
            reader = try LogReader(log, from: UInt64(turns.random.oneIn(2) ? 0 : start), files: outside)
        }
        guard let reader else { return }
        while let block = try reader.nextBlock() {
            try saw(block)
            if turns.random.oneIn(4) { turns.pass() }
        }
    }

    private func saw(_ block: LogBlock) throws {
        try block.forEachLine { (seq: UInt64, line: UnsafeRawBufferPointer) throws in try model.saw(seq, line) }
        guard options.durability != .none, !options.sealsByItself else { return }
        let path = log.segmentsPath + "/" + block.segment
        guard let bytes = disk.node(at: path)?.bytes, bytes.count > block.offset + 18 else { return }
        let end = block.offset + (Int(bytes[block.offset + 16]) | Int(bytes[block.offset + 17]) << 8) + 1
        guard disk.isDurable(path, bytes: end) else {
            throw Violation("seq \(block.firstSeq) was read before it was durable")
        }
    }

    /// Reads the log from its beginning: all that was promised is there.
    func readAll() throws {
        let reader = try LogReader(log, files: outside)
        var skipped: [Range<UInt64>] = []
        var next: UInt64 = 0
        while let block = try reader.nextBlock() {
            if let range = block.skipped { skipped.append(range) }
            guard block.firstSeq >= next else { throw Violation("seq \(block.firstSeq) twice") }
            try saw(block)
            next = reader.nextSeq
        }
        if !mayHaveHoles, !skipped.isEmpty { throw Violation("seqs are missing: \(skipped)") }
        try model.readAll(next: next, skipped: skipped)
    }

    /// `log verify` finds no fault.
    func verify() throws {
        // Of a living writer that has made nothing durable yet, verify waits for the first commit.
        if let writer, Watermark.read(log, epoch: writer.identity.epoch)?.durable ?? 0 == 0 { return }
        tally.verifications += 1
        let found = try LogVerifier(log, files: outside).verify()
        tally.sealed = max(tally.sealed, found.sealed)
        if let fault = found.fault, !mayHaveHoles { throw Violation("log verify: \(fault)") }
    }

    /// The newest head is the naive tree's over the lines (RFC 6962 §2.1).
    func compareHeads() throws {
        guard !mayHaveHoles, let kept = try KeptHead.newest(of: log, on: outside) else { return }
        var leaves: [TreeHash] = []
        let reader = try LogReader(log, files: outside)
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in leaves.append(.leaf(line)) }
        }
        let size = Int(kept.head.size)
        guard size <= leaves.count else { throw Violation("a head of \(size) records, and \(leaves.count) are there") }
        guard SimulatedLog.naive(leaves[..<size]) == kept.head.root else {
            throw Violation("the head of \(size) records is not the naive tree's")
        }
    }

    private static func naive(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
        if leaves.count < 2 { return leaves.first ?? .empty }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        return .node(naive(leaves.prefix(split)), naive(leaves.dropFirst(split)))
    }
}
