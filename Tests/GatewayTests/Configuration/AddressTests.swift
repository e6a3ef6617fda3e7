import Testing

@testable import Gateway

/// Addresses and URLs are what they say, or refused.
struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:8700", true), ("127.9.9.9:1", true), ("[::1]:8700", true), ("localhost:0", true),
        ("LocalHost:0", true),
        ("0.0.0.0:8700", false), ("[::]:8700", false), ("10.0.0.1:80", false), ("gateway.example:80", false),
        ("127.example:80", false), ("[::ffff:127.0.0.1]:80", false),
    ])
    func onlyThisMachineIsLoopback(text: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.isLoopback == isLoopback)
        #expect(ListenAddress(address.description) == address)
    }

    @Test(arguments: [
        "", ":", "a:", "a:b", "a:-1", "a:65536", "::1:80", "[::1]", "[a]:1", "a b:1", "a..b:1", "1.2.3:80", "a:1\n",
    ])
    func othersAreNone(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        ("http://x", false, "x", 80, "/", "x"), ("https://X.y/a?b=c", true, "x.y", 443, "/a?b=c", "x.y"),
        ("http://[::1]:9101/mcp", false, "::1", 9101, "/mcp", "[::1]:9101"),
        ("https://x:80?q", true, "x", 80, "/?q", "x:80"),
        ("HTTP://x:080/", false, "x", 80, "/", "x"),
    ])
    func partsOfURLs(text: String, isSecure: Bool, host: String, port: Int, target: String, authority: String) throws {
        let url = try UpstreamURL(parsing: text)
        #expect(url.isSecure == isSecure && url.host == host && url.port == port)
        #expect(url.target == target && url.authority == authority)
        #expect(try UpstreamURL(parsing: url.description) == url)
    }

    @Test(arguments: [
        ("http://joe:pw@x/mcp", "user information"), ("http://x/#a", "fragment"), ("http://x/?a=b&Token=c", "secret"),
        ("ws://x/", "scheme"), ("x/mcp", "absolute"), ("http://x/ä", "percent"), ("http://x:0/", "port"),
    ])
    func aRefusedURLSaysWhy(text: String, word: String) {
        #expect {
            _ = try UpstreamURL(parsing: text)
        } throws: { ($0 as? UpstreamURL.Defect)?.found.contains(word) == true }
    }

    @Test(arguments: ["https://app.example", "http://a:1", "https://[::1]:2", "vscode-webview://1a2b"])
    func originsAreAsBrowsersSendThem(text: String) {
        #expect(Origin.canonical(text) == text)
        #expect(Origin.canonical(text.uppercased()) == text)
    }

    @Test(arguments: [
        "", "null", "*", "https://", "https://a/", "https://a?b", "//a", "1http://a", "https://a b", "https://u@a",
    ])
    func othersAreNoOrigins(text: String) {
        #expect(Origin.canonical(text) == nil)
    }
}
