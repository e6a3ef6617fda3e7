/// What is due when: a binary heap, earliest first, equal times in the order in which they were put in.
struct EventQueue: Sendable {
    enum Event: Sendable {
        /// Plan the sessions of an hour.
        case hour(Int)
        /// A session's next step.
        case session(Int)
        /// An outcome.
        case outcome(Int)
    }

    private struct Entry: Sendable {
        let time: Int64
        let order: UInt64
        let event: Event

        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var heap: [Entry] = []
    private var order: UInt64 = 0

    mutating func push(_ event: Event, at time: Int64) {
        heap.append(Entry(time: time, order: order, event: event))
        order += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (time: Int64, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return (first.time, first.event) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            guard least != parent else { break }
            heap.swapAt(least, parent)
            parent = least
        }
        return (first.time, first.event)
    }
}

/// Values in numbered places that are used again.
struct Slots<Value: Sendable>: Sendable {
    private var values: [Value] = []
    private var free: [Int] = []

    mutating func insert(_ value: Value) -> Int {
        if let place = free.popLast() {
            values[place] = value
            return place
        }
        values.append(value)
        return values.count - 1
    }

    mutating func release(_ place: Int) {
        free.append(place)
    }

    subscript(place: Int) -> Value {
        get { values[place] }
        _modify { yield &values[place] }
    }
}
