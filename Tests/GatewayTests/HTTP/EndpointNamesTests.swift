import Testing

@testable import Gateway

/// Which names a browser may have been led to this gateway by (DNS rebinding), and which pages may call.
struct EndpointNamesTests {
    private static func names(listen: String = "127.0.0.1") -> EndpointNames {
        var configuration = ServeConfiguration(folder: "/nowhere")
        configuration.listen = ListenAddress(host: listen, port: 8700)
        configuration.hosts = ["Gate.example"]
        configuration.origins = ["https://app.example", "https://app.example:8443"]
        return EndpointNames(configuration)
    }

    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost:8700", "localhost:1", "127.0.0.1", "127.0.0.1:8700", "[::1]",
        "[::1]:8700", "[::1]:65535", "gate.example", "GATE.EXAMPLE:443",
    ])
    func ownNamesAreAcceptedWhateverThePort(host: String) {
        #expect(EndpointNamesTests.names().accepts(host: host))
    }

    @Test(arguments: [
        // None, and junk around a good name.
        "", ":", ":8700", "localhost:", "localhost:x", "localhost:80x", "localhost:-1", "localhost:80:80",
        "localhost: 80", "localhost ", " localhost", "localhost/", "localhost/x", "localhost?", "localhost#",
        "localhost\\", "localhost,evil.example", "localhost\0", "localhost\t",
        // User information before or behind.
        "localhost@evil.example", "evil.example@localhost", "localhost:80@evil.example",
        // Names under which others answer for loopback, or that only begin or end alike.
        "localhost.evil.example", "evil.example", "127.0.0.1.nip.io", "127.0.0.1.evil.example", "xlocalhost",
        "localhostx", "gate.example.evil.example", "notgate.example", "localhost.", "gate.example.",
        // Other spellings of addresses, which the system might resolve.
        "0.0.0.0", "0", "127.1", "2130706433", "0x7f.0.0.1", "127.0.0.2", "[::]", "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]", "192.0.2.1",
        // Brackets.
        "::1", "[::1", "[::1]x", "[::1]:", "[::1]:80x", "[::1]80", "[]", "[", "]", "[[::1]]", "[::1]]",
        // Names that look alike.
        "lοcalhost", "ｌocalhost", "localhost\u{301}",
    ])
    func everyOtherNameIsRefused(host: String) {
        #expect(!EndpointNamesTests.names().accepts(host: host))
    }

    @Test func theAddressListenedOnIsAName() {
        #expect(EndpointNamesTests.names(listen: "192.0.2.1").accepts(host: "192.0.2.1:8700"))
        #expect(EndpointNamesTests.names(listen: "2001:DB8::1").accepts(host: "[2001:db8::1]:8700"))
        #expect(!EndpointNamesTests.names(listen: "192.0.2.1").accepts(host: "192.0.2.2"))
    }

    @Test(arguments: [
        "http://localhost", "https://localhost", "http://localhost:3000", "HTTP://LOCALHOST:3000",
        "http://127.0.0.1:5173",
        "http://[::1]:8080", "https://[::1]", "https://app.example", "HTTPS://APP.EXAMPLE", "https://app.example:8443",
    ])
    func pagesOfThisMachineAndConfiguredOnesMayCall(origin: String) {
        #expect(EndpointNamesTests.names().accepts(origin: origin))
    }

    @Test(arguments: [
        "", "null", "localhost", "//localhost", "http://", "https://", "http:localhost", "http:///localhost",
        "http://localhost/", "http://localhost/x", "http://localhost:80/x", "http://localhost:", "http://localhost:x",
        "http://localhost@evil.example", "http://evil.example@localhost", "http://localhost.evil.example",
        "http://127.0.0.1.nip.io", "http://evil.example", "http://evil.example:8700", "http://0.0.0.0:8700",
        "http://app.example", "https://app.example:443", "https://app.example:8444", "https://app.example/",
        "https://app.example.evil.example", "https://evil.example?https://app.example", "https://xapp.example",
        "https://gate.example", "file://localhost", "file://", "chrome-extension://localhost", "ws://localhost",
        "http://http://localhost", "http://localhost http://localhost", "http://[::1", "http://[::1]x", "http://::1",
        "http://localhost, http://evil.example", "http://localhost\0", " http://localhost", "http://localhost ",
    ])
    func everyOtherPageIsRefused(origin: String) {
        #expect(!EndpointNamesTests.names().accepts(origin: origin))
    }

    @Test func loopbackPagesMayNotCallAGatewayThatListensBeyond() {
        let names = EndpointNamesTests.names(listen: "192.0.2.1")
        #expect(!names.accepts(origin: "http://localhost:3000") && !names.accepts(origin: "http://127.0.0.1"))
        #expect(names.accepts(origin: "https://app.example"))
    }
}
