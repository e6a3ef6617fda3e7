import AuditLog
import Events
import Foundation
import StrictJSON
import Synchronization

/// Verifications that pages asked for: one at a time, on a thread of its own, since a large log takes minutes.
final class LogChecks: Sendable {
    /// How a log's verification stands.
    enum State: Sendable {
        /// Under way, so many records in.
        case running(Int)
        /// All is as it was written.
        case whole(String, Timestamp)
        /// Something is not.
        case broken(String, Timestamp)

        /// The state for programs.
        var json: String {
            switch self {
            case .running(let records): "{\"state\":\"running\",\"records\":\(records)}"
            case .whole(let words, let at): Self.object("whole", words, at)
            case .broken(let words, let at): Self.object("broken", words, at)
            }
        }

        private static func object(_ state: String, _ words: String, _ at: Timestamp) -> String {
            "{\"state\":\"\(state)\",\"what\":\(JSONString.of(words)),\"at\":\(JSONString.of(at.description))}"
        }
    }

    private let states = Mutex<[LogDirectory: State]>([:])
    private let turn = NSLock()

    func state(of log: LogDirectory) -> State? {
        states.withLock { $0[log] }
    }

    /// Begins unless it is under way.
    func begin(_ log: LogDirectory, now: @escaping @Sendable () -> Timestamp) {
        let isNew = states.withLock { states in
            if case .running? = states[log] { return false }
            states[log] = .running(0)
            return true
        }
        guard isNew else { return }
        let thread = Thread { self.run(log, now) }
        thread.name = "verify"
        thread.start()
    }

    private func run(_ log: LogDirectory, _ now: () -> Timestamp) {
        turn.lock()
        defer { turn.unlock() }
        let state: State
        do {
            let result = try LogVerifier(log) { progress in
                self.states.withLock { $0[log] = .running(progress.records) }
            }.verify()
            if let fault = result.fault {
                state = .broken(
                    "Not whole from seq \(fault.seq) on: \(fault.what) (segment \(fault.segment), offset \(fault.offset)).",
                    now())
            } else {
                let signed = result.signedSize > 0 ? "signed to seq \(result.signedSize - 1)" : "no head is signed"
                state = .whole(
                    "\(result.records) records are as they were written, \(result.gapRecords) gaps; \(signed).", now())
            }
        } catch {
            state = .broken("It cannot be verified: \(error).", now())
        }
        states.withLock { $0[log] = state }
    }
}
