import Foundation
import Testing

@testable import AuditLog

/// The seeded simulation of scheduler, clock and disk: one seed is one log's life, and a life that fails says its seed.
///
/// `make simulate-log COMMITS=… SEED=…` runs the long form. `TOLLGATE_SIM_SEED=… TOLLGATE_SIM_COMMITS=1` runs one life again,
/// and `TOLLGATE_SIM_TRACE=1` tells each of its calls.
@Suite("Log simulation") struct LogSimulationTests {
    /// Batches of records in one log's life.
    private static let commitsPerLog = 300
    /// Commits between two lines that tell how far a long run is.
    private static let stride = 50_000

    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment["TOLLGATE_SIM_" + name].flatMap { UInt64($0) }
    }

    @Test func whatWasAcknowledgedSurvivesEverything() throws {
        let first = LogSimulationTests.setting("SEED") ?? 1
        let goal = Int(LogSimulationTests.setting("COMMITS") ?? 1500)
        let traces = LogSimulationTests.setting("TRACE") != nil
        var total = SimulatedLog.Tally()
        var seed = first
        let start = ContinuousClock.now
        while total.commits < goal {
            do {
                let history = try SimulatedLog(seed: seed, traces: traces)
                try history.live(commits: LogSimulationTests.commitsPerLog)
                let before = total.commits
                total.add(history.tally)
                if total.commits / LogSimulationTests.stride > before / LogSimulationTests.stride {
                    let progress = "simulation from seed \(first): \(total.commits) of \(goal) commits\n"
                    FileHandle.standardError.write(Data(progress.utf8))
                }
            } catch {
                Issue.record("TOLLGATE_SIM_SEED=\(seed) TOLLGATE_SIM_COMMITS=1: \(error)")
                break
            }
            seed &+= 1
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        print("simulated \(total); seeds \(first)..<\(seed), \(Int(Double(total.commits) / elapsed)) commits/s")
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
