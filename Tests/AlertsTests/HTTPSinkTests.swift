import Detection
import Events
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Alerts

@Suite struct HTTPSinkTests {
    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data", "http://169.254.0.1", "http://[fe80::1]:9093", "http://[febf::9]",
        "http://2852039166/", "http://0xa9fea9fe/", "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/",
        "http://168.63.129.16/", "http://[fd00:ec2::254]/", "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://0.0.0.0:9093/", "http://[::]/", "http://224.0.0.1/", "http://[ff02::1]/", "http://[::169.254.169.254]/",
    ])
    func linkLocalAndMetadataAddressesAreRefused(_ url: String) throws {
        let address = try SinkAddress(url)
        let error = #expect(throws: SinkError.self) { try address.resolve() }
        #expect(error?.code == .forbidden && error?.isFinal == true)
        #expect(throws: SinkError.self) { try WebhookSink(address: address, signature: nil).check() }
        #expect(throws: SinkError.self) { try AlertmanagerSink(address: address).check() }
        #expect(throws: SinkError.self) { try HTTPPost(address: address).send([], headers: []) }
    }

    @Test(arguments: [
        "http://127.0.0.1:9093", "http://[::1]:9093/x", "http://10.0.0.7", "http://192.168.1.1", "http://[fd12::1]",
    ])
    func othersAreNot(_ url: String) throws {
        #expect(try SinkAddress(url).resolve().count >= 1)
    }

    /// A name may resolve to anything: each address is looked at after that, and one that is forbidden forbids the name.
    @Test(arguments: [
        ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"], ["fe80::1"], ["::ffff:169.254.169.254", "10.0.0.1"],
        ["fd00:ec2::254"], ["10.0.0.1", "100.100.100.200"],
    ])
    func aNameThatResolvesToAMetadataAddressIsRefused(_ found: [String]) throws {
        let address = try SinkAddress("https://alerts.example.com/hook")
        let error = #expect(throws: SinkError.self) {
            try address.resolve { (_: String, port: Int) throws(SinkError) in Self.addresses(found, port) }
        }
        #expect(error?.code == .forbidden && error?.isFinal == true && error?.hint != nil)
        #expect(error?.message.contains("alerts.example.com") == true && error?.message.contains("hook") == false)
    }

    /// What is connected to is what was looked at.
    @Test func aNameGivesTheAddressesThatWereLookedAt() throws {
        let address = try SinkAddress("http://alerts.example.com:8080/hook")
        let asked = Mutex<[String]>([])
        let found = try address.resolve { (host: String, port: Int) throws(SinkError) in
            asked.withLock { $0.append("\(host):\(port)") }
            return Self.addresses(["10.0.0.7", "fd12::1"], port)
        }
        #expect(found.map(\.ipAddress) == ["10.0.0.7", "fd12::1"] && found.map(\.port) == [8080, 8080])
        #expect(asked.withLock { $0 } == ["alerts.example.com:8080"])
        let none = #expect(throws: SinkError.self) {
            try address.resolve { (_: String, _: Int) throws(SinkError) in [] }
        }
        #expect(none?.code == .network && none?.isFinal == false, "it may be found later")
    }

    @Test func localhostIsANameAsAnyOther() throws {
        let found = try SinkAddress("http://localhost:9093").resolve()
        #expect(!found.isEmpty && found.allSatisfy { ["127.0.0.1", "::1"].contains($0.ipAddress) })
    }

    private static func addresses(_ texts: [String], _ port: Int) -> [SocketAddress] {
        texts.compactMap { try? SocketAddress(ipAddress: $0, port: port) }
    }

    @Test(arguments: [
        "webhook:https://h/x#", "webhook:https://h/x#key=1", "webhook:https://h/x#ca-file=/nowhere.pem",
        "webhook:http://h/x#ca-file=CA", "webhook:https://h/x#ca-file=CA&ca-file=CA", "webhook:https://h/x#ca-file=KEY",
        "alertmanager:https://h/x#hmac-file=KEY", "alertmanager:http://h/x?y", "webhook:https://h/x#hmac-file=KEY&",
    ])
    func optionsThatThereAreNotAreErrorsThatShowNoURL(_ text: String) throws {
        let scratch = try Scratch()
        let (own, key) = ("\(scratch.path)/ca.pem", "\(scratch.path)/key")
        try Data(Self.authority.utf8).write(to: URL(fileURLWithPath: own))
        try Data("0123456789abcdef".utf8).write(to: URL(fileURLWithPath: key))
        chmod(key, 0o600)
        _ = try SinkDescription.parse("webhook:https://h/x#ca-file=\(own)&hmac-file=\(key)")
        _ = try SinkDescription.parse("alertmanager:https://h/x#ca-file=\(own)")
        let text = text.replacing("CA", with: own).replacing("KEY", with: key)
        let error = #expect(throws: SinkError.self) { try SinkDescription.parse(text) }
        #expect(error?.code == .usage && error?.hint != nil && error?.message.contains("/x") == false, "\(error!)")
    }

    /// A certificate of nobody, made with openssl for this test.
    private static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBeDCCAR+gAwIBAgIUTqDOnjrw08i/WugjpACItMnB+HIwCgYIKoZIzj0EAwIw
        ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEzMDE3MTY0NVoYDzIxMjYxMTA2MTcx
        NjQ1WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
        AARa8itTmoC6mC+ewrbStvlRU1co2lY2NyLt2V2fCqZK2el58Jrmf6QqAhrO4Wtb
        cS4ChRw4TF09DheLmseNLa/yo1MwUTAdBgNVHQ4EFgQU7Ed+HSyeIl3o/MU6XQ75
        PbImtYowHwYDVR0jBBgwFoAU7Ed+HSyeIl3o/MU6XQ75PbImtYowDwYDVR0TAQH/
        BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBNNpEf5zktj3TcmYlt5USiCYLsujRd
        04aMTXCPArjc+wIgJ6mAZ1kG5Nn57HnDuBKIUn4P6gYdksSsXGJI0VD7gLg=
        -----END CERTIFICATE-----
        """

    @Test(arguments: [
        "", "ftp://host/", "http://", "host:80/x", "http://host:0/", "http://host:70000/", "http://user:word@host/",
        "http://ho st/", "http://host/#x",
    ])
    func unreadableURLsAreErrorsThatDoNotRepeatThem(_ url: String) {
        let error = #expect(throws: SinkError.self) { try SinkAddress(url) }
        #expect(error?.code == .usage && error?.hint != nil)
        #expect(url.count < 8 || error?.description.contains(url) == false)
    }

    @Test func namesTellSinksApartAndHoldNoPath() throws {
        let first = WebhookSink(address: try SinkAddress("https://hooks.example.com/T0/secret"), signature: nil).name
        let second = WebhookSink(address: try SinkAddress("https://hooks.example.com/T1/secret"), signature: nil).name
        #expect(first != second && first.hasPrefix("webhook:hooks.example.com#") && !first.contains("secret"))
        let manager = try AlertmanagerSink(address: SinkAddress("http://127.0.0.1:9093/am/"))
        #expect(manager.name.hasPrefix("alertmanager:127.0.0.1:9093#"))
        #expect(try SinkAddress("http://127.0.0.1:9093/am/").appending("/api/v2/alerts").target == "/am/api/v2/alerts")
    }

    /// The code was computed by Python's hmac.
    @Test func signatureIsTheHMACOfMomentAndBody() {
        let signature = WebhookSignature(secret: Array("0123456789abcdef".utf8))
        #expect(
            signature.value(of: Array("{\"a\":1}".utf8), seconds: 1_700_000_000)
                == "t=1700000000,v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23")
    }

    @Test func aSecretComesFromAFileThatIsPrivateOrFromAVariable() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/key"
        try Data("0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o644)
        let open = #expect(throws: SinkError.self) { try WebhookSignature.parse("hmac-file=\(path)") }
        #expect(open?.hint == "chmod 600 \(path)" && open?.description.contains("0123456789") == false)
        chmod(path, 0o600)
        let body = Array("{\"a\":1}".utf8)
        #expect(
            try WebhookSignature.parse("hmac-file=\(path)").value(of: body, seconds: 1)
                == WebhookSignature(secret: Array("0123456789abcdef".utf8)).value(of: body, seconds: 1))
        for text in ["hmac-env=TOLLGATE_NO_SUCH", "hmac-file=/nowhere", "hmac-env", "key=x", ""] {
            #expect(throws: SinkError.self) { try WebhookSignature.parse(text) }
        }
    }

    @Test(arguments: [
        ("7", 7000), (" 0 ", 0), ("99999999999999999999", 86_400_000), ("soon", nil), ("", nil), ("-1", nil),
    ])
    func retryAfterIsReadWithinADay(_ text: String, _ milliseconds: Int?) {
        #expect(RetryAfter.milliseconds(text) == milliseconds)
    }

    @Test func retryAfterMayBeADate() throws {
        #expect(RetryAfter.milliseconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0)
        #expect(RetryAfter.milliseconds("Fri, 21 Oct 2157 07:28:00 GMT") == 86_400_000)
    }

    @Test func aPayloadIsOfOneGroupAndTheSameInEveryAttempt() throws {
        let notices = [OutboxTests.notice("one"), OutboxTests.notice("two", isFiring: false)]
        let delivery = AlertDelivery(key: "k", lane: AlertGroup.key(notices[0]), notices: notices)
        let payload = WebhookPayload(delivery)
        #expect(payload.status == "firing" && payload.alerts.map(\.status) == ["firing", "resolved"])
        #expect(payload.groupLabels == ["alertname": "loop", "server": "ecs", "tool": "build"])
        #expect(payload.commonLabels == payload.groupLabels.merging(["severity": "page"]) { $1 })
        #expect(payload.alerts[0].endsAt == "0001-01-01T00:00:00Z" && payload.alerts[1].endsAt.hasPrefix("20"))
        #expect(try payload.bytes() == WebhookPayload(delivery).bytes())
    }

    @Test func alertmanagerGetsAnExplicitEnd() {
        let now = AlertBookTests.minute(30).microseconds
        let firing = AlertmanagerSink.entry(OutboxTests.notice("one"), now: now)
        #expect(firing.endsAt == HTTPTime.text(now + 180_000_000))
        let over = AlertmanagerSink.entry(OutboxTests.notice("one", isFiring: false), now: now)
        #expect(over.endsAt == HTTPTime.text(AlertBookTests.minute(10).microseconds))
    }

    @Test func theEvidencesCommandIsSafeInAShell() {
        var finding = AlertBookTests.finding(from: 0, to: 1)
        finding.agent = "a'; rm -rf ~ #"
        finding.tool = "-x"
        let step = AlertTransition(alert: Alert(finding), from: nil, cause: .raised, at: AlertBookTests.minute(1))
        let command = step.evidence["command"] ?? ""
        #expect(command.contains("--agent 'a'\\''; rm -rf ~ #'") && command.contains("--tool '-x'"))
        #expect(step.evidence["denied_share"] == "0.25")
    }
}
