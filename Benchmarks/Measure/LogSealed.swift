import AuditLog
import Events
import Foundation

/// What sealing makes of a log, and how fast a place in it is found again: by record, by time, by a writer that starts.
extension LogFigures {
    /// Bytes a record before and after sealing, and what it costs; milliseconds to the first line at a random place, and until
    /// a writer goes on.
    func sealed() throws -> Numbers {
        let writer = try open()
        for (number, body) in bodies.enumerated() {
            let isLast = number % 10 == 9
            let ticket = writer.append(isUrgent: isLast) { _, _ in body }
            if isLast, let ticket { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
        }
        try writer.close()
        let log = writer.log
        var found: Numbers = [:]
        found["live_bytes"] = try size(log)
        found.merge(try seeks(log, "live")) { $1 }
        (found["start_ms"], _) = try start(log)
        try removeIndexes(log)
        (found["start_without_index_ms"], _) = try start(log)
        let began = Self.processSeconds()
        let (_, again) = try start(log, seals: true)
        found["seal_cpu_us"] = (Self.processSeconds() - began) / Double(bodies.count) * 1e6
        guard again?.left.isEmpty ?? false else { throw Trouble.log("a segment was not sealed") }
        found["sealed_bytes"] = try size(log)
        found.merge(try seeks(log, "sealed")) { $1 }
        return found
    }

    private func size(_ log: LogDirectory) throws -> Double {
        let files = PosixFileSystem()
        let bytes = try log.segments(on: files).map { try files.open(log.segmentPath($0), .read).size() }.reduce(0, +)
        return Double(bytes) / Double(bodies.count)
    }

    private func removeIndexes(_ log: LogDirectory) throws {
        let files = PosixFileSystem()
        for first in try log.segments(on: files) { try files.remove(log.indexPath(first)) }
    }

    /// Milliseconds until a writer of a log that exists takes records.
    private func start(_ log: LogDirectory, seals: Bool = false) throws -> (Double, SealReport?) {
        var options = LogOptions()
        options.writesOwnRecords = false
        options.sealsByItself = false
        options.stateFolder = folder + "/state"
        let began = DispatchTime.now().uptimeNanoseconds
        let writer = try LogWriter.open(log, options: options)
        let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6
        defer { try? writer.close() }
        return (spent, seals ? try writer.seal() : nil)
    }

    /// Milliseconds from opening a reader to the line, at a thousand places.
    private func seeks(_ log: LogDirectory, _ state: String) throws -> Numbers {
        let reader = try LogReader(log)
        var times: [(seq: UInt64, time: Timestamp)] = []
        while let block = try reader.nextBlock() {
            try block.forEachLine { seq, line in times.append((seq, try Record(utf8: line).timestamp)) }
        }
        var found: Numbers = [:]
        var generator = SystemRandomNumberGenerator()
        let places = (0..<1000).map { _ in times[Int.random(in: 0..<times.count, using: &generator)] }
        found["seek_seq_\(state)_p99_ms"] = try p99(places) { try LogReader(log, from: $0.seq) }
        found["seek_time_\(state)_p99_ms"] = try p99(places) { try LogReader(log, fromTime: $0.time) }
        return found
    }

    private func p99<Place>(_ places: [Place], _ open: (Place) throws -> LogReader) throws -> Double {
        let spent = try places.map { place in
            let began = DispatchTime.now().uptimeNanoseconds
            guard try open(place).nextBlock() != nil else { throw Trouble.log("a place was not found") }
            return Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6
        }
        return spent.sorted()[places.count * 99 / 100]
    }
}
