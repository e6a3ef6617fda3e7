import Events
import Warehouse

extension BrakeFigures {
    /// Brakes that were on in a period, the oldest first, read from the gateways' records of them.
    static func all(
        from store: WarehouseStore, in period: Period, where filter: CallFilter = .all
    ) throws(ReportError) -> [BrakeFigures] {
        // One that was put on in the day before may have been on in the period.
        let reach = Period(from: period.from.advanced(by: -86_400_000_000), to: period.to)
        let rows = try ask { () throws(WarehouseError) in
            try store.controlEvents(in: reach, of: [.brake, .brakeLifted])
        }
        var brakes: [String: BrakeFigures] = [:]
        for row in rows {
            let name = row.control.text(.firstRecord) ?? "\(row.record)"
            if row.control.event == .brakeLifted {
                brakes[name]?.end(row.control, at: row.at)
            } else if let known = brakes[name] {
                brakes[name]?.until =
                    row.control.text(.to).flatMap { Timestamp(text: $0) }.map { Moment($0) } ?? known.until
            } else {
                brakes[name] = BrakeFigures(row.control, id: name, at: row.at)
            }
        }
        var found: [BrakeFigures] = []
        for var brake in brakes.values {
            let end = (brake.ended ?? brake.until).timestamp
            guard end >= period.from, filter.agent.map({ $0 == brake.agent }) ?? true,
                filter.server.map({ $0 == brake.server }) ?? true, filter.tool.map({ $0 == brake.tool }) ?? true
            else { continue }
            brake.stopped = try calls(brake, until: min(end, period.to), of: store)
            found.append(brake)
        }
        return found.sorted { ($0.began, $0.id) < ($1.began, $1.id) }
    }

    private static func calls(
        _ brake: BrakeFigures, until end: Timestamp, of store: WarehouseStore
    ) throws(ReportError) -> Int {
        let pair = CallFilter(agent: brake.agent, server: brake.server, tool: brake.tool)
        let span = Period(from: brake.began.timestamp, to: max(end, brake.began.timestamp).advanced(by: 1))
        return try ask { () throws(WarehouseError) in
            var stream = store.calls(in: span, where: pair)
            var count = 0
            while let call = try stream.next() { count += call.reason == .brake ? 1 : 0 }
            return count
        }
    }

    private init?(_ control: Control, id: String, at: Timestamp) {
        guard let agent = control.text(.agent), let server = control.text(.server), let tool = control.text(.tool),
            let until = control.text(.to).flatMap({ Timestamp(text: $0) })
        else { return nil }
        self.init(
            id: id, agent: agent, server: server, tool: tool, rule: control.text(.rule) ?? "",
            alert: control.text(.id), action: control.text(.state) ?? "", by: control.text(.by) ?? "",
            why: control.text(.summary) ?? control.text(.reason),
            began: Moment(control.text(.start).flatMap { Timestamp(text: $0) } ?? at), until: Moment(until))
    }

    private mutating func end(_ control: Control, at: Timestamp) {
        ended = Moment(at)
        liftedBy = control.text(.by)
        liftedWhy = liftedBy == nil ? nil : control.text(.reason)
    }
}
