import AuditLog
import Events
import Glibc
import Policy
import Testing

@testable import Gateway

/// A server is asked for its tools, however it answers, and is gone afterwards.
@Suite(.timeLimit(.minutes(2)))
struct ToolProbeTests {
    /// A server in the shell: after `read` for the handshake it says what it is told to.
    private func list(
        _ script: String, _ change: (inout ToolProbe.Limits) -> Void = { _ in }
    ) throws -> [OfferedTool] {
        var limits = ToolProbe.Limits()
        limits.milliseconds = 20_000
        limits.graceMilliseconds = 500
        change(&limits)
        return try ToolProbe(version: "1", limits: limits).list(["/bin/sh", "-c", script], server: "s")
    }

    private static let hello = #"read l; echo '{"jsonrpc":"2.0","id":1,"result":{}}'; read l; read l; "#

    private func message(_ script: String, _ change: (inout ToolProbe.Limits) -> Void = { _ in }) -> String {
        let error = #expect(throws: GatewayError.self) { try list(script, change) }
        #expect(error?.code == .server)
        return error?.message ?? ""
    }

    @Test func allPagesAreListedWhateverTheServerSaysBetween() throws {
        let tools = try list(
            Self.hello
                + #"""
                echo 'no message'; echo '{"jsonrpc":"2.0","method":"notifications/message","params":{}}'
                echo '{"jsonrpc":"2.0","id":"q","method":"roots/list"}'; read answer
                echo '{"jsonrpc":"2.0","id":"p","method":"ping"}'; read pong
                case "$answer$pong" in *'"id":"q","error"'*'"id":"p","result"'*) ;; *) exit 9;; esac
                echo '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"b"},{"name":"a"}],"nextCursor":"x\"y"}}'
                read -r page
                case "$page" in *'"cursor":"x\"y"'*) ;; *) exit 8;; esac
                echo '{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"get_c","annotations":{"destructiveHint":true}}]}}'
                read rest
                """#)
        #expect(tools.map(\.tool) == ["a", "b", "get_c"])
        #expect(tools.map(\.risk) == [.unknown, .unknown, .destructive])
        #expect(tools.last?.why == "destructiveHint is true")
        #expect(tools.allSatisfy { $0.digest != nil && $0.definition == .first })
    }

    @Test func aServerWithoutAHandshakeIsAskedInTheOtherEra() throws {
        let tools = try list(
            #"""
            read l; echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"secret"}}'
            read l; case "$l" in *'"io.modelcontextprotocol/protocolVersion":"2026-07-28"'*) ;; *) exit 9;; esac
            echo '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a"}],"resultType":"complete"}}'
            """#)
        #expect(tools.map(\.tool) == ["a"])
    }

    @Test func digestsAreThoseOfTheGateway() throws {
        let one = try list(Self.hello + #"echo '{"id":2,"result":{"tools":[{"name":"a","description":"1"}]}}'"#)
        let same = try list(Self.hello + #"echo '{"id":2,"result":{"tools":[{ "description":"\u0031","name":"a" }]}}'"#)
        let other = try list(Self.hello + #"echo '{"id":2,"result":{"tools":[{"name":"a","description":"2"}]}}'"#)
        #expect(one.first?.digest != nil && one == same && one.first?.digest != other.first?.digest)
    }

    @Test func whatIsNoListIsToldWithoutItsContent() {
        let refused = message(Self.hello + #"echo '{"id":2,"error":{"code":-32000,"message":"secret"}}'; read l"#)
        #expect(refused == "the server's answer to tools/list is no list of tools: error -32000")
        let other = message(Self.hello + #"echo '{"id":2,"result":{"tools":"secret"}}'; read l"#)
        #expect(other.hasSuffix("a result of another form") && !other.contains("secret"))
        #expect(message("exit 3") == "the server ended before it answered initialize")
        let silent = message("read l; sleep 60") { $0.milliseconds = 300 }
        #expect(silent.hasPrefix("the server did not answer initialize within"))
        let long = message(Self.hello + #"head -c 300000 /dev/zero | tr '\0' a; read l"#) { $0.messageBytes = 100_000 }
        #expect(long == "the server's answer to tools/list has more than 100000 bytes")
    }

    @Test func aListWithoutAnEndIsLeft() {
        let loop =
            #"n=2; while read l; do echo "{\"id\":$((n)),\"result\":{\"tools\":[],\"nextCursor\":\"c\"}}"; n=$((n+1)); done"#
        #expect(
            message(
                Self.hello + "echo '{\"id\":2,\"result\":{\"tools\":[],\"nextCursor\":\"c\"}}'; n=3; "
                    + loop.dropFirst(5)
            ).contains("has no end"))
        let count =
            #"echo "{\"id\":2,\"result\":{\"tools\":[],\"nextCursor\":\"2\"}}"; n=3; while read l; do echo "{\"id\":$n,\"result\":{\"tools\":[],\"nextCursor\":\"$n\"}}"; n=$((n+1)); done"#
        #expect(message(Self.hello + count) { $0.pages = 5 }.contains("has no end"))
    }

    @Test func aServerThatIsNotThereCannotBeStarted() {
        let error = #expect(throws: GatewayError.self) {
            try ToolProbe(version: "1").list(["/nonexistent/server"], server: "s")
        }
        #expect(error?.code == .cannotStart)
    }

    /// The helpers of a server that does not end by itself end as well.
    @Test func nothingOfTheServerIsLeft() throws {
        let folder = try TemporaryFolder()
        let mark = folder.path + "/pid"
        _ = try list(
            "trap '' TERM; sleep 300 & echo $! > \(mark); " + Self.hello
                + #"echo '{"id":2,"result":{"tools":[]}}'; while :; do sleep 1; done"#)
        let text = String(decoding: try PosixFileSystem().contents(of: mark), as: UTF8.self)
        let pid = try #require(pid_t(text.dropLast()))
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while isAlive(pid), .now < end { usleep(2000) }
        #expect(!isAlive(pid))
    }

    /// What has ended and whose end nobody has asked for yet (`Z`) is not alive.
    private func isAlive(_ pid: pid_t) -> Bool {
        guard let stat = try? PosixFileSystem().head(of: "/proc/\(pid)/stat") else { return false }
        return stat.split(separator: ")").last?.first { $0 != " " } != "Z"
    }
}

extension PosixFileSystem {
    /// The beginning of a file that says it has no size.
    fileprivate func head(of path: String) throws(SystemError) -> String {
        let file = try open(path, .read)
        defer { file.close() }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let result: Result<Int, SystemError> = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(SystemError) in try file.read(into: buffer, at: 0) }
        }
        return String(decoding: bytes.prefix(try result.get()), as: UTF8.self)
    }
}
