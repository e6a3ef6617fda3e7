import AuditLog
import Events
import Foundation
import Synchronization

/// Verifies what is added to the logs that a watch follows, on a thread of its own, so that neither alerts nor calls wait
/// for it.
final class LogVigil: Sendable {
    private struct State {
        var logs: [LogDirectory] = []
        /// Logs that had a fault when the last watch ended.
        var suspects: Set<String> = []
        /// What was found of each log that was looked at: a fault in words, or nil.
        var found: [String: String?] = [:]
        var isClosed = false
    }

    /// Seconds between two looks at all logs.
    private static let pause = 5.0
    private let state = Mutex(State())

    /// Starts the thread.
    ///
    /// - Parameter suspects: names of logs to check whole before anything is said about them.
    init(suspects: Set<String>) {
        state.withLock { $0.suspects = suspects }
        let thread = Thread { self.run() }
        thread.name = "verify"
        thread.start()
    }

    /// Follows one more log.
    func follow(_ log: LogDirectory) {
        state.withLock { $0.logs.append(log) }
    }

    /// What was found by now: for each log that was looked at a fault in a sentence, or nil where there is none.
    var findings: [String: String?] { state.withLock(\.found) }

    /// Ends the thread after the log that it is at.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// After how many seconds a log that had a fault and is not there is nothing to wait for.
    private static let patience = 60.0

    private func run() {
        let start = Date()
        // This thread alone: calls and alerts go first.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        var verifiers: [LiveVerifier] = []
        while true {
            let (logs, suspects) = state.withLock { ($0.logs, $0.suspects) }
            for log in logs.dropFirst(verifiers.count) {
                verifiers.append(LiveVerifier(log, isSuspect: suspects.contains(log.name)))
            }
            for verifier in verifiers {
                if state.withLock(\.isClosed) { return }
                look(verifier)
            }
            if Date() > start + Self.patience {
                for name in suspects.subtracting(logs.map(\.name)) { state.withLock { $0.found[name] = .some(nil) } }
            }
            let end = Date() + Self.pause
            while Date() < end {
                if state.withLock(\.isClosed) { return }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    private func look(_ verifier: LiveVerifier) {
        let name = verifier.log.name
        do throws(LogError) {
            let fault = try verifier.look(now: Console.now)
            state.withLock { $0.found[name] = .some(fault.map { Self.words($0, verifier.log) }) }
        } catch {
            // A log that is gone is nothing to follow; one that is being opened is looked at the next time.
            guard error.code != .notFound, error.code != .locked else { return }
            state.withLock { $0.found[name] = "log \(name) cannot be verified: \(error)" }
        }
    }

    private static func words(_ fault: LogVerification.Fault, _ log: LogDirectory) -> String {
        "log \(log.name) is not what was written or signed, from seq \(fault.seq) on: \(fault.what) "
            + "(tollgate log verify --log \(log.path))"
    }
}
