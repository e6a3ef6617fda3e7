import Dispatch
import Events
import Foundation
import Synchronization
import Testing

@testable import AuditLog

/// Many producers that each wait for their own record.
@Suite struct GroupCommitTests {
    @Test func everyProducerIsWokenForItsOwnRecord() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        let results = produce(threads: 16, each: 150, into: writer)
        #expect(results.count == 16 * 150 && results.allSatisfy { $0.result == .durable })
        try writer.close()
        #expect(try place.lines().count == 16 * 150)
    }

    /// Batches fail and are withdrawn under producers that wait for them or for the next one.
    @Test func noWakeUpIsLostWhereCommitsFail() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = LogOptions.plain
        options.probeMilliseconds = 1
        options.segmentBytes = 4000
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let isRunning = Atomic(true)
        DispatchQueue.global().async {
            while isRunning.load(ordering: .relaxed) {
                files.failOnce(atCall: 7)
                usleep(5000)
            }
        }
        let results = produce(threads: 16, each: 150, into: writer)
        isRunning.store(false, ordering: .relaxed)
        #expect(!results.contains { $0.result == .timedOut }, "a wait of 20 s for what had ended")
        try? writer.close()
        let numbers = try place.lines().compactMap { line -> Int64? in
            guard case .control(let control) = try Record(line: line.line).body, control.event == .heartbeat else {
                return nil
            }
            return control.number(.n)
        }
        let durable = results.filter { $0.result == .durable }.map { Int64($0.number) }
        #expect(Set(durable).isSubset(of: Set(numbers)) && Set(numbers).count == numbers.count)
        #expect(try LogVerifier(place.log).verify().fault == nil)
    }

    private func produce(
        threads: Int, each: Int, into writer: LogWriter
    ) -> [(number: Int, result: CommitResult)] {
        let found = Monitor<[(number: Int, result: CommitResult)]>([])
        let ended = DispatchGroup()
        for thread in 0..<threads {
            ended.enter()
            Thread.detachNewThread {
                for number in thread * each..<(thread + 1) * each {
                    guard let ticket = writer.append(number: number) else { continue }
                    let result = writer.waitUntilDurable(ticket, milliseconds: 20_000)
                    found.withLock { $0.append((number, result)) }
                }
                ended.leave()
            }
        }
        ended.wait()
        return found.withLock { $0 }
    }
}
