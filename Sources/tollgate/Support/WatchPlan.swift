import Alerts
import Detection
import Foundation
import Gateway

/// What a watch is to do, made and looked at before anything starts: a mistake is told at once and not when an alert comes.
struct WatchPlan {
    /// Where alerts go.
    var sinks: [any AlertSink]
    /// Who gets heartbeats; empty for nobody.
    var heartbeatSinks: [any AlertSink] = []
    /// How often, in microseconds.
    var heartbeatMicroseconds: Int64 = 60_000_000
    /// How webhooks' alerts are gathered.
    var times = GroupTimes()
    /// What is to happen while all is well.
    var expected = WatchExpectations()
    /// The rules' parameters and the operator's declarations.
    var settings = DetectionSettings()

    /// The least time after which a group is told again, in microseconds.
    private static let leastRepeat: Int64 = 60_000_000

    /// Makes the plan of a command line.
    init(sinks: [String], heartbeats: [String] = []) throws {
        self.sinks = try sinks.map { try SinkDescription.parse($0) }
        heartbeatSinks = try heartbeats.map { try SinkDescription.parse($0) }
    }

    /// Makes the plan of a configuration.
    ///
    /// - Throws: `SinkError` that says where in the configuration the sink is, `ConfigurationError` for mistakes in the
    ///   rules.
    init(_ configuration: ServeConfiguration) throws {
        let watch = configuration.watch
        sinks = try Self.sinks(watch.sinks, at: "/watch/sinks")
        if let heartbeat = watch.heartbeat {
            heartbeatSinks = try Self.sinks(heartbeat.sinks, at: "/watch/heartbeat/sinks")
            heartbeatMicroseconds = heartbeat.every.microseconds
        }
        setTimes(
            wait: watch.groupWait.microseconds, interval: watch.groupInterval.microseconds,
            repeating: watch.repeatInterval.microseconds)
        expected.recordsMicroseconds = watch.expectRecords?.microseconds
        expected.ingestMicroseconds = watch.expectIngest?.microseconds
        expected.warehouse = configuration.warehouse
        settings = try DetectionOptions.settings(rules: watch.rules)
    }

    /// Takes over the times of groups, in microseconds.
    mutating func setTimes(wait: Int64, interval: Int64, repeating: Int64) {
        times.waitMicroseconds = wait
        times.intervalMicroseconds = interval
        times.repeatMicroseconds = max(Self.leastRepeat, repeating)
    }

    /// Looks whether the sinks can be used, and tells apart those that the outbox would take for one.
    ///
    /// - Parameter isFirst: whether folders may not be there yet, because nothing has run: then files are passed over.
    /// - Throws: `SinkError`.
    func check(isFirst: Bool = false) throws(SinkError) {
        var names: Set<String> = []
        for sink in sinks {
            guard names.insert(sink.name).inserted else {
                throw SinkError(.usage, "two sinks are one receiver: \(sink.name)", hint: "name each sink once")
            }
        }
        for sink in sinks + heartbeatSinks where !isFirst || !(sink is FileSink) { try sink.check() }
    }

    private static func sinks(
        _ list: [ServeConfiguration.Sink], at pointer: String
    ) throws(SinkError) -> [any AlertSink] {
        var sinks: [any AlertSink] = []
        for (index, sink) in list.enumerated() {
            do throws(SinkError) {
                sinks.append(try make(sink))
            } catch {
                var error = error
                error.message = "\(pointer)/\(index): \(error.message)"
                throw error
            }
        }
        return sinks
    }

    private static func make(_ sink: ServeConfiguration.Sink) throws(SinkError) -> any AlertSink {
        switch sink {
        case .stdout(let isJSON): return StdoutSink(format: isJSON ? .json : .text)
        case .file(let path): return FileSink(path: path)
        case .command(let words): return CommandSink(arguments: words)
        case .alertmanager(let url, let authorities):
            return try AlertmanagerSink(address: address(url, authorities))
        case .webhook(let url, let signing, let authorities):
            return WebhookSink(
                address: try address(url, authorities), signature: signing.map { WebhookSignature(secret: $0.bytes) })
        }
    }

    private static func address(_ url: Secret, _ authorities: String?) throws(SinkError) -> SinkAddress {
        var own: SinkAuthorities?
        if let authorities { own = try SinkAuthorities(file: authorities) }
        return try SinkAddress(url.value, authorities: own)
    }
}

extension Duration {
    /// Whole microseconds.
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
