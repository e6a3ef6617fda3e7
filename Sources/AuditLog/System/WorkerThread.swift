import Glibc

/// A thread of our own: the committer and the pumps of a stdio gateway block in system calls, which a task must not.
package struct WorkerThread: Sendable {
    private let handle: pthread_t
    private let turns: (any ThreadTurns)?
    /// Its name among those that take turns.
    private let number: Int

    /// Starts a thread.
    ///
    /// The name is shown by the system's tools and is cut at 15 bytes.
    ///
    /// - Throws: `SystemError` when the system has no thread to give.
    package init(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let turns = Turns.current
        let number = turns?.add() ?? 0
        self.turns = turns
        self.number = number
        let box = Unmanaged.passRetained(
            Box {
                WorkerThread.rename(name)
                guard let turns else { return body() }
                Turns.$current.withValue(turns) {
                    turns.begin(number)
                    body()
                    turns.end(number)
                }
            })
        var handle = pthread_t()
        // Signals are for the main thread, or for the one that waits for them: elsewhere they would end the process.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let status = pthread_create(&handle, nil, runBox, box.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard status == 0 else {
            turns?.end(number)
            box.release()
            throw SystemError("pthread_create", name, status)
        }
        self.handle = handle
    }

    private static func rename(_ name: String) {
        // Glibc's pthread_setname_np is not visible to Swift.
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = name.withCString { write(descriptor, $0, min(15, strlen($0))) }
        close(descriptor)
    }

    /// Waits for the thread's end; to be called once.
    package func join() {
        turns?.join(number)
        pthread_join(handle, nil)
    }
}

private final class Box: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func runBox(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
    return nil
}
