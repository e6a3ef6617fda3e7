public import Events

/// Verifies a log while it is written, at the cost of what is new: each record is read once, each head compared, each
/// segment read once more when it is sealed.
///
/// It begins behind the newest sealed segment; what was there before is for ``LogVerifier``. That one is asked too where
/// something does not fit, and has the last word: once when it is seen, then once an hour until the log is whole again.
/// For one thread.
public final class LiveVerifier {
    /// After how long a log with a fault is checked whole again, in microseconds.
    public static let recheckMicroseconds: Int64 = 3_600_000_000
    /// How long after a check that found the log whole the next one may follow, in microseconds.
    public static let pauseMicroseconds: Int64 = 600_000_000

    /// The log.
    public let log: LogDirectory
    /// How often the whole log was checked.
    public private(set) var wholeChecks = 0
    private let files: any LogFileSystem
    private var heads: HeadTrail?
    private var seals: SealTrail?
    private var fault: LogVerification.Fault?
    /// The newest head that was right once: the log has to fit it for ever, also one that was put back to an earlier state.
    private var witness: (head: TreeHead, note: SignedNote)?
    /// Whether something did not fit and the whole log has not been checked since.
    private var isOdd: Bool
    private var checked: Timestamp?

    /// Begins to follow a log.
    ///
    /// - Parameter isSuspect: whether it had a fault when somebody looked last, so that all of it is checked first.
    public init(_ log: LogDirectory, isSuspect: Bool = false, files: any LogFileSystem = PosixFileSystem()) {
        self.log = log
        self.files = files
        isOdd = isSuspect
    }

    /// Looks at what is new; gives the fault that the log has, nil where it has none.
    ///
    /// - Parameters:
    ///   - now: the present moment.
    ///   - bytes: how many bytes of lines to read at the most, roughly; what is left is read the next time. A check of the
    ///     whole log has no bound.
    /// - Throws: `LogError` where the log cannot be read now; the next look tries again.
    public func look(now: Timestamp, bytes: Int = 64 << 20) throws(LogError) -> LogVerification.Fault? {
        if fault == nil, !isOdd {
            do throws(LogError) {
                isOdd = try advance(bytes) ?? false
            } catch {
                guard error.code == .corrupt else { throw error }
                isOdd = true
            }
        }
        guard fault != nil || isOdd, isDue(now) else { return fault }
        witness = heads?.newest ?? witness
        do throws(LogError) {
            fault = try checkWhole()
        } catch {
            // A check that cannot be made is not tried at every look, unless the log's writer is only just starting.
            if error.code != .locked { checked = now }
            throw error
        }
        checked = now
        wholeChecks += 1
        isOdd = false
        (heads, seals) = (nil, nil)
        return fault
    }

    private func checkWhole() throws(LogError) -> LogVerification.Fault? {
        let witnesses = witness.map { [(note: $0.note, head: $0.head, place: "the watch's memory")] } ?? []
        let found = try LogVerifier(log, witnesses: witnesses, files: files).verify().fault
        guard found?.kind == .incomparable else { return found }
        // Retention has been where the witness was: it says nothing any more.
        witness = nil
        return try LogVerifier(log, files: files).verify().fault
    }

    private func isDue(_ now: Timestamp) -> Bool {
        guard let checked else { return true }
        let passed = now.since(checked)
        return passed < 0 || passed >= (fault == nil ? Self.pauseMicroseconds : Self.recheckMicroseconds)
    }

    /// Whether something is odd; nil where there is nothing to look at yet.
    private func advance(_ bytes: Int) throws(LogError) -> Bool? {
        if seals == nil { seals = try SealTrail(log, on: files) }
        // What a check of the whole log has seen need not be read again.
        if heads == nil { heads = try HeadTrail(log, fromCheckpoint: checked != nil, on: files) }
        if let finding = try heads?.walk(bytes: bytes), finding != .fits { return finding != .more }
        guard let first = seals?.next else { return nil }
        let trail = heads
        let finding = try seals?.look(at: first) { trail?.tree(beforeSegment: $0) }
        heads?.forget(through: first)
        return finding != .fits
    }
}
