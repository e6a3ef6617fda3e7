import Alerts
public import Events
import Foundation
import Synchronization

/// `/metrics`: what was counted of the logs, and what the process that serves it knows besides.
///
/// One thread hands it the logs' records; any thread asks for the page.
public final class MetricsDesk: Sendable {
    private let counted: Mutex<LogMetrics>
    private let version: String
    private let gateway: @Sendable () -> GatewayGauges?
    private let warehouse: (@Sendable () throws -> WarehouseGauges)?

    /// - Parameters:
    ///   - version: tollgate's.
    ///   - since: the process's beginning.
    ///   - gateway: asks the gateway of this process; nil where there is none. May block for a moment.
    ///   - warehouse: asks the warehouse; nil where nobody loads one. May block for a moment.
    public init(
        version: String, since: Timestamp, limits: MetricLimits = MetricLimits(),
        gateway: @escaping @Sendable () -> GatewayGauges? = { nil },
        warehouse: (@Sendable () throws -> WarehouseGauges)? = nil
    ) {
        counted = Mutex(LogMetrics(since: since, limits: limits))
        self.version = version
        self.gateway = gateway
        self.warehouse = warehouse
    }

    /// The page's `Content-Type`.
    public static let contentType = MetricsText.contentType

    /// Changes what was counted: how the logs' records, and what else is found there, come in.
    public func count(_ body: (inout LogMetrics) -> Void) {
        counted.withLock { body(&$0) }
    }

    /// The page; blocks while the gateway and the warehouse are asked.
    public func page() -> String {
        let places = warehouse.map { ask in Result { try ask() } }
        let gateway = gateway()
        // A copy, so that following the logs waits for no writing. Last, so that the logs are not behind the warehouse.
        let counted = counted.withLock { $0 }
        var text = MetricsText()
        counted.write(to: &text)
        GatewayGauges.write(gateway, to: &text)
        counted.write(places, to: &text)
        text.add(.buildInfo, [Sample([version], 1.0)])
        ProcessGauges.read().write(to: &text)
        return text.text
    }
}

extension MetricsDesk {
    /// The desk of a dashboard: it knows of the alerts that are open already, and asks the dashboard's warehouse.
    convenience init(_ settings: DashboardSettings) {
        let stores = StoreShelf()
        self.init(
            version: settings.version, since: settings.since, gateway: settings.gateway,
            warehouse: { try WarehouseGauges(stores.open(settings.warehouse)) })
        guard FileManager.default.fileExists(atPath: settings.outbox),
            let standings = try? Outbox(existing: settings.outbox).standings()
        else { return }
        count { counted in
            for standing in standings {
                counted.takeOver(
                    alert: standing.notice.id, rule: standing.notice.rule, severity: standing.notice.severity,
                    state: standing.state)
            }
        }
    }
}
