import Events
import Testing

@testable import AuditLog

/// Calls that the operator lets go on while the disk refuses: within bounds, and each is in the log afterwards.
@Suite struct HeldCallTests {
    private func log(events: Int = 3, milliseconds: Int = 30_000) throws -> TroubledLog {
        try TroubledLog { $0.hold = LogHold(events: events, milliseconds: milliseconds) }
    }

    /// A log whose disk has refused the record of call 1.
    private func refused(events: Int = 3, _ fault: FaultyFileSystem.Fault = .syncInputOutput) throws -> TroubledLog {
        let log = try log(events: events)
        try log.durableCall(0)
        log.files.set(fault)
        let ticket = try #require(log.call(1))
        #expect(log.writer.waitUntilDurable(ticket, milliseconds: 60_000) == .timedOut)
        #expect(log.writer.endWait(for: ticket) == .held, "the first")
        return log
    }

    @Test(arguments: [FaultyFileSystem.Fault.syncInputOutput, .writeNoSpace, .shortWriteThenNoSpace])
    func callsGoOnUpToTheirNumberAndAreWrittenBeforeTheGap(fault: FaultyFileSystem.Fault) throws {
        let log = try refused(events: 3, fault)
        for number in 2...3 {
            let ticket = try #require(log.call(number))
            #expect(ticket.isHeld && log.writer.waitUntilDurable(ticket) == .held)
            #expect(log.writer.result(of: ticket) != .durable, "nobody says that it is durable")
        }
        #expect(log.call(4) == nil && log.call(5) == nil, "closed after three")
        #expect(try log.place.lines().count == 1, "nothing of it is read before it is durable")
        log.files.set(nil)
        log.awaitWell()
        try log.durableCall(6)
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 1, 2, 3, 6] && records.gaps == [2])
        #expect(records.map(\.kind) == [.decision, .decision, .decision, .decision, .control, .decision])
    }

    @Test func callsGoOnForTheirTimeOnly() throws {
        let log = try refused(events: 1000)
        log.clock.advance(seconds: 29.9)
        #expect(log.call(2)?.isHeld == true)
        log.clock.advance(seconds: 0.2)
        #expect(log.call(3) == nil)
        log.files.set(nil)
        log.awaitWell()
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 1, 2] && records.gaps == [1])
    }

    @Test func callsOfAClosedClassAreDeniedThoughOthersGoOn() throws {
        let log = try log(events: 1000)
        log.files.set(.syncInputOutput)
        let ticket = try #require(log.call(0, mayBeHeld: false))
        #expect(log.writer.waitUntilDurable(ticket, milliseconds: 60_000) == .timedOut)
        #expect(log.writer.endWait(for: ticket) == .timedOut, "denied; its record may come")
        #expect(log.call(1, mayBeHeld: false) == nil && log.call(2)?.isHeld == true)
        log.files.set(nil)
        log.awaitWell()
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 2] && records.gaps == [1])
    }

    @Test func whatHappensToHeldCallsIsRecordedBehindThem() throws {
        let log = try refused(events: 2)
        let held = try #require(log.call(2))
        #expect(log.call(3) == nil)
        var wasRefused = false
        log.writer.append(after: held, orElse: { _ in wasRefused = true }) { _ in
            Outcome(of: held.seq, ending: .ok)
        }
        log.writer.append(Control(.grantRevoked).with(.grant, "g").with(.by, "flag"))
        #expect(!wasRefused)
        log.files.set(nil)
        log.awaitWell()
        let records = try log.closeAndRead()
        #expect(records.map(\.kind) == [.decision, .decision, .decision, .outcome, .control, .control])
        guard case .outcome(let outcome) = records[3].body else { return }
        #expect(outcome.of == records[2].seq)
    }

    @Test func eachEpisodeHasItsBoundsAnewAndItsOwnGap() throws {
        let log = try log(events: 1)
        for episode in 0..<3 {
            log.files.set(.syncInputOutput)
            let held = try #require(log.call(episode * 10))
            #expect(log.writer.waitUntilDurable(held, milliseconds: 60_000) == .timedOut)
            #expect(log.writer.endWait(for: held) == .held)
            for number in 0...episode { #expect(log.call(episode * 10 + 1 + number) == nil) }
            log.files.set(nil)
            log.awaitWell()
            #expect(log.awaitDurable(held))
        }
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 10, 20] && records.gaps == [1, 2, 3])
    }

    @Test func aLogThatClosesWritesWhatItHolds() throws {
        let log = try refused(events: 10)
        #expect(log.call(2)?.isHeld == true && log.call(3, mayBeHeld: false) == nil)
        log.files.set(nil)
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 1, 2] && records.gaps == [1])
    }

    @Test func heldRecordsTakeNoMoreMemoryThanTheQueueHas() throws {
        let log = try TroubledLog {
            $0.hold = LogHold(events: 100_000, milliseconds: 3_600_000)
            $0.queueBytes = 64 << 10
        }
        log.files.set(.syncInputOutput)
        let first = try #require(log.call(0))
        #expect(log.writer.waitUntilDurable(first, milliseconds: 60_000) == .timedOut)
        var (held, denied, most) = (1, 0, 0)
        for number in 1..<2000 {
            if log.call(number) != nil { held += 1 } else { denied += 1 }
            most = max(most, log.writer.backlogBytes)
        }
        #expect(held > 100 && denied > 100 && most < 66 << 10, "\(most) bytes")
        log.files.set(nil)
        log.awaitWell()
        let records = try log.closeAndRead()
        #expect(records.calls == Array(0..<held) && records.gaps == [denied])
    }

    /// Whatever fails when, each record is in the log or counted in a gap, once.
    @Test(arguments: [nil, LogHold(events: 7, milliseconds: 3_600_000)], [Durability.strict, .none])
    func nothingIsLostUncounted(hold: LogHold?, durability: Durability) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SmallGenerator(seed: seed)
        let log = try TroubledLog {
            $0.hold = hold
            $0.durability = durability
            $0.segmentBytes = 2000
        }
        var queued = 0
        for round in 0..<60 {
            let faults: [FaultyFileSystem.Fault?] = [nil, nil, .writeNoSpace, .shortWriteThenNoSpace, .syncInputOutput]
            log.files.set(faults.randomElement(using: &random) ?? nil)
            var last: LogTicket?
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                queued += 1
                if Int.random(in: 0...3, using: &random) == 0 {
                    last = log.writer.append(number: queued)
                } else {
                    last = log.call(queued, mayBeHeld: Bool.random(using: &random))
                }
            }
            if let last { _ = log.writer.waitUntilDurable(last, milliseconds: 60_000) }
            if round % 5 == 4 {
                log.files.set(nil)
                log.awaitWell()
            }
        }
        log.files.set(nil)
        let records = try log.closeAndRead()
        let others = records.controls(.heartbeat).count
        #expect(records.calls.count + others + records.gaps.reduce(0, +) == queued, "seed \(seed)")
        #expect(records.calls == records.calls.sorted() && Set(records.calls).count == records.calls.count)
    }
}

/// A generator whose seed can be printed (SplitMix64).
struct SmallGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
