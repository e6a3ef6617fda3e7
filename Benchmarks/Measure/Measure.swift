import AuditLog
import Detection
import Events
import Foundation
import MCP
import Policy
import StrictJSON

/// The figures that need no other process: CPU time of one thread, or of the process, over many repetitions.
///
/// Prints one line per figure: name, value, unit. `Benchmarks/run` makes the table of them.
@main
struct Measure {
    static func main() throws {
        if CommandLine.arguments.count >= 3, CommandLine.arguments[1] == "log" {
            return try LogFigures.print(lines: CommandLine.arguments[2], only: CommandLine.arguments.dropFirst(3))
        }
        if CommandLine.arguments.dropFirst() == ["decisions"] { return try DecisionFigures.print(report) }
        if CommandLine.arguments.dropFirst() == ["detection"] { return DetectionFigures.print(report) }
        if CommandLine.arguments.dropFirst() == ["rules"] { return Swift.print(RuleCatalog.markdown, terminator: "") }
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "redecide" {
            return try RedecideFigures.print(log: CommandLine.arguments[2])
        }
        try encode()
        try decode()
        leaves()
        try scan()
        try DecisionFigures.print(report)
        try log()
    }

    private static func report(_ name: String, _ value: Double, _ unit: String) {
        print("\(name)\t\(String(format: value < 10 ? "%.2f" : "%.0f", value))\t\(unit)")
    }

    /// CPU nanoseconds of this process spent in `body`, the least of five runs, divided by `count`.
    private static func nanoseconds(per count: Int, _ body: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
            let start = processNanoseconds()
            try body()
            best = min(best, Double(processNanoseconds() - start) / Double(count))
        }
        return best
    }

    private static func processNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func encode() throws {
        var buffer = LineBuffer(capacity: 1 << 20)
        let record = Record(
            seq: 123_456, timestamp: Timestamp(microseconds: 1_795_368_960_123_456), body: .decision(sample))
        report(
            "encode a decision of \(sampleFields) fields",
            nanoseconds(per: 100_000) {
                for _ in 0..<100_000 {
                    buffer.truncate(to: 0)
                    buffer.append(record)
                }
            }, "ns")
        report("  its length", Double(buffer.count), "B")
    }

    /// A decision's line and an outcome's, as long as the simulated fleet's.
    private static func leaves() {
        let bytes = [UInt8](repeating: 0x61, count: 560)
        bytes.withUnsafeBytes { decision in
            let outcome = UnsafeRawBufferPointer(rebasing: decision[..<300])
            let alone = nanoseconds(per: 200_000) {
                for _ in 0..<100_000 { blackHole((TreeHash.leaf(decision), TreeHash.leaf(outcome))) }
            }
            let both = nanoseconds(per: 200_000) {
                for _ in 0..<100_000 { blackHole(TreeHash.leaves(decision, outcome)) }
            }
            report("a leaf of the tree, one after the other", alone, "ns")
            report("  two leaves at a time, each", both, "ns")
        }
    }

    @inline(never)
    private static func blackHole(_ value: (TreeHash, TreeHash)) {}

    private static func decode() throws {
        var buffer = LineBuffer()
        buffer.append(
            Record(seq: 123_456, timestamp: Timestamp(microseconds: 1_795_368_960_123_456), body: .decision(sample)))
        let line = Array(buffer.bytes)
        let cost = try nanoseconds(per: 100_000) {
            for _ in 0..<100_000 { _ = try line.withUnsafeBytes { try Record(utf8: $0) } }
        }
        report("decode it again", cost, "ns")
    }

    private static func scan() throws {
        var scanner = EnvelopeScanner()
        let call = Array(callText.utf8)
        let cost = try nanoseconds(per: 100_000) {
            for _ in 0..<100_000 { _ = try scanner.scan(call, framing: .line) }
        }
        report("scan a tools/call of \(call.count) B", cost, "ns")
    }

    /// The whole writer: append, deflate at level 6, write, fdatasync, in batches of 100 as group commit makes them.
    private static func log() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-bench-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = LogOptions()
        options.writesOwnRecords = false
        let writer = try LogWriter.open(LogDirectory(path: folder.path + "/log"), options: options)
        let count = 100_000
        var decision = sample
        let start = processNanoseconds()
        for number in 0..<count {
            decision.rpcID = String(number)
            decision.argumentDigest = Digest64(UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
            let ticket = writer.append { _, _ in .decision(decision) }
            if number % 100 == 99, let ticket { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
        }
        let spent = Double(processNanoseconds() - start) / Double(count) / 1000
        try writer.close()
        let size = try LogVerifier(LogDirectory(path: folder.path + "/log")).verify()
        report("log: append to durable, batches of 100, CPU", spent, "µs")
        report("  compressed, per decision", Double(size.compressedBytes) / Double(count), "B")
        let verify = try nanoseconds(per: count) {
            _ = try LogVerifier(LogDirectory(path: folder.path + "/log")).verify()
        }
        report("log verify", 1e9 / verify, "records/s")
    }
}
