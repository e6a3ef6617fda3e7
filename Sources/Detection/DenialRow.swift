import Events

/// A pair's denials in a row, nothing let through between: how many different things it was refused one after another, and
/// which of them are a client's retries.
struct DenialRow: BitwiseCopyable {
    /// A pause longer than this ends a row, in microseconds.
    static let pause: Int64 = 600_000_000
    /// Calls closer than this were made before the answer to the one before could be heeded, in microseconds.
    static let together: Int64 = 1_000_000

    /// Denials whose arguments were not those of the try before, and that came a second and more after it.
    private(set) var tries: UInt16 = 0
    /// The last denial was a retry with back-off: the same arguments again, after one and a half times the gap before or more.
    private(set) var isBackingOff = false
    /// The arguments of the last try, and of the last denial.
    private var tried: UInt64 = 0
    private var denied: UInt64 = 0
    private var lastTry: Int64 = 0
    private var last: Int64 = 0
    /// The time between the last two denials, where their arguments were the same.
    private var gap: Int64 = 0
    private(set) var origin = EpisodeOrigin()

    /// Takes a call that was decided, denied or not; returns the tries of a row that ended with it.
    mutating func note(_ call: CallEvent, isDenied: Bool, at time: Int64, pair: PairState) -> Int? {
        var ended: Int?
        if tries > 0, !isDenied || time - last > Self.pause {
            ended = Int(tries)
            self = DenialRow()
        }
        guard isDenied else { return ended }
        let arguments = call.arguments?.value ?? 0
        if tries == 0 { origin = pair.origin(of: call, at: time) }
        noteGap(time - last, isSame: tries > 0 && arguments == denied, attempts: call.attempts)
        denied = arguments
        last = time
        guard tries == 0 || (arguments != tried && time - lastTry >= Self.together) else { return ended }
        tries = tries < .max ? tries + 1 : tries
        tried = arguments
        lastTry = time
        return ended
    }

    private mutating func noteGap(_ length: Int64, isSame: Bool, attempts: Int) {
        isBackingOff = isSame && attempts == 1 && gap > 0 && length * 2 >= gap * 3
        gap = isSame ? length : 0
    }
}
