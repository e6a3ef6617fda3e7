import Glibc

/// Writes one line for each step to a file descriptor, standard output as a rule.
public struct StdoutSink: AlertSink {
    /// What a line looks like.
    public enum Format: Sendable {
        /// For people.
        case text
        /// The JSON object of `AlertTransition.json`.
        case json
    }

    private let format: Format
    private let descriptor: Int32

    /// Makes a sink.
    public init(format: Format = .text, descriptor: Int32 = 1) {
        self.format = format
        self.descriptor = descriptor
    }

    /// `stdout` or `stdout:json`.
    public var name: String {
        switch format {
        case .text: "stdout"
        case .json: "stdout:json"
        }
    }

    /// Writes the line at once.
    public func deliver(_ delivery: AlertDelivery) throws(SinkError) {
        try Descriptor.write(delivery.lines(format == .json ? \.json : \.line), to: descriptor, named: name)
    }
}
