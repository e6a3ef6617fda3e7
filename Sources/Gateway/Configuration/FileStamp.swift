import Glibc

/// What tells whether a file has changed since it was read.
public struct FileStamp: Sendable, Hashable {
    /// The file.
    public let path: String
    /// Whether there was one.
    public let exists: Bool
    /// Seconds of the last change of its bytes.
    public let seconds: Int
    /// Nanoseconds beyond those.
    public let nanoseconds: Int
    /// Bytes.
    public let size: Int
    /// The file behind the name: a replaced file has another.
    public let inode: UInt64

    /// Looks at a file as it is now.
    public init(_ path: String) {
        var status = stat()
        exists = stat(path, &status) == 0
        self.path = path
        seconds = exists ? Int(status.st_mtim.tv_sec) : 0
        nanoseconds = exists ? Int(status.st_mtim.tv_nsec) : 0
        size = exists ? Int(status.st_size) : 0
        inode = exists ? UInt64(status.st_ino) : 0
    }

    /// Whether the file is now another, or gone, or there at last.
    public var hasChanged: Bool { FileStamp(path) != self }
}
