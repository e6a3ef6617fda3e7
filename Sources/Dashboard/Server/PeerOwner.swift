import Foundation
import NIOCore

/// Whose a connection over loopback is: the kernel's tables of TCP sockets name the user of each (proc(5), `/proc/net/tcp`).
///
/// The other end of such a connection is a socket of this machine, so it stands there too. An agent that runs as another user
/// reaches the pages' port like anybody, and must not approve its own calls there.
enum PeerOwner {
    private static let established: Substring = "01"

    /// The user at the other end of a connection; nil where the kernel does not say.
    static func user(of channel: any Channel) -> UInt32? {
        guard let peer = channel.remoteAddress, let port = peer.port, let own = channel.localAddress?.port,
            let names = names(of: peer)
        else { return nil }
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let file = FileHandle(forReadingAtPath: table), let bytes = try? file.readToEnd() else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if let user = user(in: text, from: names.map { "\($0):\(hex(port))" }, to: hex(own)) { return user }
        }
        return nil
    }

    /// The user of the socket at one of some addresses that is connected to a port, in a table's text.
    static func user(in table: String, from addresses: [String], to port: String) -> UInt32? {
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 7, addresses.contains(String(fields[1])), fields[2].hasSuffix(":\(port)"),
                fields[3] == established
            else { continue }
            return UInt32(fields[7])
        }
        return nil
    }

    /// How an address stands in the tables: 32-bit words in the machine's order, an IPv4 address also within IPv6.
    private static func names(of address: SocketAddress) -> [String]? {
        // sockaddr_in has its address at byte 4, sockaddr_in6 at byte 8.
        let bytes = address.withSockAddr { address, size in
            Array(UnsafeRawBufferPointer(start: address, count: size))
        }
        switch address {
        case .v4 where bytes.count >= 8:
            let word = word(Array(bytes[4..<8]))
            return [word, "0000000000000000FFFF0000" + word]
        case .v6 where bytes.count >= 24:
            return [stride(from: 8, to: 24, by: 4).map { word(Array(bytes[$0..<$0 + 4])) }.joined()]
        default: return nil
        }
    }

    private static func word(_ bytes: [UInt8]) -> String {
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    private static func hex(_ port: Int) -> String {
        let text = String(port, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }
}
