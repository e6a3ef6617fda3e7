extension ServeConfiguration {
    /// What is watched for, and who is told when.
    public struct Watch: Sendable, Equatable {
        /// Where alerts go (`stdout`).
        public var sinks = [Sink.stdout(isJSON: false)]
        /// The folder of the alerts' own log (`watch`).
        public var log: String
        /// The file of rules and declarations, as of `tollgate watch --rules`; nil for the defaults.
        public var rules: String?
        /// How long a webhook's first alert of a group waits for others (30 s).
        public var groupWait = Duration.seconds(30)
        /// The least time between two messages about one group (5 min).
        public var groupInterval = Duration.seconds(300)
        /// After how long a group that still fires is told again (4 h).
        public var repeatInterval = Duration.seconds(14_400)
        /// After how long without any record people are told; nil for never.
        public var expectRecords: Duration?
        /// How long a record may be missing from the warehouse; nil where nobody asks.
        public var expectIngest: Duration?
        /// Who is told that the watch is alive; nil for nobody.
        public var heartbeat: Heartbeat?

        /// Makes the settings of an empty document.
        public init(log: String) {
            self.log = log
        }
    }

    /// A sign of life for a dead man's switch.
    public struct Heartbeat: Sendable, Equatable {
        /// Who gets it.
        public var sinks: [Sink]
        /// How often (1 min).
        public var every = Duration.seconds(60)

        /// Makes one a minute.
        public init(sinks: [Sink]) {
            self.sinks = sinks
        }
    }

    /// A place where alerts are delivered.
    public enum Sink: Sendable, Equatable {
        /// Standard output, as lines for people or as JSON.
        case stdout(isJSON: Bool)
        /// A file, by its absolute path.
        case file(String)
        /// A program and its arguments.
        case command([String])
        /// An Alertmanager's own URL, and a PEM file of authorities that are believed instead of the system's.
        case alertmanager(Secret, authorities: String?)
        /// A webhook's URL, what its messages are signed with, and authorities.
        case webhook(Secret, signing: SigningSecret?, authorities: String?)

        /// Whether both are one receiver, however they are reached.
        func isSame(as other: Sink) -> Bool {
            switch (self, other) {
            case (.alertmanager(let a, _), .alertmanager(let b, _)), (.webhook(let a, _, _), .webhook(let b, _, _)):
                a == b
            default: self == other
            }
        }
    }

    /// The secret that a webhook's messages are signed with; printed, interpolated or dumped, it says `<secret>`.
    public struct SigningSecret: Sendable, Equatable {
        /// The secret's bytes: 16 at the least.
        public let bytes: [UInt8]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }
    }
}

extension ServeConfiguration.SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<secret>`, whatever the value.
    public var description: String { "<secret>" }
    /// `<secret>`, whatever the value.
    public var debugDescription: String { "<secret>" }
    /// Without children, so that `dump` shows none.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
