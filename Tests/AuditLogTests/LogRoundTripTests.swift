import Events
import Foundation
import Testing

@testable import AuditLog

@Suite struct LogRoundTripTests {
    @Test func whatIsAppendedIsReadInOrderWithGaplessSeqs() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        var last: LogTicket?
        for number in 0..<5000 { last = writer.append(number: number) }
        #expect(writer.waitUntilDurable(try #require(last), milliseconds: 60_000) == .durable)
        let lines = try place.lines()
        #expect(lines.map(\.seq) == Array(0..<5000))
        for (seq, line) in lines {
            let record = try Record(line: line)
            #expect(record.seq == seq)
        }
        try writer.close()
        let check = try LogVerifier(place.log).verify()
        #expect(check.fault == nil && check.records == 5000 && check.nextSeq == 5000)
    }

    @Test func manyThreadsShareOneOrder() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        let threads = try (0..<8).map { thread in
            try WorkerThread(named: "producer") {
                for number in 0..<200 {
                    guard let ticket = writer.append(number: thread * 1000 + number) else { continue }
                    if number % 20 == 0 { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
                }
            }
        }
        for thread in threads { thread.join() }
        try writer.close()
        let check = try LogVerifier(place.log).verify()
        #expect(check.fault == nil && check.records == 1600)
        var next = [Int](repeating: 0, count: 8)
        for (_, line) in try place.lines() {
            guard case .control(let control) = try Record(line: line).body else { continue }
            let number = Int(control.number(.n) ?? -1)
            #expect(number % 1000 == next[number / 1000], "a producer's own records keep their order")
            next[number / 1000] += 1
        }
        #expect(next == [Int](repeating: 200, count: 8))
    }

    @Test func rotationLeavesSegmentsThatReadAsOne() throws {
        let place = try TemporaryLog()
        var options = LogOptions.plain
        options.segmentBytes = 2000
        let writer = try LogWriter.open(place.log, options: options)
        let reader = try LogReader(place.log)
        var seen: [UInt64] = []
        for number in 0..<400 {
            let ticket = try #require(writer.append(number: number, padding: 100))
            #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
            while let block = try reader.nextBlock() { block.forEachLine { seq, _ in seen.append(seq) } }
        }
        try writer.close()
        #expect(place.segmentFiles.count > 5)
        #expect(seen == Array(0..<400))
        for file in place.segmentFiles.dropLast() {
            #expect(place.bytes(file).suffix(28) == BGZFMember.endOfFile[...])
        }
        #expect(try LogVerifier(place.log).verify().fault == nil)
        for start in [0, 1, 57, 399] as [UInt64] {
            #expect(try place.lines(from: start).map(\.seq) == Array(start..<400))
        }
    }

    @Test func aReaderFindsTheBlockOfATime() throws {
        let place = try TemporaryLog()
        let clock = ManualClock()
        var options = LogOptions.plain
        options.segmentBytes = 1500
        let writer = try LogWriter.open(place.log, options: options, clock: clock)
        for number in 0..<200 {
            let ticket = try #require(writer.append(number: number, padding: 50))
            _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
            clock.advance(seconds: 60)
        }
        try writer.close()
        let start = try #require(Timestamp(text: "2026-11-22T12:00:00Z"))
        for minute in [0, 1, 99, 150, 199, 500] {
            let reader = try LogReader(place.log, fromTime: start.advanced(by: Int64(minute) * 60_000_000))
            let block = try #require(try reader.nextBlock())
            #expect(block.firstSeq == UInt64(min(minute, 199)))
        }
        let before = try LogReader(place.log, fromTime: Timestamp(microseconds: 0))
        #expect(try before.nextBlock()?.firstSeq == 0)
    }

    @Test func aSecondWriterIsToldWhoHoldsTheLog() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        let error = #expect(throws: LogError.self) { try LogWriter.open(place.log, options: .plain) }
        #expect(error?.code == .locked && error?.exitCode == 7)
        #expect(error?.message.contains("pid \(ProcessInfo.processInfo.processIdentifier)") == true)
        #expect(LogLock.isHeld(place.log))
        try writer.close()
    }

    @Test func filesAreForTheirOwnerOnly() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        _ = writer.append(number: 1).map { writer.waitUntilDurable($0, milliseconds: 60_000) }
        try writer.close()
        let files = try #require(FileManager.default.enumerator(atPath: place.log.path))
        for case let name as String in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: place.log.path + "/" + name)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            let isDirectory = attributes[.type] as? FileAttributeType == .typeDirectory
            #expect(mode == (isDirectory ? 0o700 : 0o600), "\(name)")
        }
    }

    @Test func timeNeverDecreasesWithinASegmentThoughTheClockDoes() throws {
        let place = try TemporaryLog()
        let clock = ManualClock()
        let first = try LogWriter.open(place.log, options: .plain, clock: clock)
        first.append(number: 0)
        clock.advance(seconds: -2)
        first.append(number: 1)
        try first.close()
        clock.advance(seconds: -3600)
        let second = try LogWriter.open(place.log, clock: clock)
        second.append(number: 2)
        try second.close()
        #expect(place.segmentFiles.count == 2)
        #expect(try LogVerifier(place.log).verify().fault == nil)
        #expect(try place.lines().contains { $0.line.contains("clock_step") && $0.line.contains("-360") })
    }
}
