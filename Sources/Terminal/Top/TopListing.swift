public import Events

/// What `tollgate top --once` prints: alerts that fire, then a table of rows.
public struct TopListing {
    private let rows: [TopRow]
    private let alerts: TopAlerts
    private let now: Timestamp

    /// Makes a listing; rows stand as they come.
    public init(rows: [TopRow], alerts: TopAlerts, now: Timestamp) {
        self.rows = rows
        self.alerts = alerts
        self.now = now
    }

    /// The listing for people.
    ///
    /// - Parameters:
    ///   - width: cells in a line; nil for no limit.
    ///   - palette: paints it.
    public func text(width: Int?, _ palette: Palette) -> String {
        var text = ""
        for alert in alerts.firing {
            let tool = [alert.server, alert.tool].compactMap(\.self).joined(separator: "·")
            let subject = [alert.agent ?? "", tool].filter { !$0.isEmpty }.joined(separator: " → ")
            text += palette.paint(alert.severity.uppercased(), alert.severity == "page" ? .alarm : .yellow)
            text += VisibleText.of(" \(alert.rule) \(subject): \(alert.summary)") + "\n"
        }
        if !text.isEmpty { text += "\n" }
        let columns = TopColumn.allCases
        var table = TextTable(
            columns.enumerated().map { place, column in
                TextTable.Column(
                    column.title, column.isText ? .left : .right, minimumWidth: column.isText ? 8 : nil,
                    dropOrder: place < 3 ? 0 : place)
            })
        for row in rows {
            table.append(
                columns.map { column in
                    let (text, ink) = column.cell(row, at: now)
                    return TextTable.Cell(text, ink)
                })
        }
        return text + table.render(width: width, palette: palette)
    }
}
