/// Finds signed heads in whatever carries them: a note by itself, a report as text, Markdown or HTML, an alert's JSON.
public enum HeadFinder {
    /// All heads of a log in a text, in their order.
    ///
    /// - Parameter origin: the log's; heads of others are passed over.
    public static func heads(of origin: String, in text: String) -> [(note: SignedNote, head: TreeHead)] {
        // In JSON a note is one string; mail has CRLF, which Swift takes for one character.
        let plain = text.replacing("\r\n", with: "\n").replacing("\\n", with: "\n").replacing(
            "\\u2014", with: "\u{2014}")
        let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map(HeadFinder.bare)
        var found: [(note: SignedNote, head: TreeHead)] = []
        for (index, line) in lines.enumerated() where line.hasSuffix(origin) {
            guard let blank = lines[index...].prefix(100).firstIndex(where: \.isEmpty) else { continue }
            let signatures = lines[(blank + 1)...].prefix { $0.hasPrefix(SignedNote.mark) }
            let body = [origin[...]] + lines[(index + 1)..<blank]
            let whole = body + [""] + signatures
            guard !signatures.isEmpty, let note = SignedNote(whole.joined(separator: "\n") + "\n"),
                let head = TreeHead(text: note.text), head.origin == origin
            else { continue }
            found.append((note, head))
        }
        return found
    }

    /// A line without what a report's form may have put around it.
    private static func bare(_ line: Substring) -> Substring {
        var line = line
        while let last = line.last, last.isWhitespace || last == "\r" { line.removeLast() }
        while let first = line.first, first == " " || first == "\t" || first == ">" { line.removeFirst() }
        // The end of an element or of a string behind the last signature.
        if line.hasPrefix(SignedNote.mark), let end = line.firstIndex(where: { $0 == "<" || $0 == "\"" }) {
            line = line[..<end]
        }
        return line
    }
}
