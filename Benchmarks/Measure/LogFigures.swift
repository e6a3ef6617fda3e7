import AuditLog
import Events
import Foundation
import Synchronization

/// The log's figures, on the lines of a file: `Measure log LINES`. `Benchmarks/log/run` puts them beside C's.
struct LogFigures {
    private let bodies: [Record.Body]
    private let folder: String

    /// - Parameter path: a file of records, one a line.
    init(lines path: String) throws {
        let text = try Data(contentsOf: URL(fileURLWithPath: path))
        bodies = try text.split(separator: 0x0A).map { line in
            try Array(line).withUnsafeBytes { try Record(utf8: $0) }.body
        }
        // Beside the lines: a file system whose syncs are real, where that one's are.
        folder = (path as NSString).deletingLastPathComponent + "/measured-\(getpid())"
    }

    /// Prints one JSON object.
    func run() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var found: [String: Double] = [:]
        (found["cpu_us"], found["bytes"], _) = try batches(hurries: false, signs: true)
        (found["cpu_us_unsigned"], _, _) = try batches(hurries: false, signs: false)
        (found["cpu_us_hurried"], found["bytes_hurried"], found["verify_per_cpu_second"]) = try batches(
            hurries: true, signs: true)
        found["producers_16_per_second"] = try producers(16)
        let waits = try pace(perSecond: 1000, seconds: 5)
        (found["ack_p50_ms"], found["ack_p99_ms"]) = (waits[waits.count / 2], waits[waits.count * 99 / 100])
        let data = try JSONSerialization.data(withJSONObject: found, options: [.sortedKeys])
        print(String(decoding: data, as: UTF8.self))
    }

    private func open(hurries: Bool = true, signs: Bool = true) throws -> LogWriter {
        try? FileManager.default.removeItem(atPath: folder)
        var options = LogOptions()
        options.writesOwnRecords = false
        if !hurries { options.purpose = .imported }
        if signs { options.stateFolder = folder + "/state" }
        return try LogWriter.open(LogDirectory(path: folder + "/log"), options: options)
    }

    /// CPU microseconds a record in batches of 100 that are waited for, bytes a record, and how many records a second of
    /// CPU verifies.
    private func batches(hurries: Bool, signs: Bool) throws -> (Double, Double, Double) {
        let writer = try open(hurries: hurries, signs: signs)
        let start = Self.processSeconds()
        for (number, body) in bodies.enumerated() {
            let ticket = writer.append(isUrgent: number % 100 == 99) { _, _ in body }
            if number % 100 == 99, let ticket { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
        }
        let spent = Self.processSeconds() - start
        try writer.close()
        let began = Self.processSeconds()
        let checked = try LogVerifier(writer.log).verify()
        let verified = Self.processSeconds() - began
        guard checked.fault == nil else { throw Trouble.log("\(checked)") }
        return (
            spent / Double(bodies.count) * 1e6, Double(checked.compressedBytes) / Double(bodies.count),
            Double(bodies.count) / verified
        )
    }

    /// Durable records a second, by so many threads of which each waits for each of its own.
    private func producers(_ count: Int) throws -> Double {
        let writer = try open()
        let next = Atomic(0)
        let total = min(bodies.count, 100_000)
        let began = Date()
        DispatchQueue.concurrentPerform(iterations: count) { _ in
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < total else { return }
                guard let ticket = writer.append({ _, _ in bodies[number] }) else { continue }
                _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
            }
        }
        let seconds = Date().timeIntervalSince(began)
        try writer.close()
        return Double(total) / seconds
    }

    /// Milliseconds from append to durable, ascending, at a steady pace.
    private func pace(perSecond rate: Int, seconds: Int) throws -> [Double] {
        let writer = try open()
        var waits: [Double] = []
        let began = DispatchTime.now().uptimeNanoseconds
        for number in 0..<rate * seconds {
            let due = began + UInt64(number) * 1_000_000_000 / UInt64(rate)
            let now = DispatchTime.now().uptimeNanoseconds
            if due > now { usleep(UInt32((due - now) / 1000)) }
            let start = DispatchTime.now().uptimeNanoseconds
            guard let ticket = writer.append({ _, _ in bodies[number % bodies.count] }) else { continue }
            _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
            waits.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6)
        }
        try writer.close()
        return waits.sorted()
    }

    private static func processSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private enum Trouble: Error {
        case log(String)
    }
}
