import Events
import Terminal

/// The day of an incident, hour by hour, on the band of what its hours usually hold.
struct IncidentDay {
    let incident: IncidentFigures
    let day: DayShapeFigures
    let zone: ReportZone

    var chart: Chart {
        let hours = day.passed.indices.map { hour in
            zone.minute(Moment(day.from.timestamp.advanced(by: Int64(hour) * 3_600_000_000)))
        }
        let totals = zip(day.passed, day.stopped).map(+)
        let top = totals.max() ?? 0
        let busiest = totals.firstIndex(of: top) ?? 0
        let usual = day.usualHigh.indices.contains(busiest) ? day.usualHigh[busiest] : 0
        var bars = Chart.Bars(
            labels: hours.enumerated().map { $0.isMultiple(of: 3) ? $1 : "" }, titles: hours,
            layers: [
                .init(name: "reached the server", tone: .plain, values: day.passed),
                .init(name: "stopped", tone: .bad, values: day.stopped),
            ], unit: "calls per hour", height: 72)
        bars.hasTitles = false
        bars.band = Chart.Bars.Band(
            name: "usual for the hour of the day, 28 days before", low: day.usualLow, high: day.usualHigh)
        let alternative: Prose =
            "The same pair on \(zone.date(day.from)), calls per hour; most from \(hours.indices.contains(busiest) ? hours[busiest] : ""): \(top), where up to \(usual) are usual."
        return Chart(kind: .bars(bars), alternative: alternative)
    }
}
