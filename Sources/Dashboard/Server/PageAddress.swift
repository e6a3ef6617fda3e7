/// A page's address within the dashboard.
enum PageAddress {
    /// A name as one segment of a path: everything but letters, digits and `-._~` is percent-encoded (RFC 3986 §2.3).
    static func segment(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }

    static func agent(_ name: String) -> String { "/agents/" + segment(name) }

    static func tool(_ server: String, _ tool: String) -> String { "/tools/\(segment(server))/\(segment(tool))" }

    static func alert(_ id: String) -> String { "/alerts/" + segment(id) }
}
