import Glibc
import Synchronization

/// Set by the handler, which may do nothing else.
private let isStopRequested = Atomic(false)

/// Whether the process was asked to end: loops look at it and finish what they are doing.
struct StopSignal: Sendable {
    /// Takes over SIGINT and SIGTERM; the second one ends the process at once.
    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if isStopRequested.exchange(true, ordering: .relaxed) { _exit(130) }
            }
        }
    }

    /// Whether a signal has come.
    var isSet: Bool { isStopRequested.load(ordering: .relaxed) }
}
