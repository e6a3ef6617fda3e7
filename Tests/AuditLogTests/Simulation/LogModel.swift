@testable import AuditLog

/// What a simulated log must hold: kept by the driver, from what it was told and what readers saw.
struct LogModel {
    /// What was promised of a record.
    private enum Promise {
        /// It may be there or not.
        case none
        /// It is there for as long as nobody pulls the plug and no write fails.
        case untilPowerLoss
        /// It is there for ever.
        case forEver
    }

    private struct Waiting {
        let ticket: LogTicket
        let line: Int
    }

    /// A line's hash by seq, with what was promised of it.
    private var promised: [(line: Int, promise: Promise)] = []
    private var waiting: [Waiting] = []
    /// Lines that were withdrawn while the disk still refuses: whether they are gone is not known yet.
    private var limbo: [Int] = []
    /// Lines that were withdrawn, and whose log was well again: nobody may ever read them.
    private var withdrawn: Set<Int> = []
    let durability: Durability
    /// What lines were, for people; nil: nobody asks.
    var texts: [Int: String]?

    init(_ durability: Durability) {
        self.durability = durability
    }

    /// Records that will be there for ever.
    var kept: Int { promised.count { $0.promise == .forEver } }
    /// Records that were withdrawn for good.
    var lost: Int { withdrawn.count }
    /// A ticket that an outcome may belong to.
    var lastTicket: LogTicket? { waiting.last?.ticket }

    /// A line as a number: equal lines have equal ones, within one process.
    static func hash(_ line: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: line)
        return hasher.finalize()
    }

    // MARK: What the driver is told

    mutating func queued(_ ticket: LogTicket, _ line: Int) {
        waiting.append(Waiting(ticket: ticket, line: line))
    }

    /// Takes in how far commits have come.
    ///
    /// - Parameters:
    ///   - durable: the watermark that readers are shown; what is below must survive all.
    ///   - isWell: whether the log can write.
    mutating func progress(_ progress: CommitProgress, durable: UInt64, isWell: Bool) throws {
        var rest: [Waiting] = []
        for record in waiting {
            switch progress.result(of: record.ticket) {
            case .durable:
                let isSafe = durability == .strict || durability != .none && record.ticket.seq < durable
                try promise(record.ticket.seq, record.line, isSafe ? .forEver : .untilPowerLoss)
            case .failed: limbo.append(record.line)
            case .timedOut, .held, nil: rest.append(record)
            }
        }
        waiting = rest
        if isWell {
            withdrawn.formUnion(limbo)
            limbo = []
        }
        if durability != .none {
            for seq in 0..<min(promised.count, Int(durable)) where promised[seq].promise == .untilPowerLoss {
                promised[seq].promise = .forEver
            }
        }
    }

    /// The process is gone: what it had not said is unknown.
    mutating func died() {
        waiting = []
        limbo = []
    }

    /// A write failed, or the power went: what was promised less is promised no more.
    mutating func lostMemory() {
        for seq in promised.indices where promised[seq].promise == .untilPowerLoss { promised[seq].promise = .none }
    }

    private mutating func promise(_ seq: UInt64, _ line: Int, _ promise: Promise) throws {
        let seq = Int(seq)
        while promised.count <= seq { promised.append((0, .none)) }
        if promised[seq].promise != .none, promised[seq].line != line {
            let both = texts.map { ": \($0[promised[seq].line] ?? "?") and \($0[line] ?? "?")" } ?? ""
            throw Violation("two records were acknowledged as seq \(seq)\(both)")
        }
        if promised[seq].promise != .forEver { promised[seq] = (line, promise) }
    }

    // MARK: What readers see

    /// A reader was given a line.
    mutating func saw(_ seq: UInt64, _ line: UnsafeRawBufferPointer) throws {
        let hash = LogModel.hash(line)
        texts?[hash] = String(decoding: line.prefix(900), as: UTF8.self)
        let text = { String(decoding: line.prefix(160), as: UTF8.self) }
        if withdrawn.contains(hash) { throw Violation("seq \(seq) was withdrawn and is read: \(text())") }
        if Int(seq) < promised.count, promised[Int(seq)].promise != .none, promised[Int(seq)].line != hash {
            throw Violation("seq \(seq) is another record than it was: \(text())")
        }
        try promise(seq, hash, durability == .none ? .untilPowerLoss : .forEver)
    }

    /// A reader has read the whole log: `next` is one past the last seq, `skipped` what it could not read.
    func readAll(next: UInt64, skipped: [Range<UInt64>]) throws {
        for seq in promised.indices where promised[seq].promise != .none {
            if UInt64(seq) >= next { throw Violation("seq \(seq) is gone; the log ends with \(next)") }
            if let range = skipped.first(where: { $0.contains(UInt64(seq)) }) {
                throw Violation("seq \(seq) cannot be read: \(range) is missing")
            }
        }
    }
}

/// An invariant that does not hold.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
