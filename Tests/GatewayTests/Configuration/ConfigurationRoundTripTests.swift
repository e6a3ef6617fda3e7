import AuditLog
import Events
import StrictJSON
import Testing

@testable import Gateway

/// What is written is what is read, as JSON and as YAML.
struct ConfigurationRoundTripTests {
    @Test func randomConfigurationsAreReadBack() throws {
        for seed in UInt64(1)...120 {
            var random = RandomConfiguration(seed: seed)
            let (configuration, document) = random.next()
            let text = document.json
            for form in [ConfigurationText.Form.json, .yaml] {
                // JSON's strings are YAML's double-quoted ones, so that every JSON document is YAML.
                let reading = ConfigurationFixture.read(text, form: form)
                #expect(reading.problems.isEmpty, "seed \(seed), \(form): \(reading.problems)")
                let isSame = reading.configuration == configuration
                #expect(isSame, "seed \(seed), \(form)")
            }
        }
    }

    @Test func everyAddedFieldIsRefused() throws {
        for seed in UInt64(1)...100 {
            var random = RandomConfiguration(seed: seed)
            guard case .object(let members) = random.next().document else { continue }
            let text = ControlValue.object(members + [("x_unknown", .null)]).json
            let reading = ConfigurationFixture.read(text)
            #expect(reading.problems.map(\.pointer) == ["/x_unknown"], "seed \(seed)")
            #expect(reading.configuration == nil)
        }
    }
}

/// Configurations and their documents, at random.
private struct RandomConfiguration {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> (configuration: ServeConfiguration, document: ControlValue) {
        var result = ServeConfiguration(folder: "/conf")
        var fields: [(name: String, value: ControlValue)] = []
        func add(_ name: String, _ value: ControlValue) { fields.append((name, value)) }
        if generator.chance(50) {
            result.listen = ListenAddress(
                host: generator.pick(["127.0.0.1", "::1", "localhost"]), port: generator.below(65_536))
            add("listen", .text(result.listen.description))
        }
        if generator.chance(50) {
            let durabilities: [Durability] = [.strict, .none, .interval(milliseconds: 1 + generator.below(60_000))]
            result.durability = generator.pick(durabilities)
            add("durability", .text(result.durability.description))
        }
        if generator.chance(50) {
            result.name = text()
            add("name", .text(result.name ?? ""))
        }
        if generator.chance(50) {
            result.flood.burst = generator.below(10_000)
            add("flood", .object([("burst", .integer(result.flood.burst))]))
        }
        if generator.chance(50) {
            let (days, least) = (1 + generator.below(36_600), generator.below(36_601))
            var rule = Retention()
            (rule.ageSeconds, rule.keepSeconds) = (Int64(days) * 86_400, Int64(least) * 86_400)
            result.retention = rule
            add("retention", .object([("days", .integer(days)), ("keep_days", .integer(least))]))
        }
        if generator.chance(50) {
            let days = 1 + generator.below(36_600)
            result.warehouseKeep = ["calls": days, "rejects": days]
            let age = ControlValue.text("\(days)d")
            add("warehouse", .object([("keep", .object([("calls", age), ("rejects", age)]))]))
        }
        if generator.chance(50) {
            let milliseconds = 1 + generator.below(10_000_000)
            result.timeouts.queue = .milliseconds(milliseconds)
            let isText = generator.chance(50)
            let value: ControlValue = isText ? .text("\(milliseconds)ms") : .decimal(Double(milliseconds) / 1000)
            add("timeouts", .object([("queue", value)]))
        }
        if generator.chance(50) {
            result.limits.depth = 4 + generator.below(509)
            add("limits", .object([("depth", .integer(result.limits.depth))]))
        }
        var servers: [(name: String, value: ControlValue)] = []
        for index in 0...generator.below(5) {
            let (server, value) = self.server()
            result.servers["s\(index)"] = server
            servers.append(("s\(index)", value))
        }
        add("servers", .object(servers))
        let policies = (0..<generator.below(4)).map { "p\($0)" }
        for policy in policies { result.policies[policy] = "/conf/policies/\(policy).json" }
        add("policies", .object(policies.map { ($0, .text("policies/\($0).json")) }))
        var grants: [ControlValue] = []
        for index in 0..<generator.below(5) {
            let grant = grant(index, servers: servers.map(\.name), policies: policies)
            result.grants.append(grant)
            grants.append(document(of: grant))
        }
        add("grants", .list(grants))
        return (result, .object(fields.shuffled(using: &generator)))
    }

    /// A text with everything that needs escaping, without control characters and the line breaks that YAML 1.1 folds.
    private mutating func text() -> String {
        let parts = ["a", "Ä", "\"", "\\", "/", " ", "💡", "#", ": ", "- ", "'", "yes", "0600", "{", "&x"]
        return "t" + (0...generator.below(8)).map { _ in generator.pick(parts) }.joined() + "t"
    }

    private mutating func server() -> (ServeConfiguration.Server, ControlValue) {
        var fields: [(name: String, value: ControlValue)] = []
        var server: ServeConfiguration.Server
        if generator.chance(50),
            let url = try? UpstreamURL(parsing: "http://h\(generator.below(9)).x:81/mcp?a=\(generator.below(9))")
        {
            let value = text()
            server = .init(.http(.init(url: url, headers: [.init(name: "X-A", value: Secret(value))])))
            fields = [("url", .text(url.description)), ("headers", .object([("X-A", .text(value))]))]
        } else {
            let (command, value) = ([text(), "", text()], text())
            server = .init(.command(.init(command: command, environment: ["A": Secret(value)], folder: "/conf/w")))
            fields = [
                ("command", .list(command.map { .text($0) })), ("env", .object([("A", .text(value))])),
                ("cwd", .text("./w")),
            ]
        }
        server.queue = generator.below(1000)
        server.timeout = generator.chance(50) ? .seconds(1 + generator.below(100)) : nil
        fields.append(("queue", .integer(server.queue)))
        if let timeout = server.timeout { fields.append(("timeout", .text("\(timeout.components.seconds)s"))) }
        return (server, .object(fields))
    }

    private mutating func grant(_ index: Int, servers: [String], policies: [String]) -> Grant {
        let digest = TokenDigest.hash("token \(index)".utf8)
        let opened = generator.chance(30) ? ["*"] : Array(servers.prefix(1 + generator.below(servers.count)))
        let expires = Timestamp(microseconds: Int64(generator.below(4_000_000_000)) * 1_000_000)
        return Grant(
            id: "g\(index)", agent: text(), servers: opened,
            policy: policies.isEmpty ? nil : generator.pick(policies), tokenSHA256: digest,
            expires: generator.chance(50) ? expires : nil, note: generator.chance(50) ? text() : nil)
    }

    private func document(of grant: Grant) -> ControlValue {
        let bytes = GrantsFileWriter.bytes(of: .init(grants: [grant]))
        let tree = (try? ConfigurationText(bytes, form: .json))?.tree ?? .init()
        return ControlValue(tree, tree.root)["grants"]?.list?.first ?? .null
    }
}
