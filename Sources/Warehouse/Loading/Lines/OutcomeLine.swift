import Events

/// What the warehouse keeps of an outcome's line.
struct OutcomeLine {
    var of: UInt64
    var result: JoinedOutcome

    private static let endings: [(word: [UInt8], code: Int64)] = Ending.allCases.map {
        (Array($0.rawValue.utf8), OutcomeCode.of($0))
    }

    /// Reads the rest of a line, its `kind` already passed: the order of the lines below is that of the keys.
    init?(_ line: inout LineCursor) {
        guard line.skip(",\"of\":"), let of = line.number() else { return nil }
        if line.skip(",\"agent\":\""), line.text() == nil { return nil }
        if line.skip(",\"server\":\""), line.text() == nil { return nil }
        if line.skip(",\"tool\":\""), line.text() == nil { return nil }
        if line.skip(",\"method\":\""), line.text() == nil { return nil }
        guard line.skip(",\"outcome\":\""), let word = line.text(),
            let code = OutcomeLine.code(UnsafeRawBufferPointer(rebasing: line.bytes[word]))
        else { return nil }
        self.of = UInt64(of)
        result = JoinedOutcome(outcome: code)
        if line.skip(",\"code\":") {
            let isNegative = line.skip("-")
            guard let number = line.number() else { return nil }
            result.code = isNegative ? -number : number
        }
        if line.skip(",\"reservation\":\""), !line.skip("committed\""), !line.skip("rolled_back\"") { return nil }
        if line.skip(",\"wait_us\":") {
            guard let number = line.number() else { return nil }
            result.waitMicroseconds = Bound.duration(number)
        }
        if line.skip(",\"upstream_us\":") {
            guard let number = line.number() else { return nil }
            result.upstreamMicroseconds = Bound.duration(number)
        }
        if line.skip(",\"gateway_us\":"), line.number() == nil { return nil }
        if line.skip(",\"result_bytes\":") {
            guard let number = line.number() else { return nil }
            result.resultBytes = number
        }
        if line.skip(",\"result_digest\":\"") {
            guard let digest = line.digest() else { return nil }
            result.resultDigest = digest
        }
        guard line.skip("}"), line.isAtEnd else { return nil }
    }

    @inline(__always)
    private static func code(_ word: UnsafeRawBufferPointer) -> Int64? {
        for ending in endings where ending.word.count == word.count && word.elementsEqual(ending.word) {
            return ending.code
        }
        return nil
    }
}
