import Glibc
import Ingest

/// Set by the handler, which may do nothing else.
private let requested = StopFlag()

/// Whether the process was asked to end: loops look at it and finish what they are doing.
struct StopSignal: Sendable {
    /// The flag that the signal sets.
    let flag: StopFlag

    /// Takes over SIGINT and SIGTERM; the second one ends the process at once.
    init() {
        // Made before the handler can run: making it inside would not be safe there.
        flag = requested
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if requested.isSet { _exit(130) }
                requested.set()
            }
        }
    }

    /// Whether a signal has come.
    var isSet: Bool { flag.isSet }
}
