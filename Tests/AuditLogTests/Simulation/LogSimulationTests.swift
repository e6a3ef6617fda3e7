import Foundation
import Testing

@testable import AuditLog

/// The seeded simulation of scheduler, clock and disk: one seed is one log's life, and a life that fails says its seed.
///
/// `make simulate-log COMMITS=… SEED=…` runs the long form. `TOLLGATE_SIM_SEED=… TOLLGATE_SIM_COMMITS=1` runs one life again,
/// and `TOLLGATE_SIM_TRACE=1` tells each of its calls.
@Suite("Log simulation") struct LogSimulationTests {
    private struct State {
        var total = SimulatedLog.Tally()
        var nextSeed: UInt64
        var failures: [String] = []
    }

    /// Batches of records in one log's life.
    private static let commitsPerLog = 300

    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment["TOLLGATE_SIM_" + name].flatMap { UInt64($0) }
    }

    @Test func whatWasAcknowledgedSurvivesEverything() throws {
        let seed = LogSimulationTests.setting("SEED") ?? 1
        let goal = Int(LogSimulationTests.setting("COMMITS") ?? 1500)
        let jobs = max(1, Int(LogSimulationTests.setting("JOBS") ?? 1))
        let traces = LogSimulationTests.setting("TRACE") != nil
        let state = Monitor(State(nextSeed: seed))
        let start = ContinuousClock.now
        let threads = try (0..<jobs).map { _ in
            try WorkerThread(named: "simulation") {
                while let seed = LogSimulationTests.take(state, goal) { LogSimulationTests.live(seed, traces, state) }
            }
        }
        for thread in threads { thread.join() }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let (total, failures, end) = state.withLock { ($0.total, $0.failures, $0.nextSeed) }
        for failure in failures { Issue.record(Comment(rawValue: failure)) }
        print("simulated \(total); seeds \(seed)..<\(end), \(Int(Double(total.commits) / elapsed)) commits/s")
    }

    /// The seed of the next life; nil when it is enough, or one has failed.
    private static func take(_ state: Monitor<State>, _ goal: Int) -> UInt64? {
        state.withLock { state in
            guard state.total.commits < goal, state.failures.isEmpty else { return nil }
            defer { state.nextSeed &+= 1 }
            return state.nextSeed
        }
    }

    private static func live(_ seed: UInt64, _ traces: Bool, _ state: Monitor<State>) {
        do {
            let history = try SimulatedLog(seed: seed, traces: traces)
            try history.live(commits: commitsPerLog)
            state.withLock { $0.total.add(history.tally) }
        } catch {
            state.withLock { $0.failures.append("TOLLGATE_SIM_SEED=\(seed) TOLLGATE_SIM_COMMITS=1: \(error)") }
        }
    }
}

extension SimulatedLog.Tally: CustomStringConvertible {
    mutating func add(_ other: SimulatedLog.Tally) {
        logs += 1
        commits += other.commits
        records += other.records
        kept += other.kept
        withdrawn += other.withdrawn
        crashes += other.crashes
        powerLosses += other.powerLosses
        restarts += other.restarts
        failures += other.failures
        verifications += other.verifications
        sealed += other.sealed
        damaged += other.damaged
    }

    var description: String {
        "\(commits) commits of \(records) records in \(logs) logs (\(kept) kept for ever, \(withdrawn) withdrawn), "
            + "\(crashes) crashes, \(powerLosses) power losses, \(restarts) starts, \(failures) lives with disk trouble, "
            + "\(verifications) verifications, \(sealed) sealed segments, \(damaged) starts behind damage"
    }
}
