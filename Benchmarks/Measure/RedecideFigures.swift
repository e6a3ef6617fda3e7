import AuditLog
import Events
import Foundation
import Policy
import Replay

/// How fast a log's verdicts recompute: from the log, and by the engine alone.
///
/// `Measure redecide LOG` prints a line for each figure; CPU time of this process, which has one thread at work.
enum RedecideFigures {
    enum Trouble: Error { case different(Int), noCalls }

    static func print(log path: String) throws {
        let log = LogDirectory(path: path)
        let calls = try decided(log)
        guard !calls.isEmpty else { throw Trouble.noCalls }
        let whole = try best {
            let found = try LogRedecider(log).run()
            guard found.isWhole, found.judged == calls.count else { throw Trouble.different(found.different) }
        }
        line("redecide a log of \(calls.count) calls", Double(calls.count) / whole, "calls/s")
        let engine = best {
            var counters = LimitCounters()
            for (policy, call) in calls { blackHole(policy.redecide(call, counters: &counters)) }
        }
        line("  the engine alone", Double(calls.count) / engine, "decisions/s")
    }

    /// The log's calls and the policies that decided them, ready to be decided again.
    private static func decided(_ log: LogDirectory) throws -> [(CompiledPolicy, RecordedCall)] {
        let kept = KeptPolicies(log)
        let reader = try LogReader(log)
        var calls: [(CompiledPolicy, RecordedCall)] = []
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                guard let record = try? Record(utf8: line), case .decision(let decision) = record.body,
                    let policy = kept.policy(of: decision), let call = RecordedCall(decision, at: record.timestamp)
                else { return }
                calls.append((policy, call))
            }
        }
        return calls
    }

    /// The least seconds of five runs.
    private static func best(_ body: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
            let start = seconds()
            try body()
            best = min(best, seconds() - start)
        }
        return best
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    @inline(never)
    private static func blackHole(_ value: PolicyVerdict?) {}

    private static func line(_ name: String, _ value: Double, _ unit: String) {
        Swift.print("\(name)\t\(String(format: "%.0f", value))\t\(unit)")
    }
}
