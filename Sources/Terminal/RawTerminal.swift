import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// What the signal handlers leave for the loop, and what they need to put the terminal back where the loop does not hear them.
private let ending = Atomic<Int32>(0)
private let isResized = Atomic(false)
private let isContinued = Atomic(false)
private let isStopping = Atomic(false)
private let isRaw = Atomic(false)
/// Written once, before any handler can run.
nonisolated(unsafe) private var original = termios()

/// The whole terminal for one program: a screen of its own, keys as they are pressed, and everything as it was afterwards.
///
/// Only one at a time. `leave()` puts the terminal back. Where the loop does not hear a signal that asks to end, because the
/// terminal takes nothing or a disk hangs, a second one or three seconds do the same and end the process.
public struct RawTerminal: ~Copyable {
    /// Why there is none.
    public struct Missing: Error {
        /// The stream that is no terminal: `standard output`.
        public let stream: String
    }

    /// Another screen, no cursor, no lines that wrap.
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let leave: StaticString = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    private let output: Output

    /// Takes standard input and output over and listens to signals.
    ///
    /// - Throws: `Missing` where one of them is no terminal.
    public init() throws(Missing) {
        guard isatty(STDOUT_FILENO) == 1 else { throw Missing(stream: "standard output") }
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &original) == 0 else {
            throw Missing(stream: "standard input")
        }
        output = Output.standardOutput()
        RawTerminal.listen()
        takeOver()
    }

    private static func listen() {
        // Made before a handler can run: making them inside one would not be safe.
        ending.store(0, ordering: .releasing)
        isResized.store(false, ordering: .releasing)
        isContinued.store(false, ordering: .releasing)
        isStopping.store(false, ordering: .releasing)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            signal(number) { number in
                if ending.exchange(number, ordering: .acquiringAndReleasing) != 0 { RawTerminal.giveUp() }
                alarm(3)
            }
        }
        signal(SIGALRM) { _ in RawTerminal.giveUp() }
        signal(SIGWINCH) { _ in isResized.store(true, ordering: .releasing) }
        signal(SIGCONT) { _ in isContinued.store(true, ordering: .releasing) }
        signal(SIGTSTP) { _ in isStopping.store(true, ordering: .releasing) }
    }

    /// The loop hangs: nothing else will put the terminal back.
    private static func giveUp() {
        restore()
        _exit(128 + ending.load(ordering: .acquiring))
    }

    /// The signal that asks to end; nil while none does.
    public var endingSignal: Int32? {
        let number = ending.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    /// Whether the terminal has another size, or has been somebody else's, since this was asked last: all is to be drawn anew.
    ///
    /// Where Ctrl-Z was pressed, the process stops in here, its terminal put back, and goes on in here.
    public func hasChanged() -> Bool {
        if isStopping.exchange(false, ordering: .acquiringAndReleasing) {
            leave()
            raise(SIGSTOP)
        }
        let isBack = isContinued.exchange(false, ordering: .acquiringAndReleasing)
        if isBack { takeOver() }
        return isResized.exchange(false, ordering: .acquiringAndReleasing) || isBack
    }

    /// Cells in a line, and lines.
    public var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// What was typed within some milliseconds; nil once the terminal is gone.
    public func read(milliseconds: Int) -> [UInt8]? {
        var wanted = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, Int32(milliseconds)) > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 256)
        #if canImport(Glibc)
            let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        #elseif canImport(Musl)
            let count = Musl.read(STDIN_FILENO, &bytes, bytes.count)
        #else
            let count = Darwin.read(STDIN_FILENO, &bytes, bytes.count)
        #endif
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Shows what a painter gives.
    ///
    /// - Returns: false once the terminal takes nothing any more.
    public func show(_ text: String) -> Bool {
        if !text.isEmpty { output.write(text) }
        return output.flush()
    }

    /// Puts everything back; again, where it was already, does nothing.
    public func leave() {
        RawTerminal.restore()
    }

    /// Ends the process by the signal that asked for it, as if nobody had listened.
    public static func end(by number: Int32) {
        signal(number, SIG_DFL)
        raise(number)
    }

    private func takeOver() {
        var raw = original
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN)
        // Ctrl-S would stop the screen, and pressing it again not go on.
        raw.c_iflag &= ~tcflag_t(IXON)
        withUnsafeMutableBytes(of: &raw.c_cc) { bytes in
            bytes[Int(VMIN)] = 1
            bytes[Int(VTIME)] = 0
        }
        let wasRaw = isRaw.exchange(true, ordering: .acquiringAndReleasing)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        if !wasRaw { _ = show(RawTerminal.enter) }
    }

    /// Calls nothing but what a signal handler may call.
    private static func restore() {
        guard isRaw.exchange(false, ordering: .acquiringAndReleasing) else { return }
        // A terminal that takes nothing must not keep the process from ending.
        var wanted = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&wanted, 1, 200) > 0 {
            #if canImport(Glibc)
                _ = Glibc.write(STDOUT_FILENO, leave.utf8Start, leave.utf8CodeUnitCount)
            #elseif canImport(Musl)
                _ = Musl.write(STDOUT_FILENO, leave.utf8Start, leave.utf8CodeUnitCount)
            #else
                _ = Darwin.write(STDOUT_FILENO, leave.utf8Start, leave.utf8CodeUnitCount)
            #endif
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &original)
    }
}
