import Glibc

/// A system call that failed.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call's name.
    public var call: String
    /// The path it was about.
    public var path: String
    /// `errno` after the call.
    public var number: Int32

    /// Takes `errno` as it stands.
    init(_ call: String, _ path: String) {
        self.init(call, path, errno)
    }

    /// Names a failed call.
    public init(_ call: String, _ path: String, _ number: Int32) {
        self.call = call
        self.path = path
        self.number = number
    }

    /// What `LogFile.sync` fails with where the file has no name any more.
    static let unlinked = ESTALE
    static let notSupported = EOPNOTSUPP
    static let inputOutput = EIO
    static let noEntry = ENOENT

    /// Whether there is no room: on the disk, or for this user.
    var isNoSpace: Bool { number == ENOSPC || number == EDQUOT }

    /// Call, path and the system's own words.
    public var description: String {
        "\(call) \(path): \(String(cString: strerror(number)))"
    }
}
