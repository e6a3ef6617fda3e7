/// A program as bit tables: one bit a position, `words` machine words for all of them.
///
/// Positions are numbered from the pattern's end, so most go on to the next lower one, which a shift does for all
/// at once. Where else they go is written out for every four positions and each of their sixteen combinations.
final class RegexTables: Sendable {
    /// Machine words that one step of a text may have to join, which bounds its time: some 70 ns.
    static let maximumWork = 128

    /// Machine words of a row: 1, 2, 4 or 8.
    let words: Int
    /// All rows of bits, one after the other; the offsets below point into it.
    let rows: [UInt64]
    /// A row without bits.
    let none: Int
    /// What does not depend on which scalar comes: by place without and with a word boundary.
    let places: [Place]
    /// Whether nothing at all has to be consumed, by ``RegexProgram/Place/number``.
    let matchesEmpty: [Bool]
    /// Whether a match may still begin, or be empty, once the text's start is behind.
    let canBeginInside: Bool
    /// Whether it matters that there is a word boundary.
    let usesWordBoundaries: Bool
    let classes: ScalarClasses
    /// First row of the positions that consume a scalar, by class.
    let accepts: Int
    /// Classes of which a scalar can begin a match inside the text.
    let begins: [Bool]

    /// Offsets of the rows for one kind of place.
    struct Place: Sendable {
        /// Positions entered at the text's start, and inside it because a match may begin anywhere.
        var entryAtStart = 0
        var entryInside = 0
        /// Positions from which the match is complete, inside and at the end.
        var acceptInside = 0
        var acceptAtEnd = 0
        /// Positions that the next higher one goes on to.
        var chain = 0
        /// Positions that go elsewhere too.
        var branching = 0
        /// Where four positions go, [four positions][combination][word].
        var branches = 0
    }

    init(_ program: RegexProgram) throws(RegexError) {
        var layout = RowLayout(positions: program.sets.count)
        func closure(_ start: Int, _ place: RegexProgram.Place) -> [Int] {
            program.closure(of: start, at: place).positions
        }
        var places: [Place] = []
        var work = 0
        for isWordBoundary in program.usesWordBoundaries ? [false, true] : [false] {
            let inside = RegexProgram.Place(isStart: false, isEnd: false, isWordBoundary: isWordBoundary)
            let atStart = RegexProgram.Place(isStart: true, isEnd: false, isWordBoundary: isWordBoundary)
            let atEnd = RegexProgram.Place(isStart: false, isEnd: true, isWordBoundary: isWordBoundary)
            var place = Place()
            place.entryAtStart = layout.append(closure(program.entry, atStart))
            place.entryInside = layout.append(closure(program.entry, inside))
            place.acceptInside = layout.append(program.positions(acceptingAt: inside))
            place.acceptAtEnd = layout.append(program.positions(acceptingAt: atEnd))
            let next = program.exits.map { closure($0, inside) }
            place.chain = layout.append(next.indices.compactMap { next[$0].contains($0 - 1) ? $0 - 1 : nil })
            let others = next.indices.map { position in next[position].filter { $0 != position - 1 } }
            place.branching = layout.append(others.indices.filter { !others[$0].isEmpty })
            place.branches = layout.appendBranches(others)
            work = max(work, Set(others.indices.filter { !others[$0].isEmpty }.map { $0 / 4 }).count * layout.words)
            places.append(place)
        }
        guard work <= RegexTables.maximumWork else {
            throw RegexError("too much of it can be under way at once: use fewer or smaller repetitions", at: 0)
        }
        let (classes, members) = ScalarClasses.make(of: program.sets)
        none = layout.append([])
        accepts = layout.rows.count
        for positions in members { _ = layout.append(positions) }
        let entries = Set(
            RegexProgram.Place.all.filter { !$0.isStart && !$0.isEnd }.flatMap { closure(program.entry, $0) })
        begins = members.map { !entries.isDisjoint(with: $0) }
        words = layout.words
        rows = layout.rows
        self.places = places
        self.classes = classes
        usesWordBoundaries = program.usesWordBoundaries
        let empty = RegexProgram.Place.all.map { program.closure(of: program.entry, at: $0).matches }
        matchesEmpty = empty
        canBeginInside =
            !entries.isEmpty || RegexProgram.Place.all.contains { !$0.isStart && !$0.isEnd && empty[$0.number] }
    }
}

extension RegexProgram {
    /// Positions after which nothing more has to be consumed.
    fileprivate func positions(acceptingAt place: Place) -> [Int] {
        exits.indices.filter { closure(of: exits[$0], at: place).matches }
    }
}

/// Lays rows of bits out one after the other.
private struct RowLayout {
    let words: Int
    private(set) var rows: [UInt64] = []

    init(positions: Int) {
        var words = 1
        while words * 64 < positions { words *= 2 }
        self.words = words
    }

    /// - Returns: where the row begins.
    mutating func append(_ positions: [Int]) -> Int {
        let start = rows.count
        rows.append(contentsOf: repeatElement(0, count: words))
        for position in positions { rows[start + position / 64] |= 1 << UInt64(position % 64) }
        return start
    }

    /// Joins the rows of every four positions in all sixteen combinations.
    mutating func appendBranches(_ next: [[Int]]) -> Int {
        let start = rows.count
        for first in stride(from: 0, to: words * 64, by: 4) {
            for combination in 0..<16 {
                let sources = (0..<4).filter { combination >> $0 & 1 == 1 && first + $0 < next.count }
                _ = append(sources.flatMap { next[first + $0] })
            }
        }
        return start
    }
}
