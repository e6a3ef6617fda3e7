/// The line of an event stream that is being read.
struct EventStreamLine: Sendable {
    /// The fields that tell something (HTML standard, §9.2.6).
    enum Field: Sendable {
        case data
        case id
        case type
        case other
    }

    /// The longest name among them has five letters.
    private static let longestName = 5

    private var field: Field?
    private var isEmpty = true
    /// The first bytes of the field's name, until its colon.
    private var name: UInt64 = 0
    private var nameCount = 0
    private var skipsSpace = false

    /// Reads on in the line, which does not end in this range of the piece.
    mutating func take(_ range: Range<Int>, of piece: UnsafeRawBufferPointer, fields: inout EventStreamFields) {
        guard !range.isEmpty else { return }
        isEmpty = false
        var at = range.lowerBound
        while field == nil, at < range.upperBound {
            let byte = piece[at]
            at += 1
            if byte == UInt8(ascii: ":") {
                begin(in: piece, fields: &fields)
                skipsSpace = true
            } else if nameCount == EventStreamLine.longestName {
                field = .other
            } else {
                name = name << 8 | UInt64(byte)
                nameCount += 1
            }
        }
        if skipsSpace, at < range.upperBound {
            skipsSpace = false
            if piece[at] == UInt8(ascii: " ") { at += 1 }
        }
        guard let field, at < range.upperBound else { return }
        fields.append(at..<range.upperBound, of: piece, to: field)
    }

    /// Ends the line.
    ///
    /// - Returns: whether it was blank, which ends the event.
    mutating func finish(in piece: UnsafeRawBufferPointer, fields: inout EventStreamFields) -> Bool {
        guard !isEmpty else { return true }
        // A line without a colon is a field's name; its value is empty.
        if field == nil { begin(in: piece, fields: &fields) }
        self = EventStreamLine()
        return false
    }

    private mutating func begin(in piece: UnsafeRawBufferPointer, fields: inout EventStreamFields) {
        let field = EventStreamLine.field(name, nameCount)
        self.field = field
        fields.begin(field, in: piece)
    }

    /// The field of a name, its bytes packed into an integer, the first one highest.
    private static func field(_ name: UInt64, _ count: Int) -> Field {
        switch (count, name) {
        case (4, 0x6461_7461): .data
        case (2, 0x6964): .id
        case (5, 0x65_7665_6E74): .type
        default: .other
        }
    }
}

/// The byte order mark that an event stream may begin with.
struct EventStreamStart: Sendable {
    static let mark: StaticString = "\u{FEFF}"
    private var matched = 0
    private var isOver = false

    /// Moves behind the mark.
    ///
    /// - Parameter text: called with what looked like a mark and is none.
    /// - Returns: where the stream goes on in this piece.
    mutating func skipMark(in bytes: UnsafeRawBufferPointer, text: (UnsafeRawBufferPointer) -> Void) -> Int {
        guard !isOver else { return 0 }
        return EventStreamStart.mark.withUTF8Buffer { mark in
            var at = 0
            while at < bytes.count, matched < mark.count, bytes[at] == mark[matched] {
                at += 1
                matched += 1
            }
            isOver = matched == mark.count || at < bytes.count
            if isOver, matched < mark.count {
                text(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: mark[..<matched])))
            }
            return at
        }
    }
}

/// Where the first LF or CR stands, eight bytes at a time; the end where there is none.
func firstLineBreak(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var at = start
    while at &+ 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        let feed = word ^ (ones &* 0x0A)
        let carriage = word ^ (ones &* 0x0D)
        // The lowest bit that is set is exact; those above may be wrong.
        let found = ((feed &- ones) & ~feed | (carriage &- ones) & ~carriage) & (ones &* 0x80)
        guard found == 0 else { return at &+ found.trailingZeroBitCount >> 3 }
        at &+= 8
    }
    while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D { at &+= 1 }
    return at
}
