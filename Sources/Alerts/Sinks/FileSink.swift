import Glibc

/// Appends one JSON object to a line of a file, which only its owner may read.
///
/// The file is opened for each step, so that it can be rotated by renaming.
public struct FileSink: AlertSink {
    private let path: String

    /// Makes a sink; the file is made when the first alert comes.
    public init(path: String) {
        self.path = path
    }

    /// `file:PATH`.
    public var name: String { "file:\(path)" }

    /// Looks whether the file can be written, or made; leaves everything as it is.
    public func check() throws(SinkError) {
        var status = stat()
        let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        if !isFolder, access(path, W_OK) == 0 { return }
        let number = isFolder ? EISDIR : errno
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if number == ENOENT, access(folder, W_OK | X_OK) == 0 { return }
        throw SinkError(.disk, "cannot open \(path): \(Descriptor.message(number))", hint: "ls -ld \(path)")
    }

    /// Appends a whole line, or none: what was written of a line that did not fit is taken back.
    public func deliver(_ delivery: AlertDelivery) throws(SinkError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SinkError(.disk, "cannot open \(path): \(Descriptor.message(errno))", hint: "ls -ld \(path)")
        }
        defer { close(descriptor) }
        var status = stat()
        let before = fstat(descriptor, &status) == 0 ? status.st_size : nil
        do {
            try Descriptor.write(delivery.lines(\.json), to: descriptor, named: path)
        } catch {
            // Only a regular file has a length to go back to.
            if let before, status.st_mode & S_IFMT == S_IFREG { ftruncate(descriptor, before) }
            throw error
        }
    }
}
