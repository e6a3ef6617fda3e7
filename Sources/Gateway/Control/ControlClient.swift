import AuditLog
import Glibc

/// Asks the process that holds a log to do something.
public enum ControlClient {
    /// The longest reply that is read: a list of a large fleet's grants.
    static let maximumReplyBytes = 16 << 20

    /// Sends a request and waits for its reply.
    ///
    /// - Parameters:
    ///   - request: what is to be done.
    ///   - log: the log's folder, absolute.
    ///   - milliseconds: how long connecting, sending and waiting may take together.
    /// - Throws: ``ControlError``; `.notRunning` where nobody listens.
    public static func send(
        _ request: ControlRequest, log: String, milliseconds: Int = 10_000
    ) throws(ControlError) -> ControlReply {
        let deadline = MonotonicClock.milliseconds + milliseconds
        let socket: UnixSocket
        do {
            socket = try UnixSocket()
        } catch {
            throw ControlError(error)
        }
        let descriptor = socket.descriptor
        try connect(socket, ControlAddress.find(log: log), log, deadline)
        let user = UnixSocket.peer(of: descriptor)
        guard user == geteuid() || user == 0 || geteuid() == 0 else {
            throw ControlError(
                .foreign, "the process that listens for \(log) belongs to another user", hint: "ls -l \(log)")
        }
        let line = request.line
        guard line.count <= ControlServer.Limits().lineBytes else {
            throw ControlError(.protocol, "the request is longer than \(ControlServer.Limits().lineBytes) bytes")
        }
        var received: [UInt8] = []
        do throws(SystemError) {
            var rest = line[...]
            while !rest.isEmpty {
                if let count = try UnixSocket.send(rest, to: descriptor) {
                    rest = rest.dropFirst(count)
                } else {
                    guard wait(descriptor, POLLOUT, until: deadline) else { break }
                }
            }
            while rest.isEmpty, wait(descriptor, POLLIN, until: deadline) {
                guard let bytes = try UnixSocket.receive(from: descriptor, atMost: 65_536) else { continue }
                guard !bytes.isEmpty, received.count + bytes.count <= maximumReplyBytes else {
                    throw SystemError("recv", log, ECONNRESET)
                }
                received += bytes
                if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                    return try reply(Array(received.dropLast(bytes.count - end)))
                }
            }
        } catch {
            // Somebody who turns us away says why before closing, whatever became of our own line.
            if let reply = lastWords(descriptor, received) { return reply }
            throw ControlError(
                .notRunning, "the process that holds \(log) ended without a reply", hint: "tollgate doctor")
        }
        throw ControlError(
            .timedOut, "the process that holds \(log) did not answer in \(milliseconds) ms", hint: "tollgate doctor")
    }

    /// A reply that cannot be read is told as an error of its own, not as the other side's.
    private static func reply(_ line: [UInt8]) throws(SystemError) -> ControlReply {
        do {
            return try ControlReply(line: line)
        } catch {
            return .refused(error.message)
        }
    }

    private static func lastWords(_ descriptor: Int32, _ received: [UInt8]) -> ControlReply? {
        let rest = (try? UnixSocket.receive(from: descriptor, atMost: 65_536)) ?? []
        let line = (received + rest).prefix { $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : try? ControlReply(line: Array(line))
    }

    private static func connect(
        _ socket: borrowing UnixSocket, _ path: String, _ log: String, _ deadline: Int
    ) throws(ControlError) {
        while true {
            do throws(SystemError) {
                return try socket.connect(to: path)
            } catch {
                switch error.number {
                case ENOENT, ECONNREFUSED, ENOTDIR:
                    throw ControlError(
                        .notRunning, "no process takes requests for \(log)",
                        hint: "tollgate serve --config FILE (and look into its \"log\")")
                case EACCES, EPERM:
                    throw ControlError(.foreign, "the socket of \(log) belongs to another user", hint: "ls -l \(path)")
                case EAGAIN, EINTR:
                    // So many wait to be accepted that the next must try again.
                    guard MonotonicClock.milliseconds < deadline else {
                        throw ControlError(
                            .timedOut, "the process that holds \(log) is busy", hint: "tollgate doctor")
                    }
                    usleep(5000)
                default: throw ControlError(error)
                }
            }
        }
    }

    private static func wait(_ descriptor: Int32, _ events: Int32, until deadline: Int) -> Bool {
        while true {
            let rest = deadline - MonotonicClock.milliseconds
            guard rest > 0 else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let ready = poll(&entry, 1, Int32(clamping: rest))
            if ready > 0 { return true }
            guard ready == 0 || errno == EINTR else { return false }
        }
    }
}
