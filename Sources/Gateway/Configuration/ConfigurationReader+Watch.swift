import StrictJSON

extension ConfigurationReader {
    /// Reads what is watched for, and who is told when.
    mutating func readWatch(_ place: Place, into watch: inout ServeConfiguration.Watch) {
        guard let fields = fields(place, known: ConfigurationFields.watch) else { return }
        if let place = fields["log"], let path = path(place) { watch.log = path }
        if let place = fields["sinks"] { watch.sinks = sinks(place) }
        watch.rules = fields["rules"].flatMap { path($0) }
        let times: [(name: String, path: WritableKeyPath<ServeConfiguration.Watch, Duration>)] = [
            ("group_wait", \.groupWait), ("group_interval", \.groupInterval), ("repeat_interval", \.repeatInterval),
        ]
        for time in times {
            guard let place = fields[time.name], let value = duration(place) else { continue }
            watch[keyPath: time.path] = value
        }
        watch.expectRecords = fields["expect_records"].flatMap { duration($0) }
        watch.expectIngest = fields["expect_ingest"].flatMap { duration($0) }
        watch.heartbeat = fields["heartbeat"].flatMap { heartbeat($0) }
    }

    private mutating func heartbeat(_ place: Place) -> ServeConfiguration.Heartbeat? {
        guard let fields = fields(place, known: ConfigurationFields.heartbeat, required: ["sinks"]) else { return nil }
        var heartbeat = ServeConfiguration.Heartbeat(sinks: fields["sinks"].map { sinks($0) } ?? [])
        if let place = fields["every"], let every = duration(place) {
            if every < .seconds(1) { refuse(.outOfRange, place, expected: "a duration of a second or more") }
            heartbeat.every = every
        }
        return heartbeat
    }

    /// A list of sinks, each receiver once.
    private mutating func sinks(_ place: Place) -> [ServeConfiguration.Sink] {
        var sinks: [ServeConfiguration.Sink] = []
        for place in elements(place, "a list of sinks") {
            guard let sink = tree.kind(place.node) == .object ? sink(object: place) : sink(text: place) else {
                continue
            }
            if sinks.contains(where: { $0.isSame(as: sink) }) {
                refuse(.duplicate, place, found: "one twice", expected: "each receiver once")
            } else {
                sinks.append(sink)
            }
        }
        return sinks
    }

    // MARK: As an object

    private mutating func sink(object place: Place) -> ServeConfiguration.Sink? {
        let kinds = [
            ("webhook", ConfigurationFields.webhookSink), ("alertmanager", ConfigurationFields.alertmanagerSink),
            ("command", ConfigurationFields.commandSink),
        ]
        let found = kinds.filter { tree.member(place.node, named: $0.0) != nil }
        guard found.count < 2 else {
            refuse(
                .contradiction, place, found: "\(found.count) sinks in one object", expected: "an object for each sink")
            return nil
        }
        let before = problemCount
        let known = found.first?.1 ?? ["webhook", "alertmanager", "command", "hmac", "ca"]
        guard let fields = fields(place, known: known) else { return nil }
        switch found.first?.0 {
        case "webhook":
            let url = fields["webhook"].flatMap { sinkURL(at: $0) }
            let signing = fields["hmac"].flatMap { signingSecret(at: $0) }
            let authorities = authorities(fields["ca"], for: url)
            return url.map { .webhook(Secret($0), signing: signing, authorities: authorities) }
        case "alertmanager":
            let url = fields["alertmanager"].flatMap { sinkURL(at: $0, isBase: true) }
            let authorities = authorities(fields["ca"], for: url)
            return url.map { .alertmanager(Secret($0), authorities: authorities) }
        case "command": return fields["command"].flatMap { command($0) }.map { .command($0) }
        default:
            if problemCount == before {
                refuse(
                    .missingField, place, found: "an object without a sink",
                    expected: "\"webhook\", \"alertmanager\" or \"command\"")
            }
            return nil
        }
    }

    private mutating func authorities(_ place: Place?, for url: String?) -> String? {
        guard let place, let path = pemFile(place) else { return nil }
        guard let url, !Self.isSecure(url) else { return path }
        refuse(.contradiction, place, found: "\"ca\" for an http URL", expected: "an https URL, or no \"ca\"")
        return nil
    }

    private mutating func sinkURL(at place: Place, isBase: Bool = false) -> String? {
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, found: describeKind(place.node), expected: "a URL")
            return nil
        }
        return sinkURL(text, place, isBase: isBase)
    }

    /// A sink's URL, which may be a secret and is never shown.
    ///
    /// - Parameter isBase: whether a path is added to it.
    mutating func sinkURL(_ text: String, _ place: Place, isBase: Bool) -> String? {
        do {
            _ = try UpstreamURL(parsing: text, mayHoldSecret: true)
        } catch {
            refuse(.outOfRange, place, found: error.found, expected: error.expected)
            return nil
        }
        guard !isBase || !text.contains("?") else {
            refuse(
                .outOfRange, place, found: "a URL with a query",
                expected: "the Alertmanager's own URL, to which /api/v2/alerts is added")
            return nil
        }
        return text
    }

    static func isSecure(_ url: String) -> Bool { url.prefix(6).lowercased() == "https:" }

    // MARK: Secrets

    private mutating func signingSecret(at place: Place) -> ServeConfiguration.SigningSecret? {
        let text = tree.string(place.node)
        if let text, text.hasPrefix("env:") { return signingSecret(variable: String(text.dropFirst(4)), place) }
        if let text, text.hasPrefix("file:") { return signingSecret(file: String(text.dropFirst(5)), place) }
        // A secret that stands here is one that everybody who reads the configuration knows.
        refuse(
            text == nil ? .wrongType : .outOfRange, place, found: describeKind(place.node),
            expected: "\"env:VARIABLE\" or \"file:PATH\"")
        return nil
    }

    mutating func signingSecret(variable name: String, _ place: Place) -> ServeConfiguration.SigningSecret? {
        guard let value = surroundings.variable(name) else {
            refuse(
                .notFound, place, found: "the variable \(name), which is not set",
                expected: "a variable of the gateway's environment")
            return nil
        }
        return signingSecret(Array(value.utf8), place)
    }

    mutating func signingSecret(file path: String, _ place: Place) -> ServeConfiguration.SigningSecret? {
        let path = ConfigurationPath.absolute(path, in: surroundings.folder)
        guard let bytes = secretFile(path, place) else { return nil }
        // A file that ends with a newline is as good as one that does not.
        return signingSecret(Array(bytes.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed()), place)
    }

    private mutating func signingSecret(_ bytes: [UInt8], _ place: Place) -> ServeConfiguration.SigningSecret? {
        guard bytes.count >= ConfigurationFields.signingBytes else {
            refuse(
                .outOfRange, place, found: "a secret of \(bytes.count) bytes",
                expected: "\(ConfigurationFields.signingBytes) bytes or more (openssl rand -hex 32)")
            return nil
        }
        return ServeConfiguration.SigningSecret(bytes)
    }
}
