/// Comma-separated values as RFC 4180 has them, with LF as well as CRLF, and a byte order mark in front forgiven.
enum CommaSeparated {
    /// A record and the line it begins on, from 1.
    struct Row: Equatable {
        var line: Int
        var fields: [String]
    }

    /// A text that cannot be read.
    struct Defect: Error, Equatable {
        var line: Int
        var words: String
    }

    /// The records of a text; empty lines are left out.
    ///
    /// - Throws: `Defect` for the first thing that is no comma-separated text.
    static func rows(_ bytes: [UInt8]) throws(Defect) -> [Row] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if let bad = lines.firstIndex(where: { String(validating: $0, as: UTF8.self) == nil }) {
            throw Defect(line: bad + 1, words: "not UTF-8")
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var reader = Reader(bytes: bytes, at: bytes.starts(with: mark) ? mark.count : 0)
        var rows: [Row] = []
        while !reader.isAtEnd {
            let row = try reader.row()
            if row.fields != [""] { rows.append(row) }
        }
        return rows
    }

    private struct Reader {
        let bytes: [UInt8]
        var at: Int
        var line = 1

        var isAtEnd: Bool { at >= bytes.count }

        mutating func row() throws(Defect) -> Row {
            var row = Row(line: line, fields: [])
            while true {
                row.fields.append(try field())
                guard !isAtEnd else { return row }
                let separator = bytes[at]
                at += 1
                if separator == UInt8(ascii: ",") { continue }
                if separator == UInt8(ascii: "\r") { at += 1 }
                line += 1
                return row
            }
        }

        /// One field; stops at a comma, a line's end, or the text's.
        private mutating func field() throws(Defect) -> String {
            var content: [UInt8] = []
            guard !isAtEnd, bytes[at] == UInt8(ascii: "\"") else {
                while !isAtEnd, bytes[at] != UInt8(ascii: ","), !isLineEnd {
                    guard bytes[at] != UInt8(ascii: "\"") else {
                        throw Defect(line: line, words: "a quotation mark inside a field that does not begin with one")
                    }
                    content.append(bytes[at])
                    at += 1
                }
                return String(decoding: content, as: UTF8.self)
            }
            let first = line
            at += 1
            while true {
                guard !isAtEnd else { throw Defect(line: first, words: "a quotation mark that is never closed") }
                let byte = bytes[at]
                at += 1
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    content.append(byte)
                    continue
                }
                if !isAtEnd, bytes[at] == byte {
                    content.append(byte)
                    at += 1
                    continue
                }
                guard isAtEnd || bytes[at] == UInt8(ascii: ",") || isLineEnd else {
                    throw Defect(line: line, words: "text behind a closing quotation mark")
                }
                return String(decoding: content, as: UTF8.self)
            }
        }

        /// Whether LF or CRLF stands here; CR alone is text.
        private var isLineEnd: Bool {
            bytes[at] == UInt8(ascii: "\n")
                || (bytes[at] == UInt8(ascii: "\r") && at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "\n"))
        }
    }
}
