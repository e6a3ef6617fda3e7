/// What the lines of an event have said so far.
struct EventStreamFields: Sendable {
    /// Above this many bytes the memory for data is given back after each event.
    private static let keptBytes = 1 << 16

    private let maximumDataBytes: Int
    private var hasData = false
    private var isTooLarge = false
    private var data: [UInt8] = []
    /// Data in one run of the current piece, which need not be copied unless the event goes on in the next.
    private var run: Range<Int>?
    private var id = ShortField(refusesNull: true)
    private var type = ShortField(refusesNull: false)

    init(maximumDataBytes: Int) {
        self.maximumDataBytes = maximumDataBytes
    }

    /// Notes that a line of this field begins.
    mutating func begin(_ field: EventStreamLine.Field, in piece: UnsafeRawBufferPointer) {
        switch field {
        case .data:
            if hasData, makeRoom(for: 1, in: piece) { data.append(UInt8(ascii: "\n")) }
            hasData = true
        case .id: id.begin()
        case .type: type.begin()
        case .other: break
        }
    }

    /// Notes more of that line's value.
    mutating func append(_ range: Range<Int>, of piece: UnsafeRawBufferPointer, to field: EventStreamLine.Field) {
        switch field {
        case .data:
            if run == nil, data.isEmpty, !isTooLarge, range.count <= maximumDataBytes {
                run = range
            } else if makeRoom(for: range.count, in: piece) {
                data.append(contentsOf: piece[range])
            }
        case .id: id.append(piece[range])
        case .type: type.append(piece[range])
        case .other: break
        }
    }

    /// Copies what stands in a piece that is about to go.
    mutating func keepRun(of piece: UnsafeRawBufferPointer) {
        guard let run else { return }
        data.append(contentsOf: piece[run])
        self.run = nil
    }

    /// Hands the event over and begins the next.
    mutating func report(
        _ range: Range<Int>, in piece: UnsafeRawBufferPointer, _ event: (EventStreamScanner.Event) -> Void
    ) {
        func report(_ data: EventStreamScanner.Event.Data) {
            id.withBytes { id in
                type.withBytes { type in
                    event(EventStreamScanner.Event(range: range, data: data, id: id, type: type))
                }
            }
        }
        if isTooLarge {
            report(.tooLarge)
        } else if let run {
            report(.bytes(UnsafeRawBufferPointer(rebasing: piece[run])))
        } else if hasData {
            data.withUnsafeBytes { report(.bytes($0)) }
        } else {
            report(.absent)
        }
        reset()
    }

    /// Makes sure that as many bytes may follow; forgets everything where they may not.
    private mutating func makeRoom(for count: Int, in piece: UnsafeRawBufferPointer) -> Bool {
        guard !isTooLarge else { return false }
        keepRun(of: piece)
        guard count <= maximumDataBytes - data.count else {
            isTooLarge = true
            data = []
            return false
        }
        return true
    }

    private mutating func reset() {
        hasData = false
        isTooLarge = false
        run = nil
        if data.capacity > EventStreamFields.keptBytes { data = [] } else { data.removeAll(keepingCapacity: true) }
        id.reset()
        type.reset()
    }
}

/// The value of a field that is short in all honest streams.
private struct ShortField: Sendable {
    let refusesNull: Bool
    private var isPresent = false
    private var bytes: [UInt8] = []

    init(refusesNull: Bool) {
        self.refusesNull = refusesNull
    }

    mutating func begin() {
        reset()
        isPresent = true
    }

    mutating func append(_ text: Slice<UnsafeRawBufferPointer>) {
        guard isPresent else { return }
        if text.count > EventStreamScanner.maximumFieldBytes - bytes.count || (refusesNull && text.contains(0)) {
            reset()
        } else {
            bytes.append(contentsOf: text)
        }
    }

    mutating func reset() {
        isPresent = false
        bytes.removeAll(keepingCapacity: true)
    }

    func withBytes(_ body: (UnsafeRawBufferPointer?) -> Void) {
        guard isPresent else { return body(nil) }
        bytes.withUnsafeBytes { body($0) }
    }
}
