import Events
import Testing

@testable import AuditLog

/// Those who must not wait learn of commits all the same.
@Suite struct CommitNoticeTests {
    /// Nothing is committed before somebody waits for it, or a minute is over.
    private static var lingering: LogOptions {
        var options = LogOptions.plain
        options.lingerMilliseconds = 60_000
        options.probeMilliseconds = 5
        return options
    }

    /// Counts calls, and lets a test wait for them.
    private final class Notices: Sendable {
        let count = Monitor(0)

        func observe(_ writer: LogWriter) {
            writer.observeCommits { [count] in
                count.withLock { $0 += 1 }
                count.wakeAll()
            }
        }

        func await(_ ready: () -> Bool) -> Bool {
            count.wait(milliseconds: 60_000) { _ in ready() ? true : nil } ?? false
        }
    }

    private static let record = Record.Body.control(Control(.heartbeat))
    private static let draft = Decision(
        gateway: "g", identity: .flag, server: "s", transport: .stdio, method: "tools/call", verdict: .deny,
        mode: .enforce, reason: .internal)

    /// Queues a decision that is completed last.
    private func append(
        to writer: LogWriter, isUrgent: Bool = false, _ body: (Timestamp) -> Void = { _ in }
    ) -> LogTicket? {
        var decision = CommitNoticeTests.draft
        return writer.append(&decision) { time, decision in
            body(time)
            decision.reason = .limit
            return isUrgent
        }
    }

    @Test func whatBodySaysLastDecidesWhetherTheCommitIsAwaited() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: CommitNoticeTests.lingering)
        let notices = Notices()
        notices.observe(writer)
        let quiet = try #require(append(to: writer))
        #expect(writer.result(of: quiet) == nil && writer.backlogBytes > 0, "nobody waits: it lingers")
        let urgent = try #require(append(to: writer, isUrgent: true))
        #expect(notices.await { writer.result(of: urgent) == .durable })
        #expect(writer.result(of: quiet) == .durable && writer.backlogBytes == 0)
        try writer.close()
    }

    @Test func bodySeesTheSeqAndTimeThatTheRecordGets() throws {
        let place = try TemporaryLog()
        let clock = ManualClock()
        let writer = try LogWriter.open(place.log, options: .plain, clock: clock)
        var seen: [(seq: UInt64, time: Timestamp)] = []
        for _ in 0..<50 {
            clock.advance(seconds: 1)
            var time: Timestamp?
            let ticket = try #require(append(to: writer) { time = $0 })
            seen.append((ticket.seq, try #require(time)))
        }
        try writer.close()
        let records = try place.lines().map { try Record(line: $0.line) }
        #expect(records.map(\.seq) == seen.map(\.seq) && records.map(\.timestamp) == seen.map(\.time))
        for record in records {
            guard case .decision(let decision) = record.body else { return #expect(Bool(false), "no decision") }
            #expect(decision.reason == .limit, "as body left it")
        }
    }

    @Test func whileNothingCanBeWrittenNothingIsDecided() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = CommitNoticeTests.lingering
        options.probeMilliseconds = 60_000
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let notices = Notices()
        notices.observe(writer)
        files.set(.writeNoSpace)
        let lost = try #require(append(to: writer, isUrgent: true))
        #expect(notices.await { writer.result(of: lost) == .failed })
        var wasAsked = false
        let refused = append(to: writer) { _ in wasAsked = true }
        #expect(refused == nil && !wasAsked && writer.backlogBytes == 0)
        files.set(nil)
        try? writer.close()
        #expect(append(to: writer) == nil, "closed")
    }

    @Test func theResultOfAWithdrawnRecordStaysFailedThoughItsSeqIsWrittenAgain() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        let writer = try LogWriter.open(place.log, options: CommitNoticeTests.lingering, files: files)
        let kept = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(kept, milliseconds: 60_000) == .durable)
        files.set(.syncInputOutput)
        let lost = try #require(writer.append(number: 1))
        #expect(writer.waitUntilDurable(lost, milliseconds: 60_000) == .failed)
        files.set(nil)
        var next: LogTicket?
        while next == nil || next.map({ writer.waitUntilDurable($0, milliseconds: 60_000) }) != .durable {
            next = writer.append(number: 2)
        }
        #expect(try #require(next).seq >= lost.seq, "its seq is another's now")
        #expect(writer.result(of: lost) == .failed && writer.result(of: kept) == .durable)
        try writer.close()
        #expect(writer.result(of: lost) == .failed && writer.result(of: kept) == .durable)
    }

    @Test func everyEndIsNoticed() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        let writer = try LogWriter.open(place.log, options: CommitNoticeTests.lingering, files: files)
        let notices = Notices()
        notices.observe(writer)
        for number in 0..<20 {
            let ticket = try #require(writer.append(isUrgent: true) { _, _ in CommitNoticeTests.record })
            #expect(notices.await { writer.result(of: ticket) == .durable }, "commit \(number)")
        }
        files.set(.writeNoSpace)
        let lost = try #require(writer.append(isUrgent: true) { _, _ in CommitNoticeTests.record })
        #expect(notices.await { writer.result(of: lost) == .failed })
        files.set(nil)
        #expect(notices.await { writer.trouble == nil }, "that it can write again")
        let before = notices.count.withLock { $0 }
        try writer.close()
        #expect(notices.count.withLock { $0 } > before, "the end")
    }

    @Test func whoNoLongerObservesHearsNothing() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        let notices = Notices()
        notices.observe(writer)
        writer.observeCommits(nil)
        let ticket = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
        try writer.close()
        #expect(notices.count.withLock { $0 } == 0)
    }

    @Test func theBacklogIsWhatWaitsForTheCommitter() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        let writer = try LogWriter.open(place.log, options: .plain, files: files)
        #expect(writer.backlogBytes == 0)
        files.holdSyncs()
        writer.append(isUrgent: true) { _, _ in CommitNoticeTests.record }
        files.awaitHeldSync()
        #expect(writer.backlogBytes == 0, "what the committer has taken waits no longer")
        var last = 0
        for _ in 0..<10 {
            writer.append(number: 1, padding: 500)
            #expect(writer.backlogBytes > last + 500)
            last = writer.backlogBytes
        }
        files.releaseSyncs()
        try writer.close()
        #expect(writer.backlogBytes == 0)
    }

    // MARK: Gathering

    /// How long a batch of `count` and a record after it take to be committed, where gathering would take `gather`.
    ///
    /// From before the batch on: the committer gathers from the moment that it is done, which nobody else knows.
    private func secondsAfterBatch(of count: Int, _ durability: Durability, gather: UInt32) throws -> Duration {
        let place = try TemporaryLog()
        var options = CommitNoticeTests.lingering
        options.durability = durability
        options.gatherRecords = 6
        options.gatherMicroseconds = gather
        let writer = try LogWriter.open(place.log, options: options)
        let start = ContinuousClock.now
        var last: LogTicket?
        // They linger until the last one is waited for: one batch.
        for number in 0..<count { last = writer.append(number: number) }
        #expect(writer.waitUntilDurable(try #require(last), milliseconds: 60_000) == .durable)
        let next = try #require(writer.append(isUrgent: true) { _, _ in CommitNoticeTests.record })
        #expect(writer.waitUntilDurable(next, milliseconds: 60_000) == .durable)
        let taken = ContinuousClock.now - start
        try writer.close()
        return taken
    }

    @Test func afterABatchTheNextIsGivenTimeToForm() throws {
        let gathered = Duration.milliseconds(300)
        #expect(try secondsAfterBatch(of: 6, .none, gather: 300_000) >= gathered)
        #expect(try secondsAfterBatch(of: 6, .interval(milliseconds: 1000), gather: 300_000) >= gathered)
    }

    @Test func aRecordAloneAndASyncedOneWaitForNothing() throws {
        // Gathering would take a minute: longer than any machine is slow.
        let patience = Duration.seconds(30)
        #expect(try secondsAfterBatch(of: 5, .none, gather: 60_000_000) < patience)
        #expect(try secondsAfterBatch(of: 60, .strict, gather: 60_000_000) < patience)
    }
}
