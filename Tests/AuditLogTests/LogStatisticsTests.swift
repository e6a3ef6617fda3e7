import Events
import Testing

@testable import AuditLog

/// What a writer says of itself.
@Suite struct LogStatisticsTests {
    @Test func whatIsCommittedIsCounted() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        #expect(writer.statistics == LogStatistics(), "nothing was done yet")
        for number in 0..<5 {
            let ticket = try #require(writer.append(number: number))
            #expect(writer.waitUntilDurable(ticket) == .durable)
        }
        let statistics = writer.statistics
        let lines = try place.lines()
        #expect(statistics.records == 5 && statistics.nextSeq == 5)
        #expect(statistics.commits >= 1 && statistics.commits <= 5)
        #expect(statistics.commitDurations.count == statistics.commits)
        #expect(statistics.syncDurations.count == statistics.commits, "strict: a sync each")
        #expect(statistics.lineBytes == UInt64(lines.reduce(0) { $0 + $1.line.utf8.count + 1 }))
        #expect(statistics.bytes == UInt64(place.segmentFiles.reduce(0) { $0 + place.bytes($1).count }))
        #expect(statistics.queuedRecords == 0 && statistics.queuedBytes == 0 && statistics.unsyncedRecords == 0)
        #expect(statistics.isWell && statistics.failedCommits == 0)
        try writer.close()
        #expect(writer.statistics.records == 5, "also afterwards")
    }

    @Test func whatTheDiskRefusesIsCountedAsThat() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = LogOptions.plain
        options.probeMilliseconds = 1
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let first = try #require(writer.append(number: 1))
        #expect(writer.waitUntilDurable(first) == .durable)
        files.failOnce(atCall: 1)
        let second = try #require(writer.append(number: 2))
        #expect(writer.waitUntilDurable(second) != .durable)
        let statistics = writer.statistics
        #expect(statistics.failedCommits >= 1 && statistics.records == 1)
        #expect(statistics.commitDurations.count == statistics.commits, "a failure is no duration")
        try? writer.close()
    }

    @Test func whatIsAcknowledgedAndNotSyncedIsTold() throws {
        let place = try TemporaryLog()
        var options = LogOptions.plain
        options.durability = .interval(milliseconds: 60_000)
        let writer = try LogWriter.open(place.log, options: options)
        for number in 0..<3 {
            let ticket = try #require(writer.append(number: number))
            #expect(writer.waitUntilDurable(ticket) == .durable)
        }
        #expect(writer.statistics.unsyncedRecords == 3 && writer.statistics.syncDurations.count == 0)
        try writer.close()
        #expect(writer.statistics.unsyncedRecords == 0 && writer.statistics.syncDurations.count == 1)
    }

    @Test func segmentsAreCountedAsTheyEndAreSealedAndGo() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        for number in 0..<3 {
            let ticket = try #require(writer.append(number: number))
            #expect(writer.waitUntilDurable(ticket) == .durable)
            _ = try writer.seal()
        }
        #expect(writer.statistics.segmentsFinished == 3 && writer.statistics.segmentsSealed == 3)
        try writer.close()
    }
}

@Suite struct DurationHistogramTests {
    @Test func aDurationBelongsToTheFirstBoundThatItDoesNotExceed() {
        var histogram = DurationHistogram(bounds: [10, 100])
        for duration: Int64 in [-5, 0, 10, 11, 100, 101, 5000] { histogram.note(microseconds: duration) }
        #expect(histogram.counts == [3, 2, 2])
        #expect(histogram.count == 7 && histogram.sumMicroseconds == 5222)
    }

    @Test func durationsAreInMicroseconds() {
        var histogram = DurationHistogram()
        histogram.note(.milliseconds(3))
        histogram.note(.seconds(2))
        #expect(histogram.sumMicroseconds == 2_003_000)
        histogram.note(microseconds: .max)
        #expect(histogram.sumMicroseconds == .max && histogram.count == 3)
    }
}
