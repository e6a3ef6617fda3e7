import Testing

@testable import Gateway

@Suite struct ClientConfigurationTests {
    private let prefix = ClientConfiguration.Prefix(executable: "/opt/tollgate", policy: nil)

    private func wrapped(_ text: String, policy: String? = nil) throws -> ClientConfiguration {
        var configuration = ClientConfiguration(bytes: Array(text.utf8))
        try configuration.wrap(ClientConfiguration.Prefix(executable: "/opt/tollgate", policy: policy))
        return configuration
    }

    @Test func onlyCommandAndArgumentsChange() throws {
        let text = """
            {
              "theme" :  "dark", "mcpServers": {
                "ecs": { "command": "uvx", "args": ["awslabs.ecs-mcp-server"], "env": {"A": "é\\u0041"} }
              }
            }

            """
        let result = try wrapped(text, policy: "/etc/p \"1\".json")
        #expect(
            String(decoding: result.bytes, as: UTF8.self) == """
                {
                  "theme" :  "dark", "mcpServers": {
                    "ecs": { "command": "/opt/tollgate", "args": ["run", "--server", "ecs", "--policy", "/etc/p \\"1\\".json", "--", "uvx", "awslabs.ecs-mcp-server"], "env": {"A": "é\\u0041"} }
                  }
                }

                """)
        #expect(result.changes.map(\.change) == [.wrapped])
    }

    @Test(arguments: [
        #"{"mcpServers":{"a":{"command":"x","args":["1","2"]},"b":{"args":[ "z" ],"command":"y"}}}"#,
        #"{"servers":{"a":{"type":"stdio","command":"x\\y","args":[]}},"inputs":[]}"#,
        #"{"mcpServers":{"h":{"url":"https://x/mcp"},"a":{"command":"x","args":["run","--","y"]},"n":{}}}"#,
        "{\n\t\"mcpServers\": {\n\t\t\"a\": {\n\t\t\t\"command\": \"x\",\n\t\t\t\"args\": [\n\t\t\t\t\"1\"\n\t\t\t]\n\t\t}\n\t}\n}",
    ])
    func unwrappingGivesBackTheSameBytes(text: String) throws {
        var configuration = try wrapped(text)
        #expect(configuration.bytes != Array(text.utf8))
        try configuration.unwrap()
        #expect(String(decoding: configuration.bytes, as: UTF8.self) == text)
    }

    @Test func wrappingTwiceIsWrappingOnce() throws {
        var configuration = try wrapped(#"{"mcpServers":{"a":{"command":"x"}}}"#)
        let once = configuration.bytes
        try configuration.wrap(prefix)
        #expect(configuration.bytes == once)
        #expect(configuration.changes.map(\.change) == [.alreadyWrapped])
    }

    @Test func whatIsReachedByURLIsLeftAlone() throws {
        let text = #"{"mcpServers":{"a":{"url":"https://x/mcp"},"b":{"serverUrl":"https://y"},"c":{},"d":3}}"#
        let configuration = try wrapped(text)
        #expect(String(decoding: configuration.bytes, as: UTF8.self) == text)
        #expect(configuration.changes.map(\.change) == [.remote, .remote, .unknown, .unknown])
    }

    @Test(arguments: ["", "[]", "{}", "// comment\n{}", #"{"mcpServers":[]}"#, #"{"mcpServers":{},"mcpServers":{}}"#])
    func whatIsNoListOfServersIsRefused(text: String) {
        #expect(throws: ClientConfiguration.Refusal.self) { try wrapped(text) }
    }
}
