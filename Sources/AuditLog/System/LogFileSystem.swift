/// What the log asks of a file system.
///
/// Everything that can lose bytes goes through here, so that tests can bring every fault about.
public protocol LogFileSystem: Sendable {
    /// Makes a directory, and those above it, with mode 0700; durable once it returns. An existing one is fine.
    func makeDirectory(_ path: String) throws(SystemError)
    /// The names in a directory, sorted.
    func list(_ path: String) throws(SystemError) -> [String]
    /// Opens a file.
    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile
    /// Removes a file.
    func remove(_ path: String) throws(SystemError)
    /// Renames a file over another.
    func rename(_ path: String, to target: String) throws(SystemError)
    /// Makes a directory's entries durable.
    func syncDirectory(_ path: String) throws(SystemError)
    /// Bytes of the file system that a path is in: those free for us, and all.
    func space(at path: String) throws(SystemError) -> (free: Int, total: Int)
    /// Makes a file of so many bytes whose blocks are taken, not only promised; one that is there is replaced.
    func allocate(_ path: String, bytes: Int) throws(SystemError)
    /// Which file stands at a path; nil where none does, or where this file system cannot tell.
    func identity(of path: String) throws(SystemError) -> FileIdentity?
}

/// Tells one file from another, whatever they are called: device and inode.
public struct FileIdentity: Sendable, Hashable {
    /// The device that the file is on.
    public var device: UInt64
    /// The file's number there.
    public var inode: UInt64

    /// Takes both.
    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

extension LogFileSystem {
    /// Refuses: there is no reserve on a file system that cannot take blocks.
    public func allocate(_ path: String, bytes: Int) throws(SystemError) {
        throw SystemError("fallocate", path, SystemError.notSupported)
    }

    /// Cannot tell.
    public func identity(of path: String) throws(SystemError) -> FileIdentity? { nil }
}

/// How a file is opened.
///
/// Files are made with mode 0600.
public enum FileAccess: Sendable {
    /// For reading.
    case read
    /// For reading and writing at the end.
    case append
    /// For writing a new file, which must not exist.
    case create
    /// For writing from the start, whatever was there.
    case replace
}

/// An open file.
public protocol LogFile: AnyObject, Sendable {
    /// Bytes in the file.
    func size() throws(SystemError) -> Int
    /// Reads at an offset; fewer bytes than asked only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int
    /// Writes at the end; may write fewer bytes than asked.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int
    /// Writes what the file holds from an offset on again, where it stands: the next sync takes it to the disk even where
    /// an earlier one, of another process too, has failed. After that the kernel takes the pages for clean: they can be
    /// read, a sync succeeds, and a power loss takes them (Rebello et al., "Can Applications Recover from fsync
    /// Failures?", USENIX ATC 2020).
    func rewrite(from offset: Int) throws(SystemError)
    /// Cuts the file.
    func truncate(to size: Int) throws(SystemError)
    /// Returns once the bytes written are durable (fdatasync).
    func sync() throws(SystemError)
    /// Which file this is, whatever stands at its path by now; nil where the file system cannot tell.
    func identity() throws(SystemError) -> FileIdentity?
    /// Closes the file; later calls fail.
    func close()
}

extension LogFile {
    /// Does nothing: no earlier sync of such a file fails.
    public func rewrite(from offset: Int) throws(SystemError) {}

    /// Cannot tell.
    public func identity() throws(SystemError) -> FileIdentity? { nil }

    /// Writes all bytes, finishing short writes.
    func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = try write(rest)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}

extension LogFileSystem {
    /// A whole file's bytes.
    package func contents(of path: String) throws(SystemError) -> [UInt8] {
        let file = try open(path, .read)
        defer { file.close() }
        return try file.bytes(0..<file.size())
    }

    /// Replaces a file so that a crash leaves the old one or the new one: temporary file, sync, rename, sync of the directory.
    package func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".tmp"
        let file = try open(temporary, .replace)
        defer { file.close() }
        let result: Result<Void, SystemError> = bytes.withUnsafeBytes { raw in
            Result { () throws(SystemError) in try file.writeAll(raw) }
        }
        try result.get()
        try file.sync()
        try rename(temporary, to: path)
        try syncDirectory(path.parentDirectory)
    }

    /// Whether a path can be opened for reading.
    package func exists(_ path: String) -> Bool {
        guard let file = try? open(path, .read) else { return false }
        file.close()
        return true
    }
}

extension LogFile {
    /// Bytes of a range, fewer at the file's end.
    package func bytes(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            do throws(SystemError) {
                count = try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension String {
    /// The path up to its last `/`.
    package var parentDirectory: String {
        guard let slash = lastIndex(of: "/") else { return "." }
        return slash == startIndex ? "/" : String(self[..<slash])
    }

    /// The path's last component.
    package var lastComponent: String {
        String(split(separator: "/").last ?? "")
    }
}
