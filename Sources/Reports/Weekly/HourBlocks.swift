import Terminal

/// The hours of the week, calls and stopped calls.
struct HourBlocks {
    let hours: HourFigures
    let zone: ReportZone

    var section: Section {
        Section(
            id: "hours", title: "Hours of the week",
            lead: "When agents work, and when they are stopped; \(zone.name).", blocks: blocks)
    }

    var blocks: [Block] {
        var blocks: [Block] = []
        if hours.calls.contains(where: { $0 > 0 }) {
            blocks.append(.chart(chart(hours.calls, "calls", .plain, "hours")))
        }
        if hours.stopped.contains(where: { $0 > 0 }) {
            blocks.append(.chart(chart(hours.stopped, "stopped calls", .bad, nil)))
        }
        if let share = hours.offHoursShare {
            blocks.append(
                .paragraph(
                    "\(strong: Words.percent(share)) of all calls came outside Monday to Friday, 07–19 h \(zone.name)\(stoppedShare).",
                    .plain))
        }
        if blocks.isEmpty { blocks.append(.paragraph("No calls.", .plain)) }
        return blocks
    }

    private var stoppedShare: Prose {
        hours.offHoursStoppedShare.map { ", and \(strong: Words.percent($0)) of the stopped ones" } ?? ""
    }

    private func hour(_ hour: Int) -> String { hour < 10 ? "0\(hour)" : "\(hour)" }

    private func chart(_ values: [Int], _ unit: String, _ tone: Tone, _ query: String?) -> Chart {
        let rows = (0..<7).map { day in
            let hours = Array(values[day * 24..<day * 24 + 24])
            return Chart.Heat.Row(
                label: Prose(stringLiteral: Words.weekdays[day]), values: hours, note: Words.count(hours.reduce(0, +)))
        }
        let heat = Chart.Heat(
            columns: (0..<24).map(hour), rows: rows, unit: unit, writesNumbers: false, tone: tone)
        let top = values.indices.max { values[$0] < values[$1] } ?? 0
        let busiest: Prose =
            "Most \(unit): \(Words.weekdays[top / 24]) \(hour(top % 24))–\(hour(top % 24 + 1)) h, \(values[top])."
        return Chart(kind: .heat(heat), alternative: busiest, query: query)
    }
}
