import Terminal

/// The hours of the week, calls and stopped calls.
struct HourBlocks {
    let report: WeeklyReport

    var section: Section {
        var blocks: [Block] = []
        if report.hours.calls.contains(where: { $0 > 0 }) {
            blocks.append(.chart(chart(report.hours.calls, "calls", .plain, "hours")))
        }
        if report.hours.stopped.contains(where: { $0 > 0 }) {
            blocks.append(.chart(chart(report.hours.stopped, "stopped calls", .bad, nil)))
        }
        if let share = report.hours.offHoursShare {
            blocks.append(
                .paragraph(
                    "\(strong: Words.percent(share)) of all calls came outside Monday to Friday, 07–19 h UTC.", .plain))
        }
        if blocks.isEmpty { blocks.append(.paragraph("No calls.", .plain)) }
        return Section(
            id: "hours", title: "Hours of the week", lead: "When agents work, and when they are stopped; UTC.",
            blocks: blocks)
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
