import Events

/// A list of grants to make, as a spreadsheet saves it: `id,agent,server,policy[,expires,note]`.
struct GrantSheet {
    /// A request and the line it stands on.
    struct Entry: Equatable {
        var line: Int
        var request: GrantRequest
    }

    private static let required = ["id", "agent", "server", "policy"]
    private static let columns = required + ["expires", "note"]

    /// The requests, in the order of the text.
    private(set) var entries: [Entry] = []
    /// Everything that is wrong, each with its line.
    private(set) var defects: [String] = []

    /// Reads a sheet; columns may stand in any order, several servers of one grant are separated by spaces.
    init(_ bytes: [UInt8], known: GrantRequest.Known) {
        let rows: [CommaSeparated.Row]
        do {
            rows = try CommaSeparated.rows(bytes)
        } catch {
            defects = ["line \(error.line): \(error.words)"]
            return
        }
        guard let header = rows.first, let columns = columns(of: header) else {
            if rows.isEmpty { defects = ["line 1: found nothing; expected the header id,agent,server,policy"] }
            return
        }
        var seen: [String: Int] = [:]
        for row in rows.dropFirst() {
            guard let request = request(row, columns) else { continue }
            defects += request.defects(known).map { "line \(row.line): \($0)" }
            if let first = seen[request.id] {
                defects.append("line \(row.line): id: \"\(request.id)\" stands in line \(first) as well")
            } else {
                seen[request.id] = row.line
            }
            entries.append(Entry(line: row.line, request: request))
        }
        if rows.count == 1 { defects.append("line \(header.line): found no rows; expected one for each grant") }
    }

    private mutating func columns(of header: CommaSeparated.Row) -> [String]? {
        let names = header.fields.map { $0.trimmed.lowercased() }
        for name in names where !GrantSheet.columns.contains(name) {
            let nearest = NearestName.nearest(to: name, among: GrantSheet.columns).map { "; nearest: \($0)" } ?? ""
            defects.append(
                "line \(header.line): found a column \"\(name.prefix(60))\"; expected "
                    + ConfigurationReader.list(GrantSheet.columns) + nearest)
        }
        for name in GrantSheet.required where !names.contains(name) {
            defects.append("line \(header.line): found no column \"\(name)\"")
        }
        if Set(names).count != names.count { defects.append("line \(header.line): found a column twice") }
        return defects.isEmpty ? names : nil
    }

    private mutating func request(_ row: CommaSeparated.Row, _ columns: [String]) -> GrantRequest? {
        guard row.fields.count == columns.count else {
            defects.append("line \(row.line): found \(row.fields.count) fields; expected \(columns.count)")
            return nil
        }
        let values = Dictionary(zip(columns, row.fields.map(\.trimmed))) { first, _ in first }
        func value(_ column: String) -> String? { values[column].flatMap { $0.isEmpty ? nil : $0 } }
        var expires: Timestamp?
        if let text = value("expires") {
            expires = Timestamp(text: text)
            if expires == nil {
                defects.append("line \(row.line): expires: expected a moment in UTC such as \"2026-12-31T23:59:59Z\"")
            }
        }
        return GrantRequest(
            id: value("id") ?? "", agent: value("agent") ?? "",
            servers: (value("server") ?? "").split(separator: " ").map(String.init), policy: value("policy"),
            expires: expires, note: value("note"))
    }
}

extension String {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        let front = drop(while: isSpace)
        guard let last = front.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(front[...last])
    }
}
