import Detection
public import Warehouse

extension WeeklyReport {
    /// Finds the runaways of the last complete week and keeps them in the warehouse, where the week has so many calls that its
    /// report would be late for it.
    ///
    /// - Parameter leastRecords: from how many records on they are kept.
    /// - Returns: the week; nil where nothing was to be found, or it is kept already.
    /// - Throws: `ReportError`, also where it cannot be kept.
    public static func prepare(
        in store: WarehouseStore, options: WeeklyOptions = WeeklyOptions(), leastRecords: Int = 400_000
    ) throws(ReportError) -> ISOWeek? {
        let (window, _) = try window(of: store, options)
        var finder = IncidentFinder(options)
        finder.mostRecords = leastRecords
        guard !window.isPartial, try finder.prepare(window, in: store) else { return nil }
        return window.week
    }
}

extension IncidentFinder {
    init(_ options: WeeklyOptions) {
        self.init(settings: options.detection, learningDays: options.learningDays)
    }

    /// The episodes of a report's week.
    func episodes(of window: WeekWindow, in store: WarehouseStore) throws(ReportError) -> [Episode] {
        try episodes(in: window.period, of: store, logs: try IncidentFinder.logs(of: store), isOver: !window.isPartial)
    }

    /// Finds and keeps what is not kept yet; whether there was something to do.
    fileprivate func prepare(_ window: WeekWindow, in store: WarehouseStore) throws(ReportError) -> Bool {
        guard let kept = try kept(of: window.period, in: store), try kept.read() == nil else { return false }
        try kept.keep(try findings(in: window.period, of: store, logs: try IncidentFinder.logs(of: store)))
        return true
    }

    private static func logs(of store: WarehouseStore) throws(ReportError) -> [Int: String] {
        let logs = try ask { () throws(WarehouseError) in try store.logCoverage() }
        return Dictionary(logs.map { ($0.id, $0.name) }) { a, _ in a }
    }
}
