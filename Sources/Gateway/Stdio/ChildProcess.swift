import AuditLog
import Glibc

/// The server that `run` wraps: a process with its standard input and output on pipes.
///
/// `posix_spawn` itself: the pumps block on plain descriptors, which neither Foundation's `Process` (a run loop) nor
/// swift-subprocess (only within `run {}`) serves as well. The child gets a process group of its own, so that helpers
/// it started (`uvx` → `python`) end with it.
final class ChildProcess: Sendable {
    /// How a process ended.
    struct Status: Sendable {
        /// `waitpid`'s word.
        let raw: Int32

        /// The status a shell would give: the exit code, or 128 + signal.
        var exitCode: Int32 {
            raw & 0x7F == 0 ? raw >> 8 & 0xFF : 128 + (raw & 0x7F)
        }

        /// The end in words.
        var description: String {
            raw & 0x7F == 0 ? "exited with status \(exitCode)" : "was ended by signal \(raw & 0x7F)"
        }
    }

    /// The process id.
    let pid: pid_t
    /// Where the server reads.
    let input: Int32
    /// Where the server writes.
    let output: Int32
    private struct State {
        var hasEnded = false
        var isReaped = false
    }

    private let state = Monitor(State())
    private let inputIsOpen = Monitor(true)

    /// Starts a command, found by `PATH`; its standard error is ours.
    ///
    /// - Parameters:
    ///   - variables: what is added to our own environment.
    ///   - folder: where it starts; nil for our own working directory.
    /// - Throws: `GatewayError.cannotStart`.
    init(_ command: [String], variables: [String: String] = [:], folder: String? = nil) throws(GatewayError) {
        guard let name = command.first else {
            throw GatewayError(.usage, "no command after '--'", hint: "tollgate run --help")
        }
        // glibc's action that changes the folder is not visible to Swift.
        let command = folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + command } ?? command
        let program = command.first ?? name
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            for descriptor in toChild where descriptor >= 0 { close(descriptor) }
            throw GatewayError(.cannotStart, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        ChildProcess.leaveOnlyPipes(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var pid: pid_t = 0
        var environment = ChildProcess.environment(adding: variables)
        let failure = posix_spawnp(&pid, program, &actions, &attributes, &arguments, &environment)
        for text in arguments + environment { free(text) }
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
        close(toChild[0])
        close(fromChild[1])
        guard failure == 0 else {
            close(toChild[1])
            close(fromChild[0])
            throw GatewayError(
                .cannotStart, "cannot start the server '\(program)': \(String(cString: strerror(failure)))",
                hint: "command -v \(program)")
        }
        self.pid = pid
        input = toChild[1]
        output = fromChild[0]
    }

    deinit {
        closeInput()
        close(output)
    }

    /// Lets the child inherit nothing beyond its standard descriptors: not every library opens its own as close-on-exec,
    /// and a server that held other clients' connections could read their tokens.
    private static func leaveOnlyPipes(_ actions: inout posix_spawn_file_actions_t) {
        // In glibc since 2.34, but not visible to Swift.
        typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        if let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"),
            unsafeBitCast(symbol, to: CloseFrom.self)(&actions, 3) == 0
        {
            return
        }
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// Our own environment and some variables more, as `posix_spawn` takes it; each entry is to be freed.
    private static func environment(adding variables: [String: String]) -> [UnsafeMutablePointer<CChar>?] {
        var entries: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") }
        var place = environ
        while let entry = place.pointee {
            let name = String(cString: entry).prefix { $0 != "=" }
            if variables[String(name)] == nil { entries.append(strdup(entry)) }
            place += 1
        }
        return entries + [nil]
    }

    /// Copies of the descriptors for somebody who closes them himself; the process keeps none.
    ///
    /// - Throws: `GatewayError.cannotStart` when there are no descriptors left.
    func handOver() throws(GatewayError) -> (input: Int32, output: Int32) {
        let copies = (input: fcntl(input, F_DUPFD_CLOEXEC, 0), output: fcntl(output, F_DUPFD_CLOEXEC, 0))
        guard copies.input >= 0, copies.output >= 0 else {
            throw GatewayError(.cannotStart, "cannot copy a pipe: \(String(cString: strerror(errno)))")
        }
        closeInput()
        return copies
    }

    /// Tells the server that nothing more will come.
    func closeInput() {
        inputIsOpen.withLock { isOpen in
            if isOpen { close(input) }
            isOpen = false
        }
    }

    /// Waits until the process has ended, and leaves it unreaped, so that its group keeps its number.
    func waitUntilEnded() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        state.withLock { $0.hasEnded = true }
        state.wakeAll()
    }

    /// Waits for the end that `waitUntilEnded` sees; false when `milliseconds` pass first.
    func waitForEnd(milliseconds: Int) -> Bool {
        state.wait(milliseconds: milliseconds) { $0.hasEnded ? true : nil } ?? false
    }

    /// Ends what the process left behind in its group, and reaps it; nil where it has not ended.
    func reap() -> Status? {
        state.withLock { state in
            guard state.hasEnded, !state.isReaped else { return nil }
            kill(-pid, SIGKILL)
            var raw: Int32 = 0
            while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
            state.isReaped = true
            return Status(raw: raw)
        }
    }

    /// Sends a signal to the server and what it started.
    func signal(_ number: Int32) {
        state.withLock { state in
            if !state.isReaped { _ = kill(-pid, number) }
        }
    }
}
