import Glibc

/// The machine's own file system.
public struct PosixFileSystem: LogFileSystem {
    /// Makes one.
    public init() {}

    /// Makes a directory and those above it, durably.
    public func makeDirectory(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) != 0 {
            guard errno != EEXIST else { return }
            guard errno == ENOENT, path.parentDirectory != path else { throw SystemError("mkdir", path) }
            try makeDirectory(path.parentDirectory)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError("mkdir", path) }
        }
        // What is in it cannot outlive a power loss that takes its name.
        do throws(SystemError) {
            try syncDirectory(path.parentDirectory)
        } catch  where error.number == EACCES {
            // A folder that we may not read is not ours to sync.
        }
    }

    /// The names in a directory, sorted.
    public func list(_ path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Opens a file.
    public func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        let flags =
            switch access {
            case .read: O_RDONLY
            case .append: O_RDWR | O_APPEND
            case .create: O_RDWR | O_APPEND | O_CREAT | O_EXCL
            case .replace: O_RDWR | O_APPEND | O_CREAT | O_TRUNC
            }
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        return PosixFile(descriptor: descriptor, path: path)
    }

    /// Removes a file.
    public func remove(_ path: String) throws(SystemError) {
        guard unlink(path) == 0 else { throw SystemError("unlink", path) }
    }

    /// Renames a file over another.
    public func rename(_ path: String, to target: String) throws(SystemError) {
        guard Glibc.rename(path, target) == 0 else { throw SystemError("rename", path) }
    }

    /// Makes a directory's entries durable.
    public func syncDirectory(_ path: String) throws(SystemError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync", path) }
    }

    /// Bytes of the file system that a path is in: those free for us, and those free or used.
    public func space(at path: String) throws(SystemError) -> (free: Int, total: Int) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw SystemError("statvfs", path) }
        let block = Int(status.f_frsize)
        // As `df` reckons: what is kept for root, or beyond a quota, is neither used nor ours.
        return (Int(status.f_bavail) * block, Int(status.f_blocks - status.f_bfree + status.f_bavail) * block)
    }

    /// Makes a file of so many bytes whose blocks are taken.
    public func allocate(_ path: String, bytes: Int) throws(SystemError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open", path) }
        defer { Glibc.close(descriptor) }
        let status = posix_fallocate(descriptor, 0, off_t(bytes))
        guard status != 0 else { return }
        // Half of it would take from others what is scarce, and be of no use.
        unlink(path)
        throw SystemError("posix_fallocate", path, status)
    }

    /// Which file stands at a path; nil where none does.
    public func identity(of path: String) throws(SystemError) -> FileIdentity? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SystemError("lstat", path)
        }
        return FileIdentity(status)
    }
}

extension FileIdentity {
    fileprivate init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

/// An open file of the machine's own file system.
final class PosixFile: LogFile {
    let descriptor: Int32
    let path: String
    private let isClosed = Monitor(false)
    private static let pieceBytes = 1 << 20

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close()
    }

    func size() throws(SystemError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError("fstat", path) }
        return Int(status.st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0 {
                guard errno == EINTR else { throw SystemError("pread", path) }
                continue
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        while true {
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError("write", path) }
        }
    }

    func rewrite(from offset: Int) throws(SystemError) {
        // Linux appends with pwrite too where a file is open for appending (pwrite(2), BUGS).
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags & ~O_APPEND) == 0 else { throw SystemError("fcntl", path) }
        defer { _ = fcntl(descriptor, F_SETFL, flags) }
        var offset = offset
        while true {
            let piece = try bytes(offset..<offset + PosixFile.pieceBytes)
            if piece.isEmpty { return }
            let result: Result<Void, SystemError> = piece.withUnsafeBytes { raw in
                Result { () throws(SystemError) in try overwrite(raw, at: offset) }
            }
            try result.get()
            offset += piece.count
        }
    }

    private func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count < 0 {
                guard errno == EINTR else { throw SystemError("pwrite", path) }
                continue
            }
            done += count
        }
    }

    func truncate(to size: Int) throws(SystemError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw SystemError("ftruncate", path) }
    }

    func sync() throws(SystemError) {
        guard fdatasync(descriptor) == 0 else { throw SystemError("fdatasync", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
            throw SystemError("fdatasync", path, SystemError.unlinked)
        }
    }

    func identity() throws(SystemError) -> FileIdentity? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError("fstat", path) }
        return FileIdentity(status)
    }

    func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(descriptor) }
            isClosed = true
        }
    }
}
