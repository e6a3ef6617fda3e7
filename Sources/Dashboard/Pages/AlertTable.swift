import Alerts
import Events
import Reports
import Terminal

/// Alerts as a table.
enum AlertTable {
    static func html(_ standings: [AlertStanding]) -> HTML {
        let rows = standings.map { standing -> HTML in
            let notice = standing.notice
            let target = [notice.server, notice.tool].compactMap { $0 }.joined(separator: "·")
            let agent: HTML =
                notice.agent.map { "<a href=\"\(PageAddress.agent($0))\">\(VisibleText.of($0))</a>" } ?? "–"
            return """
                <tr><td class="\(tone(standing))">\(notice.severity)</td><td>\(standing.state)</td>\
                <td><a href="\(PageAddress.alert(notice.id))">\(notice.rule)</a></td><td class="nm">\(agent)</td>\
                <td class="nm">\(VisibleText.of(target))</td>\
                <td>\(Words.moment(Timestamp(microseconds: notice.start)))</td>\
                <td class="wide">\(VisibleText.of(notice.summary))</td></tr>
                """
        }
        return """
            <div class="scroll" tabindex="0"><table><thead><tr><th scope="col">severity</th><th scope="col">state</th>\
            <th scope="col">rule</th><th scope="col">agent</th><th scope="col">tool</th><th scope="col">began</th>\
            <th scope="col">what</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    /// A card's edge: as its severity while it is open.
    static func edge(_ standing: AlertStanding) -> String {
        let tone = tone(standing)
        return tone == "quiet" ? "plain" : tone
    }

    static func tone(_ standing: AlertStanding) -> String {
        guard standing.state != "resolved" else { return "quiet" }
        return standing.notice.severity == "page" ? "bad" : standing.notice.severity == "warn" ? "warn" : "plain"
    }
}
