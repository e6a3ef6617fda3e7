import AuditLog
public import Warehouse

/// What a pass of retention has deleted from a warehouse.
public struct KeepSummary: Sendable, Equatable {
    /// Rows, by what they belonged to.
    public var rows: [KeepRule.Subject: Int] = [:]
    /// Pages given back to the file system.
    public var freedPages = 0

    /// All rows.
    public var total: Int { rows.values.reduce(0, +) }

    init(_ run: RetentionRun) {
        rows = run.deleted
        freedPages = run.freedPages
    }

    /// `deleted 1200 calls, 36 hours; gave back 210 pages`.
    public var line: String {
        let parts = KeepRule.Subject.allCases.compactMap { subject in
            rows[subject].map { "\($0) of \(subject.rawValue)" }
        }
        return "deleted \(parts.isEmpty ? "nothing" : parts.joined(separator: ", ")); gave back \(freedPages) pages"
    }
}

extension Ingester {
    /// Deletes from the warehouse what a rule no longer keeps and gives its space back; the log is not touched.
    ///
    /// Between two steps it rests as long as the last one took: another writer waits for one of them at the most, and
    /// gets its turn before the next.
    ///
    /// - Parameter progress: is told how many rows have been deleted.
    /// - Throws: `IngestError.warehouse`.
    public func keep(_ rule: KeepRule, _ progress: (Int) -> Void = { _ in }) throws(IngestError) -> KeepSummary {
        do throws(WarehouseError) {
            let run = try loader.retention(rule, now: wallClock.now())
            var isDone = false
            while !isDone {
                let start = clock.now
                isDone = try !run.step()
                progress(run.deleted.values.reduce(0, +))
                Ingester.sleep(microseconds: (clock.now - start).microseconds)
            }
            return KeepSummary(run)
        } catch {
            throw .warehouse(error)
        }
    }
}

/// Retention beside following: a step between two transactions, a pass each hour.
struct KeepPace {
    private let rule: KeepRule
    private let microseconds: Int64
    private var run: RetentionRun?
    private var last: ContinuousClock.Instant?

    init?(_ options: IngestOptions) {
        guard let rule = options.keep else { return nil }
        self.rule = rule
        microseconds = options.keepMicroseconds
    }

    /// Whether a pass is under way, or it is time for one.
    func isDue(_ now: ContinuousClock.Instant) -> Bool {
        run != nil || (last.map { (now - $0).microseconds >= microseconds } ?? true)
    }

    /// Does a little more of a pass, or begins one; gives what it came to when it ends.
    mutating func step(_ ingester: Ingester) throws(IngestError) -> KeepSummary? {
        do throws(WarehouseError) {
            if run == nil { run = try ingester.loader.retention(rule, now: ingester.wallClock.now()) }
            last = ingester.clock.now
            guard let run, try !run.step() else { return nil }
            self.run = nil
            return KeepSummary(run)
        } catch {
            // What it had decided may no longer hold; the next pass looks anew.
            run = nil
            last = nil
            throw .warehouse(error)
        }
    }
}
