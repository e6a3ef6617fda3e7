import Testing

@testable import Gateway

@Suite struct ServerNameTests {
    @Test(arguments: [
        (["uvx", "awslabs.ecs-mcp-server@latest"], "awslabs.ecs-mcp-server"),
        (["uvx", "--from", "awslabs-ecs-mcp-server==0.1.37", "ecs-mcp-server"], "ecs-mcp-server"),
        (["npx", "-y", "@modelcontextprotocol/server-filesystem@2026.1.1", "/data"], "server-filesystem"),
        (["npx", "-y", "mcp-remote@0.1"], "mcp-remote"),
        (["python3.11", "-m", "mcp_server_time", "--local-timezone", "UTC"], "mcp_server_time"),
        (["python3", "-u", "/srv/tools/sample_server.py", "--flag"], "sample_server"),
        (["/usr/local/bin/mcp-server-git", "--repository", "/x"], "mcp-server-git"),
        (["docker", "run", "-i", "--rm", "-e", "TOKEN", "ghcr.io/github/github-mcp-server:1.2"], "github-mcp-server"),
        (["uv", "--directory", "/srv/weather", "run", "weather.py"], "weather"),
        (["node", "build/index.js"], "index"),
        (["bash", "-c", "exec server"], "exec-server"),
        (["/"], "server"), ([], "server"), (["npx"], "server"), (["..."], "server"),
    ])
    func isThePackageWithoutItsVersion(command: [String], name: String) {
        #expect(ServerName.infer(from: command) == name)
    }

    @Test(arguments: ["../../etc", "a/b", "a b\u{1B}[31m", "..", "é", String(repeating: "x", count: 500)])
    func isAlwaysAFolderNameOfItsOwn(program: String) {
        let name = ServerName.infer(from: [program])
        #expect(!name.isEmpty && name.utf8.count <= 64 && !name.contains("/") && !name.hasPrefix("."))
        #expect(name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
    }
}
