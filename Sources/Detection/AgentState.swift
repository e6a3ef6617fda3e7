/// What the rules remember about one agent, whatever it calls.
struct AgentState: BitwiseCopyable {
    /// The index of the pair called last, from 1; 0 before the first call.
    var lastPair: UInt32 = 0
    /// How many pairs it has; without any its place is free.
    var pairs: UInt32 = 0
    var firstSeen: Int64 = 0
    var lastSeen: Int64 = 0
    var lastRecord = PackedReference()
    /// All its calls.
    var calls: UInt32 = 0
    /// Runs that ended because another tool was called; stops at 65,535.
    var endedRuns: UInt16 = 0
    /// First uses told of on a day.
    var noveltyDay: UInt32 = 0
    var novelties: UInt8 = 0
    var run = RunState()
    var habits = HourlyHabits()

    /// Counts a call, after the rules have read it.
    mutating func note(_ call: CallEvent, at time: Int64, pair: Int, log: UInt16) {
        if calls == 0 { firstSeen = time }
        lastPair = UInt32(pair + 1)
        lastSeen = time
        lastRecord = PackedReference(log: log, seq: call.record.seq)
        if calls < .max { calls += 1 }
        habits.note()
    }
}
