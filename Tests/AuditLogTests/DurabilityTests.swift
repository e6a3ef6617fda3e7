import Events
import Testing

@testable import AuditLog

@Suite struct DurabilityTests {
    @Test func nobodyReadsARecordBeforeItIsDurable() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        let writer = try LogWriter.open(place.log, options: .plain, files: files)
        let first = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(first, milliseconds: 60_000) == .durable)
        files.holdSyncs()
        let second = try #require(writer.append(number: 1))
        files.awaitHeldSync()
        #expect(try place.lines().count == 1, "written, not durable: not shown")
        let curious = try LogReader(place.log, uncommitted: true)
        var seen = 0
        while let block = try curious.nextBlock() { seen += block.lineCount }
        #expect(seen == 2)
        #expect(writer.waitUntilDurable(second, milliseconds: 20) == .timedOut)
        files.releaseSyncs()
        #expect(writer.waitUntilDurable(second, milliseconds: 60_000) == .durable)
        #expect(try place.lines().count == 2)
        try writer.close()
    }

    @Test func aReaderThatReadAheadNeverShowsWhatWasWithdrawn() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = LogOptions.plain
        options.probeMilliseconds = 5
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let kept = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(kept, milliseconds: 60_000) == .durable)
        // Written but held back in its sync: a reader's window takes it in, though it may not show it.
        files.holdSyncs()
        writer.append(number: 1)
        files.awaitHeldSync()
        let reader = try LogReader(place.log)
        #expect(try reader.nextBlock()?.lineCount == 1)
        #expect(try reader.nextBlock() == nil)
        files.set(.syncAfterHold)
        files.releaseSyncs()
        // One that is queued before the failure shows is withdrawn with the other.
        var result: CommitResult?
        while result != .durable {
            result = writer.append(number: 2).map { writer.waitUntilDurable($0, milliseconds: 60_000) }
        }
        var lines: [String] = []
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines.count == 2 && lines[0].contains("\"gap\"") && lines[1].contains("\"n\":2"))
        try writer.close()
    }

    @Test(arguments: [FaultyFileSystem.Fault.writeNoSpace, .syncInputOutput, .shortWriteThenNoSpace])
    func whatTheDiskRefusesIsWithdrawnCountedAndNeverRead(fault: FaultyFileSystem.Fault) throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = LogOptions.plain
        options.probeMilliseconds = 5
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let kept = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(kept, milliseconds: 60_000) == .durable)
        files.set(fault)
        let lost = try #require(writer.append(number: 1))
        #expect(writer.waitUntilDurable(lost, milliseconds: 60_000) == .failed)
        #expect(writer.waitUntilDurable(kept, milliseconds: 60_000) == .durable, "what was durable stays so")
        #expect(writer.append(number: 2) == nil, "while the disk refuses, nothing is accepted")
        #expect(writer.trouble != nil)
        files.set(nil)
        var next: LogTicket?
        while next == nil { next = writer.append(number: 3) }
        #expect(writer.waitUntilDurable(try #require(next), milliseconds: 60_000) == .durable)
        try writer.close()
        let lines = try place.lines().map(\.line)
        #expect(lines.count == 3)
        #expect(lines[0].contains("\"n\":0") && lines[2].contains("\"n\":3"))
        let gap = try Record(line: lines[1])
        guard case .control(let control) = gap.body else { throw RecordFault.notControl }
        #expect(control.event == .gap && (control.number(.n) ?? 0) >= 2)
        #expect(try LogVerifier(place.log).verify().fault == nil)
    }

    @Test func acknowledgedRecordsAreTheFilesWhateverCallFails() throws {
        // The k-th call that touches the disk fails, for every k; then the log is opened again as after a crash.
        for k in 1...24 {
            let place = try TemporaryLog()
            let files = FaultyFileSystem()
            files.failOnce(atCall: k)
            var acknowledged: [Int] = []
            var options = LogOptions.plain
            options.segmentBytes = 600
            options.probeMilliseconds = 1
            if let writer = try? LogWriter.open(place.log, options: options, files: files) {
                for number in 0..<12 {
                    guard let ticket = writer.append(number: number, padding: 300) else { continue }
                    if writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable { acknowledged.append(number) }
                }
                try? writer.close()
            }
            let again = try LogWriter.open(place.log, options: .plain)
            try again.close()
            let numbers = try place.lines().compactMap { line -> Int? in
                guard case .control(let control) = try Record(line: line.line).body, control.event == .heartbeat else {
                    return nil
                }
                return control.number(.n).map(Int.init)
            }
            #expect(Set(acknowledged).isSubset(of: Set(numbers)), "call \(k)")
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count, "call \(k)")
            #expect(try LogVerifier(place.log).verify().fault == nil, "call \(k)")
        }
    }

    private enum RecordFault: Error {
        case notControl
    }
}
