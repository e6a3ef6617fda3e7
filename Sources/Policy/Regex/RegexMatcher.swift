extension RegexTables {
    /// Whether the pattern matches anywhere in a text of valid UTF-8.
    func match(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        switch words {
        case 1: match(text, UInt64.self)
        case 2: match(text, SIMD2<UInt64>.self)
        case 4: match(text, SIMD4<UInt64>.self)
        default: match(text, SIMD8<UInt64>.self)
        }
    }

    @inline(__always)
    private func match<Row: BitRow>(_ text: UnsafeBufferPointer<UInt8>, _: Row.Type) -> Bool {
        rows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return false }
            return classes.ascii.withUnsafeBufferPointer { ascii in
                var matcher = RegexMatcher<Row>(tables: self, rows: rows, ascii: ascii, text: text)
                return matcher.run()
            }
        }
    }
}

/// One run over one text.
///
/// Each scalar costs a shift and, for every four positions that are under way and branch, one row of bits.
private struct RegexMatcher<Row: BitRow> {
    private let tables: RegexTables
    private let rows: UnsafePointer<UInt64>
    private let ascii: UnsafeBufferPointer<UInt16>
    private let text: UnsafeBufferPointer<UInt8>
    private let usesWordBoundaries: Bool
    private let places: (RegexTables.Place, RegexTables.Place)
    private let none: Row
    /// Positions that consumed the scalar before `at`.
    private var active: Row
    private var at = 0
    private var previousIsWord = false

    init(
        tables: RegexTables, rows: UnsafePointer<UInt64>, ascii: UnsafeBufferPointer<UInt16>,
        text: UnsafeBufferPointer<UInt8>
    ) {
        self.tables = tables
        self.rows = rows
        self.ascii = ascii
        self.text = text
        usesWordBoundaries = tables.usesWordBoundaries
        places = (tables.places[0], tables.places[tables.places.count - 1])
        none = Row.row(rows, at: tables.none)
        active = none
    }

    @inline(__always)
    mutating func run() -> Bool {
        while true {
            if active.isEmpty, at > 0 { skip() }
            let isBoundary = usesWordBoundaries && previousIsWord != (at < text.count && isWord(text[at]))
            let place = isBoundary ? places.1 : places.0
            if isAccepted(place, isBoundary: isBoundary) { return true }
            guard at < text.count else { return false }
            step(place, isBoundary: isBoundary)
        }
    }

    @inline(__always)
    private func isAccepted(_ place: RegexTables.Place, isBoundary: Bool) -> Bool {
        let isEnd = at == text.count
        // Inside a text without boundaries an empty match was possible at its start already.
        if at == 0 || isEnd || usesWordBoundaries {
            let here = RegexProgram.Place(isStart: at == 0, isEnd: isEnd, isWordBoundary: isBoundary)
            if tables.matchesEmpty[here.number] { return true }
        }
        return !(active & Row.row(rows, at: isEnd ? place.acceptAtEnd : place.acceptInside)).isEmpty
    }

    /// Moves to the next scalar that can begin a match, or to the end.
    private mutating func skip() {
        let start = at
        if !tables.canBeginInside {
            at = text.count
        } else if !usesWordBoundaries {
            tables.begins.withUnsafeBufferPointer { begins in
                while at < text.count, text[at] < 0x80, !begins[Int(ascii[Int(text[at])])] { at += 1 }
            }
        }
        if at > start { previousIsWord = isWord(text[at - 1]) }
    }

    @inline(__always)
    private mutating func step(_ place: RegexTables.Place, isBoundary: Bool) {
        var next = Row.row(rows, at: at == 0 ? place.entryAtStart : place.entryInside)
        if !active.isEmpty {
            next = next | active.shiftedDown & Row.row(rows, at: place.chain)
            let branching = active & Row.row(rows, at: place.branching)
            for word in 0..<Row.words {
                var rest = branching.word(word)
                let first = place.branches + word * 256 * Row.words
                while rest != 0 {
                    let shift = rest.trailingZeroBitCount & ~3
                    let combination = Int(truncatingIfNeeded: rest &>> UInt64(shift) & 15)
                    next = next | Row.row(rows, at: first + (shift * 4 + combination) * Row.words)
                    rest &= ~(15 &<< UInt64(shift))
                }
            }
        }
        let byte = text[at]
        let scalarClass: Int
        if byte < 0x80 {
            scalarClass = Int(ascii[Int(byte)])
            at += 1
        } else {
            scalarClass = tables.classes.of(decodeScalar())
        }
        previousIsWord = isWord(byte)
        next = next & Row.row(rows, at: tables.accepts + scalarClass * Row.words)
        let isUnchanged = next.equals(active)
        active = next
        // A run of one byte that changes nothing any more is passed over: inside it there are no boundaries.
        if isUnchanged, byte < 0x80, !isBoundary, !active.isEmpty {
            while at + 1 < text.count, text[at] == byte { at += 1 }
        }
    }

    /// Decodes the scalar at `at` and moves past it; the text is valid UTF-8.
    private mutating func decodeScalar() -> UInt32 {
        let byte = UInt32(text[at])
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        var scalar = byte & (0x7F >> UInt32(length))
        for index in 1..<length where at + index < text.count {
            scalar = scalar << 6 | UInt32(text[at + index] & 0x3F)
        }
        at = min(at + length, text.count)
        return scalar
    }

    @inline(__always)
    private func isWord(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
            || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: "_")
    }
}
