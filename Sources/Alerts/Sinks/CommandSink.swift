import Foundation
import Glibc
import Synchronization

/// Runs a command for each step: an argument array without a shell, the JSON object and a newline on its standard input.
///
/// The command has a process group of its own and a time limit, after which the whole group is killed. Its standard
/// output is discarded; what it writes to standard error is seen. Status 0 is success.
public struct CommandSink: AlertSink {
    private let arguments: [String]
    private let limit: Int

    /// Makes a sink; the program is looked up in `PATH`.
    public init(arguments: [String], timeLimitMilliseconds: Int = 10_000) {
        self.arguments = arguments
        limit = timeLimitMilliseconds
    }

    /// `command:` and the program; with arguments a digest of them, which tells apart sinks of one program.
    public var name: String {
        let program = "command:\(arguments.first ?? "")"
        return arguments.count < 2 ? program : "\(program)#\(AlertNotice.digest(arguments).prefix(8))"
    }

    /// Runs the command to its end.
    public func deliver(_ delivery: AlertDelivery) throws(SinkError) {
        // It fits into a pipe's buffer (64 KiB on Linux), so it is written before anybody reads.
        let input = delivery.lines(\.json)
        let result = oneAtATime.withLock { _ in
            Result { () throws(SinkError) in try start(input: input) }
        }
        try wait(for: try result.get())
    }

    /// Starts the command with bytes on its standard input.
    private func start(input: [UInt8]) throws(SinkError) -> pid_t {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SinkError(.spawn, "\(name): no pipe: \(Descriptor.message(errno))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        do {
            defer { close(ends[1]) }
            try Descriptor.write(input, to: ends[1], named: name)
        }
        return try spawn(input: ends[0])
    }

    private func spawn(input: Int32) throws(SinkError) -> pid_t {
        guard let program = arguments.first else { throw SinkError(.usage, "a command without a program") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Its own process group; no signal that we block or ignore stays so for it.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        var child: pid_t = 0
        let code = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in posix_spawnp(&child, program, &actions, &attributes, argv, envp) }
        }
        guard code == 0 else {
            throw SinkError(
                .spawn, "\(name): cannot start: \(Descriptor.message(code))", hint: "command -v \(program)")
        }
        return child
    }

    /// Waits for the end, at most as long as allowed.
    private func wait(for child: pid_t) throws(SinkError) {
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(limit)
        var status: Int32 = 0
        var pause: useconds_t = 500
        while true {
            let result = waitpid(child, &status, WNOHANG)
            if result == child { break }
            if result < 0, errno != EINTR {
                throw SinkError(.exit, "\(name): cannot wait for it: \(Descriptor.message(errno))")
            }
            guard clock.now < deadline else {
                kill(-child, SIGKILL)
                while waitpid(child, &status, 0) < 0, errno == EINTR {}
                throw SinkError(.timeout, "\(name): ended after \(limit) ms")
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        // The wait status as in <sys/wait.h>: the low seven bits are the signal, the next eight the exit status.
        let signal = status & 0x7F
        let exitStatus = (status >> 8) & 0xFF
        if signal != 0 { throw SinkError(.exit, "\(name): ended by signal \(signal)") }
        if exitStatus != 0 { throw SinkError(.exit, "\(name): exit status \(exitStatus)") }
    }
}

/// Between the making of a pipe and its mark `FD_CLOEXEC` no other command may start, or it would keep the pipe open.
private let oneAtATime = Mutex(())

/// Lends texts as the null-terminated array of C strings that `exec` takes.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { (array + index).initialize(to: strdup(text)) }
    (array + texts.count).initialize(to: nil)
    defer {
        for index in texts.indices { free(array[index]) }
        array.deallocate()
    }
    return body(array)
}
