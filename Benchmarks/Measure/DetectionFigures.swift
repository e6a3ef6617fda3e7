import Detection
import Events
import Foundation
import Simulation

/// What the detectors cost: CPU for an event through all rules, and memory for a pair.
///
/// `Measure detection` prints a line for each figure; CPU time of this process, which has one thread.
enum DetectionFigures {
    private static let pairs = 100_000

    static func print(_ report: (String, Double, String) -> Void) {
        var options = FleetOptions(seed: 1)
        options.scenario = .fleet
        options.calls = 100_000
        var fleet = SimulatedFleet(options)
        var records: [Record] = []
        while let (time, body) = fleet.next() {
            records.append(Record(seq: UInt64(records.count), timestamp: time, body: body))
        }
        var best = Double.infinity
        for _ in 0..<5 {
            var detectors = DetectorSet()
            let start = cpuNanoseconds()
            for record in records { _ = detectors.observe(record, log: "bench") }
            best = min(best, Double(cpuNanoseconds() - start) / Double(records.count))
        }
        report("detection: an event through all rules", best, "ns")
        report("  events on one core", 1e9 / best, "events/s")
        report("  state of a pair, in bytes", Double(DetectorSet.bytesPerPair), "B")
        let before = residentBytes()
        let detectors = manyPairs()
        report(
            "  memory of a pair with names and look-up, of \(pairs)", (residentBytes() - before) / Double(pairs), "B")
        withExtendedLifetime(detectors) {}
    }

    private static func manyPairs() -> DetectorSet {
        var detectors = DetectorSet()
        var time = Timestamp(microseconds: 1_793_610_000_000_000)
        for number in 0..<pairs {
            let record = RecordReference(log: "bench", seq: UInt64(number))
            var call = CallEvent(
                record: record, timestamp: time, agent: "agent-\(number / 50)", server: "s", tool: "tool-\(number % 50)"
            )
            call.arguments = Digest64(UInt64(number))
            _ = detectors.observe(call)
            time = time.advanced(by: 1000)
        }
        return detectors
    }

    private static func cpuNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func residentBytes() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return 0 }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}
