import Testing

@testable import Gateway

/// What a configuration says about alerts.
struct WatchSettingsTests {
    private static func watch(_ fields: String) throws -> ServeConfiguration.Watch {
        let text = #"{"servers":{"a":{"url":"http://x/mcp"}},"watch":{\#(fields)}}"#
        let reading = ConfigurationFixture.read(text)
        return try #require(reading.configuration, "\(reading.problems)").watch
    }

    @Test func textsAreThoseOfTheCommandLineAndObjectsSayTheSame() throws {
        let texts = try Self.watch(
            #""sinks":["stdout","stdout:json","file:a/b.ndjson","command:notify","command:[\"notify\",\"--page\"]","#
                + #""webhook:https://h.example/x?k=v#hmac-file=hook.key&ca-file=cert.pem","#
                + #""alertmanager:http://am.example/am"]"#)
        let objects = try Self.watch(
            #""sinks":["stdout:text","stdout:json","file:/conf/a/b.ndjson",{"command":["notify"]},"#
                + #"{"command":["notify","--page"]},"#
                + #"{"webhook":"https://h.example/x?k=v","hmac":"env:HOOK_SECRET","ca":"cert.pem"},"#
                + #"{"alertmanager":"http://am.example/am"}]"#)
        #expect(texts.sinks == objects.sinks && texts.sinks.count == 7)
        guard case .webhook(let url, let signing, let authorities) = texts.sinks[5] else {
            Issue.record("no webhook")
            return
        }
        #expect(url.value == "https://h.example/x?k=v" && authorities == "/conf/cert.pem")
        #expect(signing?.bytes == Array(ConfigurationFixture.signing.utf8), "without the file's newline")
    }

    @Test func neitherAURLNorASecretIsEverPrinted() throws {
        let watch = try Self.watch(
            #""sinks":[{"webhook":"https://h.example/hunter2","hmac":"env:HOOK_SECRET"},"#
                + #""alertmanager:http://a/hunter2"]"#)
        var dumped = ""
        dump(watch, to: &dumped)
        for shown in [dumped, "\(watch)", String(reflecting: watch)] {
            #expect(!shown.contains("hunter2") && !shown.contains("s3cr3t") && shown.contains("<secret>"))
        }
    }

    @Test func timesRulesAndHeartbeatAreRead() throws {
        let watch = try Self.watch(
            #""rules":"rules.yaml","group_wait":"10s","group_interval":60,"repeat_interval":"1h","#
                + #""expect_records":"2h","expect_ingest":"15m","heartbeat":{"every":"30s","sinks":["file:alive"]}"#)
        #expect(watch.rules == "/conf/rules.yaml")
        #expect(watch.groupWait == .seconds(10) && watch.groupInterval == .seconds(60))
        #expect(watch.repeatInterval == .seconds(3600))
        #expect(watch.expectRecords == .seconds(7200) && watch.expectIngest == .seconds(900))
        #expect(watch.heartbeat?.every == .seconds(30) && watch.heartbeat?.sinks == [.file("/conf/alive")])
        #expect(watch.sinks == [.stdout(isJSON: false)])
        #expect(try Self.watch(#""heartbeat":{"sinks":["stdout"]}"#).heartbeat?.every == .seconds(60))
    }

    @Test func aShortSecretIsNamedByItsLengthAlone() throws {
        let sink = #"{"webhook":"http://x/","hmac":"file:token.txt"}"#
        let problem = try #require(ConfigurationFixture.problems(#""watch":{"sinks":[\#(sink)]}"#).first)
        #expect(problem.found == "a secret of 12 bytes" && problem.expected.contains("openssl rand -hex 32"))
    }
}
