extension RegexTables {
    /// Whether the pattern matches anywhere in a text of valid UTF-8.
    func match(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        rows.withUnsafeBufferPointer { rows in
            classes.ascii.withUnsafeBufferPointer { ascii in
                withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * words) { scratch in
                    scratch.initialize(repeating: 0)
                    var matcher = RegexMatcher(
                        tables: self, rows: rows, ascii: ascii, text: text,
                        active: UnsafeMutableBufferPointer(rebasing: scratch[..<words]),
                        next: UnsafeMutableBufferPointer(rebasing: scratch[words...]))
                    return matcher.run()
                }
            }
        }
    }
}

/// One run over one text.
///
/// Each scalar costs a shift and, for every four positions that are under way and branch, one row of bits.
private struct RegexMatcher {
    let tables: RegexTables
    let rows: UnsafeBufferPointer<UInt64>
    let ascii: UnsafeBufferPointer<UInt16>
    let text: UnsafeBufferPointer<UInt8>
    /// Positions that consumed the scalar before `at`.
    var active: UnsafeMutableBufferPointer<UInt64>
    var next: UnsafeMutableBufferPointer<UInt64>
    var at = 0
    var isActive = false
    var previousIsWord = false

    mutating func run() -> Bool {
        while true {
            if !isActive, at > 0 { skip() }
            let isBoundary =
                tables.usesWordBoundaries && previousIsWord != (at < text.count && isWord(text[at]))
            let place = tables.places[isBoundary ? 1 : 0]
            if isAccepted(place, isBoundary: isBoundary) { return true }
            guard at < text.count else { return false }
            step(place, isBoundary: isBoundary)
        }
    }

    private func isAccepted(_ place: RegexTables.Place, isBoundary: Bool) -> Bool {
        let isEnd = at == text.count
        let here = RegexProgram.Place(isStart: at == 0, isEnd: isEnd, isWordBoundary: isBoundary)
        if tables.matchesEmpty[here.number] { return true }
        guard isActive else { return false }
        let accepting = isEnd ? place.acceptAtEnd : place.acceptInside
        for word in 0..<tables.words where active[word] & rows[accepting + word] != 0 { return true }
        return false
    }

    /// Moves to the next scalar that can begin a match, or to the end.
    private mutating func skip() {
        let start = at
        if !tables.canBeginInside {
            at = text.count
        } else if !tables.usesWordBoundaries {
            while at < text.count, text[at] < 0x80, !tables.begins[Int(ascii[Int(text[at])])] { at += 1 }
        }
        if at > start { previousIsWord = isWord(text[at - 1]) }
    }

    private mutating func step(_ place: RegexTables.Place, isBoundary: Bool) {
        let words = tables.words
        let entry = at == 0 ? place.entryAtStart : place.entryInside
        if isActive {
            for word in 0..<words {
                let above = word + 1 < words ? active[word + 1] << 63 : 0
                next[word] = rows[entry + word] | (active[word] >> 1 | above) & rows[place.chain + word]
            }
            for word in 0..<words {
                var rest = active[word] & rows[place.branching + word]
                while rest != 0 {
                    let shift = rest.trailingZeroBitCount & ~3
                    let source = place.branches + ((word * 16 + shift / 4) * 16 + Int(rest >> shift & 15)) * words
                    for target in 0..<words { next[target] |= rows[source + target] }
                    rest &= ~(15 << shift)
                }
            }
        } else {
            for word in 0..<words { next[word] = rows[entry + word] }
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
        let accepts = tables.accepts + scalarClass * words
        var any: UInt64 = 0
        var change: UInt64 = 0
        for word in 0..<words {
            next[word] &= rows[accepts + word]
            any |= next[word]
            change |= next[word] ^ active[word]
        }
        isActive = any != 0
        swap(&active, &next)
        // A run of one byte that changes nothing any more is passed over: inside it there are no boundaries.
        if change == 0, isActive, byte < 0x80, !isBoundary {
            while at + 1 < text.count, text[at] == byte, text[at + 1] == byte { at += 1 }
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
