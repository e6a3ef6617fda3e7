public import Events
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
    ///   - gateway: asks the gateway of this process; nil where there is none. May block for a moment.
    ///   - warehouse: asks the warehouse; nil where nobody loads one. May block for a moment.
    public init(
        version: String, limits: MetricLimits = MetricLimits(),
        gateway: @escaping @Sendable () -> GatewayGauges? = { nil },
        warehouse: (@Sendable () throws -> WarehouseGauges)? = nil
    ) {
        counted = Mutex(LogMetrics(limits: limits))
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

    /// Counts one record of a log.
    public func observe(_ record: Record, log: String) {
        counted.withLock { $0.observe(record, log: log) }
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
