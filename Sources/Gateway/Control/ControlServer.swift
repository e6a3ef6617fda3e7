import AuditLog
import Glibc

/// Takes requests about a log from this machine's commands, over a unix socket with mode 0600, one JSON object a line.
///
/// One thread of its own with `poll(2)`: it never touches the data plane. Whoever is neither this user nor root is
/// turned away, by the kernel's word about the other side.
public final class ControlServer: Sendable {
    /// What is bounded.
    public struct Limits: Sendable {
        /// Clients at once; the next is told so.
        public var clients = 16
        /// Bytes of one line.
        public var lineBytes = 65_536
        /// Milliseconds without a byte after which a client is left.
        public var idleMilliseconds = 60_000

        /// The defaults.
        public init() {}
    }

    /// Where it listens.
    public let socketPath: String
    private let log: String
    private let wake: Int32
    private let thread: Monitor<WorkerThread?>

    /// Begins to listen; the log's lock must be held.
    ///
    /// - Parameters:
    ///   - log: the log's folder, absolute.
    ///   - runtimeFolder: `$XDG_RUNTIME_DIR`, for sockets whose name would be too long.
    ///   - limits: what is bounded.
    ///   - handler: answers a request, on the control thread; it may take its time, for others wait meanwhile, but must
    ///     not call ``close()``.
    /// - Throws: ``ControlError``.
    public init(
        log: String, runtimeFolder: String? = nil, limits: Limits = Limits(),
        handler: @escaping @Sendable (ControlRequest) -> ControlReply
    ) throws(ControlError) {
        let address = ControlAddress(log: log, runtimeFolder: runtimeFolder)
        try address.prepareFolder()
        let listener = try ControlServer.listener(address.socketPath)
        let ends: (awaited: Int32, wake: Int32)
        do {
            ends = try UnixSocket.pair()
        } catch {
            unlink(address.socketPath)
            throw ControlError(error)
        }
        let descriptor = listener.release()
        do throws(SystemError) {
            try ControlServer.note(address, log: log)
            let thread = try WorkerThread(named: "control") {
                var loop = ControlLoop(listener: descriptor, wake: ends.awaited, limits: limits, handler: handler)
                loop.run()
            }
            self.thread = Monitor(thread)
        } catch {
            for open in [descriptor, ends.awaited, ends.wake] { Glibc.close(open) }
            unlink(address.socketPath)
            throw ControlError(error)
        }
        wake = ends.wake
        self.log = log
        socketPath = address.socketPath
    }

    deinit {
        close()
    }

    /// Stops listening, leaves all clients and removes the socket; later calls do nothing.
    public func close() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return }
        unlink(socketPath)
        let pointer = ControlAddress.pointerPath(log: log)
        if FileStamp(pointer).exists { unlink(pointer) }
        // The loop ends when the pair's other end is closed.
        Glibc.close(wake)
        running.join()
    }

    /// A socket that listens; one that a dead process left is replaced.
    private static func listener(_ path: String) throws(ControlError) -> UnixSocket {
        do throws(SystemError) {
            let socket = try UnixSocket()
            do throws(SystemError) {
                try socket.bind(to: path)
            } catch {
                guard error.number == EADDRINUSE else { throw error }
                try replaceDead(path)
                try socket.bind(to: path)
            }
            try socket.listen(backlog: 16)
            return socket
        } catch {
            guard error.number == EADDRINUSE else { throw ControlError(error) }
            throw ControlError(.inUse, "another process listens at \(path), or it is no socket", hint: "ls -l \(path)")
        }
    }

    private static func replaceDead(_ path: String) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError("bind", path, EADDRINUSE)
        }
        let probe = try UnixSocket()
        do throws(SystemError) {
            try probe.connect(to: path)
        } catch {
            guard error.number == ECONNREFUSED else { throw SystemError("bind", path, EADDRINUSE) }
            unlink(path)
            return
        }
        throw SystemError("bind", path, EADDRINUSE)
    }

    /// Says in the log where the socket is, if not there; and nothing, if there.
    private static func note(_ address: ControlAddress, log: String) throws(SystemError) {
        let pointer = ControlAddress.pointerPath(log: log)
        if address.folder != nil {
            try PosixFileSystem().replace(pointer, with: Array("\(address.socketPath)\n".utf8))
        } else if FileStamp(pointer).exists {
            unlink(pointer)
        }
    }
}
