import AuditLog
import Events
import Foundation
import Synchronization

/// The log's figures, on the lines of a file: `Measure log LINES [FIGURE…]`, all but the slow ones where none is named.
///
/// `Benchmarks/log/run` puts them beside C's. One figure is one function, and gives one or more named numbers.
struct LogFigures: Sendable {
    typealias Numbers = [String: Double]

    private struct Figure: Sendable {
        let name: String
        /// Whether it is measured only when it is named.
        var isSlow = false
        let measure: @Sendable (LogFigures) throws -> Numbers
    }

    private static let figures = [
        Figure(name: "batches") { try $0.batches() },
        Figure(name: "unsigned") { try $0.unsigned() },
        Figure(name: "hurried") { try $0.hurried() },
        Figure(name: "producers") { try $0.producers(16) },
        Figure(name: "sustained") { try $0.sustained() },
        Figure(name: "waits") { figures in
            try [1, 100, 1000, 10_000].reduce(into: [:]) { numbers, rate in
                numbers.merge(try figures.waits(perSecond: rate)) { $1 }
            }
        },
        Figure(name: "tail") { try $0.tail() },
        Figure(name: "sealed") { try $0.sealed() },
        Figure(name: "memory", isSlow: true) { try $0.memory() },
    ]

    let bodies: [Record.Body]
    let folder: String

    /// Measures, and prints one JSON object.
    ///
    /// - Parameters:
    ///   - path: a file of records, one a line.
    ///   - names: the figures to measure; none stands for all that are not slow.
    static func print(lines path: String, only names: some Collection<String>) throws {
        let chosen = figures.filter { names.isEmpty ? !$0.isSlow : names.contains($0.name) }
        // The memory of many lines would hide the log's own.
        let measured = try LogFigures(lines: path, limit: chosen.allSatisfy(\.isSlow) ? 2000 : .max)
        defer { try? FileManager.default.removeItem(atPath: measured.folder) }
        let numbers = try chosen.reduce(into: Numbers()) { $0.merge(try $1.measure(measured)) { $1 } }
        let data = try JSONSerialization.data(withJSONObject: numbers, options: [.sortedKeys])
        Swift.print(String(decoding: data, as: UTF8.self))
    }

    private init(lines path: String, limit: Int) throws {
        let text = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        bodies = try text.split(separator: 0x0A, maxSplits: limit == .max ? limit : limit + 1).prefix(limit).map {
            line in
            try Array(line).withUnsafeBytes { try Record(utf8: $0) }.body
        }
        // Beside the lines: a file system whose syncs are real, where that one's are.
        folder = (path as NSString).deletingLastPathComponent + "/measured-\(getpid())"
    }

    /// A writer of a new log.
    ///
    /// - Parameter hurries: whether large batches are compressed at level 1, as a gateway's are.
    func open(hurries: Bool = true, signs: Bool = true, segmentBytes: Int? = nil) throws -> LogWriter {
        try? FileManager.default.removeItem(atPath: folder)
        var options = LogOptions()
        options.writesOwnRecords = false
        if !hurries { options.purpose = .imported }
        if signs { options.stateFolder = folder + "/state" }
        if let segmentBytes { options.segmentBytes = segmentBytes }
        return try LogWriter.open(LogDirectory(path: folder + "/log"), options: options)
    }

    /// CPU seconds of this process so far.
    static func processSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    enum Trouble: Error {
        case log(String)
    }

    /// 0, 1, 2 … for several threads.
    final class Counter: Sendable {
        private let next = Atomic(0)

        func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
    }
}

// Writing and verifying.
extension LogFigures {
    /// Like C: level 6, tree and heads.
    private func batches() throws -> Numbers {
        let writer = try open(hurries: false)
        let spent = try write(in: writer)
        let checked = try verified(writer.log)
        return ["cpu_us": spent, "bytes": Double(checked.compressedBytes) / Double(bodies.count)]
    }

    private func unsigned() throws -> Numbers {
        ["cpu_us_unsigned": try write(in: open(hurries: false, signs: false))]
    }

    /// As a gateway writes it, and how many of its records a second of CPU verifies.
    private func hurried() throws -> Numbers {
        let writer = try open()
        let spent = try write(in: writer)
        let began = Self.processSeconds()
        let checked = try verified(writer.log)
        let seconds = Self.processSeconds() - began
        return [
            "cpu_us_hurried": spent, "bytes_hurried": Double(checked.compressedBytes) / Double(bodies.count),
            "verify_per_cpu_second": Double(bodies.count) / seconds,
        ]
    }

    /// CPU microseconds a record in batches of 100 that are waited for; closes the writer.
    ///
    /// Decisions are appended from where they are, as the gateway appends them.
    private func write(in writer: LogWriter) throws -> Double {
        var decisions: [Decision] = []
        let places = bodies.map { body -> Int? in
            guard case .decision(let decision) = body else { return nil }
            decisions.append(decision)
            return decisions.count - 1
        }
        let start = Self.processSeconds()
        for number in bodies.indices {
            let isUrgent = number % 100 == 99
            let ticket =
                if let place = places[number] {
                    writer.append(&decisions[place]) { _, _ in isUrgent }
                } else {
                    writer.append(isUrgent: isUrgent) { _, _ in bodies[number] }
                }
            if isUrgent, let ticket { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
        }
        let spent = Self.processSeconds() - start
        try writer.close()
        return spent / Double(bodies.count) * 1e6
    }

    private func verified(_ log: LogDirectory) throws -> LogVerification {
        let checked = try LogVerifier(log).verify()
        guard checked.fault == nil, checked.records == bodies.count else { throw Trouble.log("\(checked)") }
        return checked
    }

    /// Durable records a second, by so many threads of which each waits for each of its own.
    private func producers(_ count: Int) throws -> Numbers {
        let writer = try open()
        let next = Counter()
        let bodies = bodies
        let total = min(bodies.count, 100_000)
        let began = Date()
        // Threads of their own: `concurrentPerform` runs no more at once than there are cores.
        let ended = DispatchGroup()
        for _ in 0..<count {
            ended.enter()
            Thread.detachNewThread {
                defer { ended.leave() }
                while true {
                    let number = next.take()
                    guard number < total else { return }
                    guard let ticket = writer.append({ _, _ in bodies[number] }) else { continue }
                    _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
                }
            }
        }
        ended.wait()
        let seconds = Date().timeIntervalSince(began)
        try writer.close()
        return ["producers_\(count)_per_second": Double(total) / seconds]
    }
}
