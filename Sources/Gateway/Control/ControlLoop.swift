import Glibc

/// The control thread: accepts, reads lines, has them answered, writes replies.
struct ControlLoop {
    private struct Client {
        let descriptor: Int32
        /// The user at the other side.
        let user: String
        var input: [UInt8] = []
        var output: ArraySlice<UInt8> = []
        /// Whether it is left once everything is written.
        var isLeaving = false
        /// When the last byte went in or out.
        var active: Int
    }

    private let listener: Int32
    private let wake: Int32
    private let limits: ControlServer.Limits
    private let handler: @Sendable (ControlRequest) -> ControlReply
    private var clients: [Client] = []
    /// Until when nobody is accepted: the process has no descriptors left, and asking again at once would spin.
    private var pausedUntil = 0

    init(
        listener: Int32, wake: Int32, limits: ControlServer.Limits,
        handler: @escaping @Sendable (ControlRequest) -> ControlReply
    ) {
        self.listener = listener
        self.wake = wake
        self.limits = limits
        self.handler = handler
    }

    /// Runs until the wake pair's other end is closed; closes everything.
    mutating func run() {
        while true {
            var entries = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
            let now = MonotonicClock.milliseconds
            let accepts = now >= pausedUntil
            entries.append(pollfd(fd: accepts ? listener : -1, events: Int16(POLLIN), revents: 0))
            for client in clients {
                let events = client.output.isEmpty ? POLLIN : POLLOUT
                entries.append(pollfd(fd: client.descriptor, events: Int16(events), revents: 0))
            }
            let ready = poll(&entries, nfds_t(entries.count), timeout(now: now, accepts: accepts))
            guard entries[0].revents == 0 else { break }
            if ready >= 0 { serveAll(entries, now: MonotonicClock.milliseconds) }
            if ready > 0, entries[1].revents != 0 { accept() }
        }
        for client in clients { close(client.descriptor) }
        close(listener)
        close(wake)
    }

    private func timeout(now: Int, accepts: Bool) -> Int32 {
        let ends = clients.map { $0.active + limits.idleMilliseconds } + (accepts ? [] : [pausedUntil])
        guard let first = ends.min() else { return -1 }
        return Int32(clamping: max(first - now, 0) + 1)
    }

    // MARK: Clients

    /// Serves those of whom `poll` says something, and leaves those that are done or have been silent for too long.
    private mutating func serveAll(_ entries: [pollfd], now: Int) {
        for index in clients.indices {
            if entries[index + 2].revents != 0 {
                serve(&clients[index])
            } else if now - clients[index].active >= limits.idleMilliseconds {
                clients[index].isLeaving = true
                clients[index].output = []
            }
        }
        clients.removeAll { client in
            guard client.isLeaving, client.output.isEmpty else { return false }
            close(client.descriptor)
            return true
        }
    }

    private mutating func accept() {
        guard let descriptor = UnixSocket.accept(from: listener) else {
            let isPassing = [EAGAIN, EINTR, ECONNABORTED].contains(errno)
            if !isPassing { pausedUntil = MonotonicClock.milliseconds + 1000 }
            return
        }
        let user = UnixSocket.peer(of: descriptor)
        guard user == geteuid() || user == 0 else { return turnAway(descriptor, "this log belongs to another user") }
        guard clients.count < limits.clients else {
            return turnAway(descriptor, "\(limits.clients) clients are connected already; try again")
        }
        clients.append(
            Client(
                descriptor: descriptor, user: UnixSocket.name(of: user ?? 0), active: MonotonicClock.milliseconds))
    }

    private func turnAway(_ descriptor: Int32, _ words: String) {
        _ = try? UnixSocket.send(ControlReply.refused(words).line[...], to: descriptor)
        close(descriptor)
    }

    /// Writes what is to be written, then reads what has come; one request at a time.
    private func serve(_ client: inout Client) {
        do throws(SystemFailure) {
            if client.output.isEmpty { try read(&client) }
            try answer(&client)
        } catch {
            client.isLeaving = true
            client.output = []
        }
    }

    /// That a client cannot be talked to any more; which call said so helps nobody.
    private struct SystemFailure: Error {}

    private func read(_ client: inout Client) throws(SystemFailure) {
        let bytes: [UInt8]?
        do {
            bytes = try UnixSocket.receive(from: client.descriptor, atMost: 16_384)
        } catch {
            throw SystemFailure()
        }
        guard let bytes else { return }
        guard !bytes.isEmpty else {
            client.isLeaving = true
            return
        }
        client.input += bytes
        client.active = MonotonicClock.milliseconds
    }

    /// Answers every whole line, as long as replies can be written at once.
    private func answer(_ client: inout Client) throws(SystemFailure) {
        while true {
            try flush(&client)
            guard client.output.isEmpty, !client.isLeaving else { return }
            if let end = client.input.firstIndex(of: UInt8(ascii: "\n")), end <= limits.lineBytes {
                let line = Array(client.input[..<end])
                client.input.removeSubrange(...end)
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
                client.output = reply(to: line, of: client.user).line[...]
                client.active = MonotonicClock.milliseconds
            } else if client.input.count > limits.lineBytes {
                client.output = ControlReply.refused("a line of more than \(limits.lineBytes) bytes").line[...]
                client.input = []
                client.isLeaving = true
            } else {
                return
            }
        }
    }

    private func reply(to line: [UInt8], of user: String) -> ControlReply {
        do {
            var request = try ControlRequest(line: line)
            request.user = user
            return handler(request)
        } catch {
            return .refused(error.message, hint: "{\"do\":\"status\"}")
        }
    }

    private func flush(_ client: inout Client) throws(SystemFailure) {
        while !client.output.isEmpty {
            let count: Int?
            do {
                count = try UnixSocket.send(client.output, to: client.descriptor)
            } catch {
                throw SystemFailure()
            }
            guard let count else { return }
            client.output = client.output.dropFirst(count)
            client.active = MonotonicClock.milliseconds
        }
    }
}
