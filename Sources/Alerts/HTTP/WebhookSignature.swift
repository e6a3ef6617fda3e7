import Crypto
import Foundation
import Glibc

/// Signs a webhook's body, so that its receiver knows who sent it and when.
///
/// The header `Tollgate-Signature: t=SECONDS,v1=HEX` holds the moment of sending and HMAC-SHA-256, under the shared
/// secret, of the moment's digits, a full stop and the body. A receiver refuses moments more than five minutes away.
public struct WebhookSignature: Sendable {
    /// The header's name.
    public static let header = "Tollgate-Signature"

    private let secret: SymmetricKey

    /// Takes the shared secret's bytes.
    public init(secret: [UInt8]) {
        self.secret = SymmetricKey(data: secret)
    }

    /// The header's value.
    public func value(of body: [UInt8], seconds: Int64) -> String {
        var code = HMAC<SHA256>(key: secret)
        code.update(data: Array("\(seconds).".utf8))
        code.update(data: body)
        let digits = Array("0123456789abcdef")
        let text = String(code.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        return "t=\(seconds),v1=\(text)"
    }

    /// Reads the secret of a sink's description, `hmac-env=NAME` or `hmac-file=PATH`.
    ///
    /// - Throws: `SinkError` that names the variable or the file, never what they hold.
    static func parse(_ text: String) throws(SinkError) -> WebhookSignature {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw SinkError(.usage, "cannot read a webhook's secret: expected #hmac-env=NAME or #hmac-file=PATH")
        }
        let secret: [UInt8]
        switch parts[0] {
        case "hmac-env":
            guard let value = ProcessInfo.processInfo.environment[parts[1]] else {
                throw SinkError(.usage, "the variable \(parts[1]) is not set", hint: "export \(parts[1])=…")
            }
            secret = Array(value.utf8)
        case "hmac-file": secret = try read(parts[1])
        default:
            throw SinkError(.usage, "cannot read a webhook's secret: expected #hmac-env=NAME or #hmac-file=PATH")
        }
        guard secret.count >= 16 else {
            throw SinkError(.usage, "a webhook's secret needs 16 bytes or more", hint: "openssl rand -hex 32")
        }
        return WebhookSignature(secret: secret)
    }

    private static func read(_ path: String) throws(SinkError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0, let data = FileManager.default.contents(atPath: path) else {
            throw SinkError(.usage, "cannot read \(path)", hint: "ls -l \(path)")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw SinkError(.usage, "others can read \(path)", hint: "chmod 600 \(path)")
        }
        // A file that ends with a newline is as good as one that does not.
        return Array(data.reversed().drop { $0 == 10 || $0 == 13 }.reversed())
    }
}
