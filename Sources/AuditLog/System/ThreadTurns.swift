/// Decides which thread runs next, where threads take turns: a simulation runs one at a time, in an order that its seed gives
/// and in a time of its own.
///
/// Nobody takes turns outside of tests: there `current` is nil, and threads are the system's.
package protocol ThreadTurns: Sendable {
    /// Takes note of a thread that is about to start, and names it.
    func add() -> Int
    /// Called on that thread before its body: returns when it is its turn for the first time.
    func begin(_ thread: Int)
    /// Called on that thread after its body.
    func end(_ thread: Int)
    /// Gives turns away until that thread has ended.
    func join(_ thread: Int)
    /// The time by which waits end, in microseconds.
    var time: Int64 { get }
    /// Gives turns away until `place` is woken; false when `deadline` comes first.
    func wait(at place: UnsafeRawPointer, until deadline: Int64?) -> Bool
    /// Lets those who wait at a place have turns again.
    func wake(at place: UnsafeRawPointer)
}

/// Who decides for the threads that are made here.
package enum Turns {
    /// Nil where threads are the system's.
    @TaskLocal package static var current: (any ThreadTurns)?
}
