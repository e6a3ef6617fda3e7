/// Rows for spreadsheets, RFC 4180: CRLF, quotes where they are needed.
///
/// Values are exact; nothing is rounded or grouped.
struct CSV: Sendable {
    enum Value: Sendable {
        case text(String)
        case number(Int)
        case decimal(Double)
        case empty
    }

    var columns: [String]
    var rows: [[Value]]

    var text: String {
        var text = columns.map(CSV.quoted).joined(separator: ",") + "\r\n"
        for row in rows {
            text += row.map(CSV.written).joined(separator: ",") + "\r\n"
        }
        return text
    }

    private static func written(_ value: Value) -> String {
        switch value {
        case .text(let text): quoted(text)
        case .number(let number): String(number)
        case .decimal(let number): String(ReportNumber.rounded(number))
        case .empty: ""
        }
    }

    /// Bytes rather than characters: a `\r\n` is one character to Swift and would be missed.
    static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }
        guard needsQuotes else { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { result += "\"" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
