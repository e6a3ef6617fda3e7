import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Buffered text to one file descriptor, over `write(2)`.
///
/// C's `stdout` is a mutable global and so an error in Swift 6. A descriptor that refuses bytes (a closed pipe, a full disk)
/// closes the output for good: later text is dropped and `isOpen` is false, for the caller's loop to end on.
public final class Output: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var failure: Int32 = 0
    }

    /// Bytes after which the buffer is written out unasked.
    private static let high = 32 << 10

    private let descriptor: Int32
    private let state = Mutex(State())

    /// Writes to a descriptor, which stays its owner's to close.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// An output on standard output.
    public static func standardOutput() -> Output { Output(descriptor: STDOUT_FILENO) }

    /// An output on standard error.
    public static func standardError() -> Output { Output(descriptor: STDERR_FILENO) }

    /// False once a write failed.
    public var isOpen: Bool { state.withLock { $0.failure == 0 } }

    /// The `errno` of the write that failed, 0 while none has.
    public var failure: Int32 { state.withLock { $0.failure } }

    /// What the descriptor leads to, for this process's environment.
    public func display(environment: [String: String]) -> Display {
        Display(descriptor: descriptor, environment: environment)
    }

    /// Appends text; it appears at the next `flush()` or once 32 KiB wait.
    public func write(_ text: some StringProtocol) {
        write(text.utf8)
    }

    /// Appends bytes as they are.
    public func write(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            guard state.failure == 0 else { return }
            state.pending.append(contentsOf: bytes)
            if state.pending.count >= Output.high { send(&state) }
        }
    }

    /// Appends text and a newline.
    public func line(_ text: some StringProtocol = "") {
        write(text)
        write(CollectionOfOne(UInt8(ascii: "\n")))
    }

    /// Writes out what waits.
    ///
    /// Returns false once a write has failed.
    @discardableResult
    public func flush() -> Bool {
        state.withLock { state in
            send(&state)
            return state.failure == 0
        }
    }

    private func send(_ state: inout State) {
        guard state.failure == 0 else { return }
        state.failure = state.pending.withUnsafeBytes { write(all: $0) }
        state.pending.removeAll(keepingCapacity: true)
    }

    private func write(all bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            #if canImport(Glibc)
                let written = Glibc.write(descriptor, base, rest.count)
            #elseif canImport(Musl)
                let written = Musl.write(descriptor, base, rest.count)
            #else
                let written = Darwin.write(descriptor, base, rest.count)
            #endif
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno == EAGAIN {
                // Somebody made the shared terminal non-blocking: wait until it takes bytes again.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
