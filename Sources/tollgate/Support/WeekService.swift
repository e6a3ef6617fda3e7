import Foundation
import Ingest
import Reports
import ServiceLifecycle
import Warehouse

/// Looks through each week once it is over, so that its report is there at once on Monday.
///
/// A thread that is not waited for: it only reads, and what it keeps is written whole or not at all.
struct WeekService: Service {
    /// Seconds from the start to the first look, which leaves the start to the rest.
    private static let first = 30.0
    /// Seconds between looks: as long a week's last calls may be answered late, so that it is looked through again.
    private static let pause = 900.0

    let warehouse: String

    func run() async throws {
        let stop = StopFlag()
        WeekService.begin(warehouse, until: stop)
        await withTaskCancellationOrGracefulShutdownHandler {
            while !stop.isSet { try? await Task.sleep(for: .milliseconds(100)) }
        } onCancelOrGracefulShutdown: {
            stop.set()
        }
    }

    /// Looks from time to time, on a thread of its own, until it is stopped.
    static func begin(_ warehouse: String, until stop: StopFlag) {
        let thread = Thread {
            var trouble: String?
            var next = Date().addingTimeInterval(first)
            while !stop.isSet {
                Thread.sleep(forTimeInterval: 0.2)
                guard Date() >= next else { continue }
                trouble = look(warehouse, before: trouble)
                next = Date().addingTimeInterval(pause)
            }
        }
        thread.name = "weekly"
        thread.start()
    }

    /// One look.
    ///
    /// - Parameter before: what was in the way of the last one.
    /// - Returns: what is in the way; each is told once.
    private static func look(_ warehouse: String, before: String?) -> String? {
        do {
            if let week = try WeeklyReport.prepare(in: try WarehouseStore(reading: warehouse)) {
                Console.error("tollgate: weekly: looked through \(week): its report is ready\n")
            }
            return nil
        } catch let error as WarehouseError where error.code == .notFound {
            return nil
        } catch let error as ReportError where error.code == .noEvents {
            // Nothing was loaded yet.
            return nil
        } catch {
            let trouble = "\(error)"
            if trouble != before { Console.error("tollgate: weekly: \(trouble); trying again\n") }
            return trouble
        }
    }
}
