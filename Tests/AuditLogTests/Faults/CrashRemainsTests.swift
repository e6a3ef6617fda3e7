import Events
import Foundation
import Testing

@testable import AuditLog

/// What crashes, power losses and hung disks leave behind; each of these the simulation has found first.
@Suite("What crashes leave") struct CrashRemainsTests {
    private func options(_ place: TemporaryLog) -> LogOptions {
        var options = LogOptions.plain
        options.stateFolder = place.log.path + "-state"
        options.headMilliseconds = 1
        return options
    }

    private func write(_ numbers: Range<Int>, to place: TemporaryLog) throws {
        let writer = try LogWriter.open(place.log, options: options(place))
        for number in numbers {
            let ticket = try #require(writer.append(number: number))
            #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
        }
        try writer.close()
    }

    @Test func aHeadThatAPowerLossGarbledIsLeftOutAndTheNextOnesAreWhole() throws {
        let line = "{\"ts\":\"2026-11-23T00:00:00.000000Z\",\"note\":\"vm/log/1"
        let zeros = [UInt8](repeating: 0, count: 250)
        let remains: [[UInt8]] = [
            Array(line.utf8), Array((line + "\n").utf8), zeros, zeros + [0x0A], [0x0A], [0x41, 0x0A, 0x00, 0x0A, 0x42],
            Array((line + "\n" + line + "\n").utf8), [UInt8](repeating: 0xFF, count: 4000) + [0x0A],
        ]
        for (index, bytes) in remains.enumerated() {
            let place = try TemporaryLog()
            try write(0..<5, to: place)
            try place.write(place.bytes(place.log.headsPath) + bytes, to: place.log.headsPath)
            #expect(try KeptHead.newest(of: place.log)?.head.size == 5, "\(index)")
            #expect(try LogVerifier(place.log).verify().fault == nil, "\(index), before the next start")
            try write(5..<8, to: place)
            let found = try LogVerifier(place.log).verify()
            #expect(found.fault == nil && found.signedSize == 8, "\(index): \(String(describing: found.fault))")
        }
    }

    @Test func aSegmentWithoutAnyRecordGoesToQuarantineAndItsPlaceIsTaken() throws {
        let end = BGZFMember.endOfFile
        let garbage = (0..<3118).map { UInt8(truncatingIfNeeded: $0 &* 131) }
        for (index, bytes) in [end, garbage + end, garbage, [UInt8](repeating: 0, count: 700) + end].enumerated() {
            let place = try TemporaryLog()
            try write(0..<5, to: place)
            let next = try UInt64(place.lines().count)
            let path = place.log.segmentPath(next)
            try place.write(bytes, to: path)
            try write(5..<8, to: place)
            #expect(try LogVerifier(place.log).verify().fault == nil, "\(index)")
            let kept = try FileManager.default.contentsOfDirectory(atPath: place.log.quarantinePath)
            #expect(kept.count == 1, "\(index): \(kept)")
            #expect(try place.lines().map(\.seq) == Array(0..<UInt64(place.lines().count)), "\(index)")
        }
    }

    @Test func garbageAmongTheHeadsIsFoundWhatACrashCannotLeaveToo() throws {
        let place = try TemporaryLog()
        try write(0..<5, to: place)
        let heads = place.bytes(place.log.headsPath)
        try place.write(Array("garbage\n".utf8) + heads, to: place.log.headsPath)
        #expect(try LogVerifier(place.log).verify().fault?.what.contains("line 1 is no signed head") == true)
        try place.write(heads + [UInt8](repeating: 0x41, count: 5000) + [0x0A], to: place.log.headsPath)
        #expect(try LogVerifier(place.log).verify().fault != nil)
    }

    @Test func aWriterWhoseDiskHangsHoldsItsLogAfterItsClosingWasGivenUp() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = LogOptions.plain
        options.closeMilliseconds = 20
        do {
            let writer = try LogWriter.open(place.log, options: options, files: files)
            files.holdSyncs()
            writer.append(isUrgent: true) { _, _ in .control(Control(.heartbeat).with(.n, 0)) }
            files.awaitHeldSync()
            #expect(throws: LogError.self) { try writer.close() }
        }
        // Its committer may still write: another one would write to the same places.
        let error = #expect(throws: LogError.self) { try LogWriter.open(place.log, options: .plain) }
        #expect(error?.code == .locked)
        files.releaseSyncs()
        var next: LogWriter?
        while next == nil {
            do throws(LogError) {
                next = try LogWriter.open(place.log, options: .plain)
            } catch {
                #expect(error.code == .locked)
                usleep(1000)
            }
        }
        next?.append(number: 1)
        try next?.close()
        #expect(try place.lines().map(\.seq) == [0, 1])
    }

    @Test func whatAReaderShowsOfADeadWritersNewSegmentSurvivesAPowerLoss() throws {
        // The writer dies between a segment's first bytes and the sync of its name, at whatever call that is.
        for call in 1...12 {
            let history = try SimulatedLog(seed: 7)
            try history.turns.run {
                history.options.durability = .strict
                history.options.sealsByItself = false
                history.options.stateFolder = nil
                history.options.writesOwnRecords = false
                let files = SimulatedFileSystem(history.disk, history.turns)
                files.callsUntilDeath = call
                let writer = try? LogWriter.open(history.log, options: history.options, files: files)
                if let ticket = writer?.append(number: 0) { _ = writer?.waitUntilDurable(ticket) }
                files.die()
                try? writer?.close()
                guard history.disk.names(in: history.log.segmentsPath) != nil else { return }
                let shown = try SimulatedLog.count(history)
                try? FileManager.default.removeItem(atPath: history.log.livePath)
                history.disk.losePower(&history.turns.random, forced: .dropped)
                #expect(try SimulatedLog.count(history) == shown, "died at call \(call)")
            }
        }
    }

    @Test func whoWantsTheSegmentEndedDoesNotMakeABrokenDiskBusy() throws {
        let history = try SimulatedLog(seed: 8)
        try history.turns.run {
            history.options.probeMilliseconds = 250
            history.options.stateFolder = nil
            let files = SimulatedFileSystem(history.disk, history.turns)
            let writer = try LogWriter.open(history.log, options: history.options, files: files)
            files.faults.room = 0
            let ticket = try #require(writer.append(number: 0))
            #expect(writer.waitUntilDurable(ticket) == .failed)
            let before = files.calls
            writer.rotate()
            history.turns.sleep(10_000_000)
            #expect(files.calls - before < 10 * 4 * 6, "about four tries a second")
            files.faults.room = nil
            history.turns.sleep(1_000_000)
            #expect(writer.trouble == nil)
            try writer.close()
        }
    }
}

extension SimulatedLog {
    /// Lines that a reader shows.
    static func count(_ history: SimulatedLog) throws -> Int {
        let reader = try LogReader(history.log, files: history.outside)
        var count = 0
        while let block = try reader.nextBlock() { count += block.lineCount }
        return count
    }
}
