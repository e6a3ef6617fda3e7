import Testing

@testable import Gateway

/// What a person is told about a configuration that is refused.
struct ConfigurationErrorTests {
    @Test func everythingIsToldAtOnceInTheOrderOfTheText() {
        let problems = ConfigurationFixture.read(
            """
            {
              "listn": "127.0.0.1:8700",
              "servers": {
                "ecs": { "url": "http://127.0.0.1/mcp", "concurrency": 0, "header": {} }
              },
              "policies": { "builders": 7 },
              "grants": [ { "id": "ci", "agent": "ci", "server": "esc", "policy": "buildres", "token_sha256": "x" } ]
            }
            """
        ).problems
        #expect(
            problems.map { "\($0.pointer) \($0.line):\($0.column) \($0.code.rawValue) \($0.suggestion ?? "-")" } == [
                "/listn 2:3 unknown_field listen",
                "/servers/ecs/concurrency 4:60 out_of_range -",
                "/servers/ecs/header 4:63 unknown_field headers",
                "/policies/builders 6:29 wrong_type -",
                "/grants/0/server 7:54 unknown_value ecs",
                "/grants/0/policy 7:71 unknown_value builders",
                "/grants/0/token_sha256 7:99 out_of_range -",
            ])
    }

    @Test(arguments: [
        (#""log":"a","log":"b""#, "/log", ConfigurationProblem.Code.duplicateKey),
        (#""dashboard":"0.0.0.0:8787""#, "/dashboard", .contradiction),
        (#""listen":"0.0.0.0:80""#, "/listen", .contradiction),
        (#""watch":{"log":"log"}"#, "/watch", .contradiction),
        (#""tls":{"certificate":"cert.pem","key":"open-key.pem"}"#, "/tls/key", .exposed),
        (#""tls":{"certificate":"gone.pem","key":"key.pem"}"#, "/tls/certificate", .notFound),
        (#""tls":{"certificate":"cert.pem"}"#, "/tls/key", .missingField),
        (#""watch":{"sinks":["stdout","mail:x"]}"#, "/watch/sinks/1", .outOfRange),
        (#""watch":{"sinks":["webhook:http://x/#hmac-env=NO_SUCH"]}"#, "/watch/sinks/0", .notFound),
        (#""watch":{"sinks":[{"webhook":"http://x/","hmac":"file:open-key.pem"}]}"#, "/watch/sinks/0/hmac", .exposed),
        (#""watch":{"sinks":[{"webhook":"http://x/","hmac":"env:ECS_TOKEN"}]}"#, "/watch/sinks/0/hmac", .outOfRange),
        (#""watch":{"sinks":[{"webhook":"ftp://x/"}]}"#, "/watch/sinks/0/webhook", .outOfRange),
        (#""watch":{"sinks":[{"webhok":"http://x/"}]}"#, "/watch/sinks/0/webhok", .unknownField),
        (#""watch":{"heartbeat":{"sinks":["stdout"],"every":"1ms"}}"#, "/watch/heartbeat/every", .outOfRange),
        (#""watch":{"heartbeat":{"sinks":[{"command":"x"}]}}"#, "/watch/heartbeat/sinks/0/command", .wrongType),
        (#""warehouse":7"#, "/warehouse", .wrongType),
        (#""warehouse":{"path":"w.sqlite"}"#, "/warehouse/path", .unknownField),
        (#""warehouse":{"keep":{"calls":90}}"#, "/warehouse/keep/calls", .wrongType),
        (#""warehouse":{"keep":{"calls":"90h"}}"#, "/warehouse/keep/calls", .outOfRange),
        (#""warehouse":{"keep":{"calls":"0d"}}"#, "/warehouse/keep/calls", .outOfRange),
        (#""warehouse":{"keep":{"calls":"36601d"}}"#, "/warehouse/keep/calls", .outOfRange),
        (#""warehouse":{"keep":{"days":"30d"}}"#, "/warehouse/keep/days", .contradiction),
        (
            #""warehouse":{"keep":{"calls":"30d","requests":"9d","hours":"29d"}}"#, "/warehouse/keep/hours",
            .contradiction
        ),
    ])
    func eachHasItsPlaceAndKind(fields: String, pointer: String, code: ConfigurationProblem.Code) throws {
        let problems = ConfigurationFixture.problems(fields)
        let problem = try #require(problems.first)
        #expect(problems.count == 1 && problem.pointer == pointer && problem.code == code, "\(problems)")
    }

    @Test(arguments: [
        ("port", "listen"), ("mcpServers", "servers"), ("timeout", "timeouts"), ("grant", "grants"),
        ("trusted-proxies", "trusted_proxies"), ("LISTEN", "listen"), ("policy", "policies"),
    ])
    func misspeltFieldsAreRecognised(word: String, meant: String) {
        let problem = ConfigurationFixture.problems(#""\#(word)":1"#).first
        #expect(problem?.suggestion == meant)
    }

    @Test func everyAgeOfTheWarehouseIsJudgedAtOnce() {
        let problems = ConfigurationFixture.problems(
            #""warehouse":{"keep":{"cals":"3d","requests":"3","events":"-1d","alerts":"d"}}"#)
        #expect(
            problems.map { "\($0.pointer) \($0.suggestion ?? "-")" } == [
                "/warehouse/keep/cals calls", "/warehouse/keep/requests -", "/warehouse/keep/events -",
                "/warehouse/keep/alerts -",
            ])
    }

    @Test func unsetVariablesAreNamed() throws {
        let text = #"{"servers":{"a":{"url":"http://x/mcp","headers":{"X-A":"env:NO_SUCH"}}}}"#
        let problem = try #require(ConfigurationFixture.read(text).problems.first)
        #expect(problem.pointer == "/servers/a/headers/X-A")
        #expect(problem.found.contains("NO_SUCH"))
    }

    @Test(arguments: [
        #"{"servers":{"a":{"url":"http://joe:hunter2@x/mcp"}}}"#,
        #"{"servers":{"a":{"url":"http://x/mcp?api_key=hunter2"}}}"#,
        #"{"servers":{"a":{"url":"hunter2"}}}"#,
        #"{"servers":{"a":{"url":"http://x/mcp","headers":{"A":"hunter2\n"}}}}"#,
        #"{"servers":{"a":{"url":"http://x/mcp","headers":{"A":["hunter2"]}}}}"#,
        #"{"servers":{"a":{"command":["x"],"env":{"A":"hunter2\u0000"}}}}"#,
        #"{"servers":{"a":{"command":["x"],"env":["hunter2"]}}}"#,
        #"{"servers":{"a":{"command":["x","hunter2\u0000"]}}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"grants":[{"id":"a","agent":"a","server":"","token_sha256":"hunter2"}]}"#,
        #"{"servers":{"a":{"url":"http://x/mcp","headers":{"A":"hunter2"#,
        #"{"servers":{"a":{"command":"x --password hunter2"}}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"watch":{"sinks":["webhook:https://hooks.example/hunter2#x=hunter2"]}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"watch":{"sinks":["webhook:https://joe:hunter2@hooks.example/"]}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"watch":{"sinks":["webhok:https://hooks.example/hunter2"]}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"watch":{"sinks":[{"webhook":"hooks.example/hunter2"}]}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"watch":{"sinks":[{"webhook":"http://x/","hmac":"hunter2hunter2hunter2"}]}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"watch":{"sinks":["webhook:http://x/hunter2","webhook:http://x/hunter2"]}}"#,
        #"{"servers":{"a":{"url":"http://x"}},"tls":{"certificate":"cert.pem","key":"-----BEGIN KEY-----\nhunter2"}}"#,
    ])
    func secretsAreNeverShown(text: String) {
        let problems = ConfigurationFixture.read(text).problems
        #expect(!problems.isEmpty)
        for problem in problems { #expect(!problem.description.contains("hunter2")) }
    }

    @Test func secretsStandAtTheirPlaces() throws {
        let text = """
            {"servers":{"a":{"url":"http://x/mcp","headers":{"A":"env:ECS_TOKEN","B":"file:token.txt","C":"plain"}},
            "b":{"command":["x"],"env":{"T":"env:ECS_TOKEN"}}}}
            """
        let configuration = try #require(ConfigurationFixture.read(text).configuration)
        guard case .http(let http) = configuration.servers["a"]?.upstream,
            case .command(let command) = configuration.servers["b"]?.upstream
        else {
            Issue.record("the servers are of the wrong kind")
            return
        }
        let secret = ConfigurationFixture.secret
        #expect(http.headers.map(\.value.value) == [secret, secret, "plain"])
        #expect(command.environment["T"] == Secret(secret))
        var dumped = ""
        dump(configuration, to: &dumped)
        for shown in [dumped, "\(configuration)", String(reflecting: configuration)] {
            #expect(!shown.contains(secret) && shown.contains("<secret>"))
        }
    }

    /// Documents cut anywhere, or with a byte changed, are refused or read; nothing else happens.
    @Test func damagedDocumentsNeverTrap() {
        let good = Array(
            """
            {"listen":"[::1]:8700","durability":"interval:5ms","hosts":["a.b"],"origins":["https://a"],
            "timeouts":{"head":1.5,"body":"9s"},"servers":{"a":{"url":"http://x:1/y?z","headers":{"A":"env:B"}},
            "b":{"command":["c","d"],"env":{"E":"f"}}},"policies":{"p":"q"},
            "watch":{"sinks":["webhook:https://h:1/x#hmac-env=HOOK_SECRET&ca-file=cert.pem","command:[\"a\",\"b\"]",
            {"alertmanager":"http://[::1]/a"},{"webhook":"http://h","hmac":"file:hook.key"},{"command":["c"]}],
            "group_wait":"9s","heartbeat":{"every":2,"sinks":["file:a"]}},
            "grants":[{"id":"g","agent":"h","server":"a","policy":"p","expires":"2026-01-01T00:00:00Z",
            "token_sha256":"0"}]}
            """.utf8)
        var generator = SeededGenerator(seed: 20)
        for round in 0..<2500 {
            var bytes = good
            if round < good.count {
                bytes.removeLast(good.count - round)
            } else {
                for _ in 0...generator.below(3) {
                    bytes[generator.below(bytes.count)] = generator.pick(Array("{}[]\",:0x.-\u{1}é".utf8))
                }
            }
            for form in [ConfigurationText.Form.json, .yaml] {
                let reading = ServeConfiguration.read(
                    bytes, form: form, surroundings: ConfigurationFixture.surroundings)
                #expect((reading.configuration == nil) != reading.problems.isEmpty)
            }
        }
    }
}
