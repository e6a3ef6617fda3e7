import AuditLog
import Events
import Foundation

// Memory over many records.
extension LogFigures {
    /// Resident megabytes of a process that writes `EVENTS` records (1,000,000) in batches of 100 with rotation: at the start,
    /// and the least and the most from a tenth of them on, looked at ten times.
    func memory() throws -> Numbers {
        let count = ProcessInfo.processInfo.environment["EVENTS"].flatMap { Int($0) } ?? 1_000_000
        let writer = try open(segmentBytes: 8 << 20)
        let start = Self.residentMegabytes()
        var seen: [Double] = []
        for number in 1...max(count, 10) {
            let body = bodies[number % bodies.count]
            let ticket = writer.append(isUrgent: number % 100 == 0) { _, _ in body }
            if number % 100 == 0, let ticket { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
            if number % max(count / 10, 1) == 0 { seen.append(Self.residentMegabytes()) }
        }
        try writer.close()
        return [
            "memory_records": Double(count), "memory_start_mb": start, "memory_min_mb": seen.min() ?? .nan,
            "memory_max_mb": seen.max() ?? .nan, "memory_last_mb": seen.last ?? .nan,
        ]
    }

    private static func residentMegabytes() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Double($0.filter(\.isNumber)) }.map { $0 / 1024 } ?? .nan
    }
}
