import Events
import Foundation
import Synchronization

@testable import AuditLog

/// A log in a folder of its own that goes away with this value.
final class TemporaryLog: Sendable {
    let log: LogDirectory
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "tollgate-log-" + UUID().uuidString
        log = LogDirectory(path: folder + "/log")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func copy() throws -> TemporaryLog {
        let other = try TemporaryLog()
        try FileManager.default.copyItem(atPath: log.path, toPath: other.log.path)
        return other
    }

    var segmentFiles: [String] {
        ((try? log.segments(on: PosixFileSystem())) ?? []).map { log.segmentPath($0) }
    }

    func bytes(_ path: String) -> [UInt8] {
        (try? PosixFileSystem().contents(of: path)) ?? []
    }

    func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// All durable lines, by a fresh reader.
    func lines(from seq: UInt64 = 0) throws -> [(seq: UInt64, line: String)] {
        let reader = try LogReader(log, from: seq)
        var lines: [(seq: UInt64, line: String)] = []
        while let block = try reader.nextBlock() {
            block.forEachLine { seq, line in lines.append((seq, String(decoding: line, as: UTF8.self))) }
        }
        return lines
    }
}

/// A clock that stands still until it is moved.
final class ManualClock: LogClock {
    private let microseconds: Atomic<Int64>

    init(_ text: String = "2026-11-22T12:00:00Z") {
        microseconds = Atomic(Timestamp(text: text)?.microseconds ?? 0)
    }

    func now() -> Timestamp {
        Timestamp(microseconds: microseconds.load(ordering: .relaxed))
    }

    func advance(seconds: Double) {
        microseconds.wrappingAdd(Int64(seconds * 1_000_000), ordering: .relaxed)
    }
}

extension LogOptions {
    /// Without records of the log's own and without sealing beside, so that tests can count records and members.
    static var plain: LogOptions {
        var options = LogOptions()
        options.writesOwnRecords = false
        options.heartbeatSeconds = 0
        options.sealsByItself = false
        return options
    }
}

extension LogWriter {
    /// Appends a numbered control record.
    @discardableResult
    func append(number: Int, padding: Int = 0) -> LogTicket? {
        append(
            Control(.heartbeat).with(.n, number)
                .with(.summary, padding > 0 ? String(repeating: "x", count: padding) : nil))
    }
}
