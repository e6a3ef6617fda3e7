import AuditLog
import Glibc

/// The system calls of a unix stream socket, in one place.
struct UnixSocket: ~Copyable {
    /// The most bytes of a path: `sun_path` has 108, one of them the end.
    static let maximumPathBytes = 107

    let descriptor: Int32

    /// Takes over an open socket.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Makes a socket that does not block and is not inherited.
    init() throws(SystemError) {
        descriptor = socket(AF_UNIX, UnixSocket.kind, 0)
        guard descriptor >= 0 else { throw SystemError("socket", "", errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Gives up the descriptor, which somebody else closes.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// Binds to a path, which then belongs to this user alone.
    func bind(to path: String) throws(SystemError) {
        // Linux gives the name the socket's own mode, less the umask: no moment at which others could connect.
        fchmod(descriptor, 0o600)
        try withAddress(path, "bind") { address, length in Glibc.bind(descriptor, address, length) }
    }

    func listen(backlog: Int32) throws(SystemError) {
        guard Glibc.listen(descriptor, backlog) == 0 else { throw SystemError("listen", "", errno) }
    }

    func connect(to path: String) throws(SystemError) {
        try withAddress(path, "connect") { address, length in Glibc.connect(descriptor, address, length) }
    }

    private func withAddress(
        _ path: String, _ call: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        let bytes = Array(path.utf8)
        guard bytes.count <= UnixSocket.maximumPathBytes, !bytes.contains(0) else {
            throw SystemError(call, path, ENAMETOOLONG)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw SystemError(call, path, errno) }
    }

    /// Takes the next connection, which does not block; nil with `errno` set where there is none.
    ///
    /// `accept4` is hidden from Swift: a child that is started between the two calls inherits the connection.
    static func accept(from listener: Int32) -> Int32? {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return descriptor
    }

    /// Two connected ends, for waking a thread that waits in `poll`.
    static func pair() throws(SystemError) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair", "", errno) }
        return (ends[0], ends[1])
    }

    private static var kind: Int32 {
        Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    }

    /// The user at the other side, as the kernel saw it when the connection was made.
    static func peer(of descriptor: Int32) -> uid_t? {
        // struct ucred (pid, uid, gid) is hidden from Swift behind _GNU_SOURCE.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, .max, .max)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        let status = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return status == 0 && length == 12 ? credentials.uid : nil
    }

    /// A user's name, or the number where it has none.
    static func name(of user: uid_t) -> String {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let start = buffer.baseAddress, getpwuid_r(user, &entry, start, buffer.count, &found) == 0,
                found != nil,
                let name = entry.pw_name
            else { return String(user) }
            return String(cString: name)
        }
    }

    /// Sends without blocking; nil when nothing can be sent now.
    static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemError) -> Int? {
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count >= 0 { return count }
            if errno == EAGAIN { return nil }
            guard errno == EINTR else { throw SystemError("send", "", errno) }
        }
    }

    /// Receives without blocking; nil when nothing is there yet, empty at the end.
    static func receive(from descriptor: Int32, atMost maximum: Int) throws(SystemError) -> [UInt8]? {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, initialized in
                count = recv(descriptor, buffer.baseAddress, maximum, Int32(MSG_DONTWAIT))
                initialized = max(count, 0)
            }
            if count >= 0 { return bytes }
            if errno == EAGAIN { return nil }
            guard errno == EINTR else { throw SystemError("recv", "", errno) }
        }
    }
}
