/// Puts a segment's file back to its place after somebody removed or replaced it, from the descriptor that is still open.
struct SegmentRescue {
    private let log: LogDirectory
    private let first: UInt64
    private let files: any LogFileSystem
    private static let pieceBytes = 1 << 20

    init(_ log: LogDirectory, _ first: UInt64, _ files: any LogFileSystem) {
        self.log = log
        self.first = first
        self.files = files
    }

    /// Copies the first bytes of an open file to its place: temporary file, sync, rename, sync of the directory.
    ///
    /// What stands there instead goes to quarantine. A crash in the middle leaves what was there before, or the whole copy.
    ///
    /// - Returns: the copy, open at its end.
    func rescue(_ file: any LogFile, bytes: Int) throws(SystemError) -> any LogFile {
        let path = log.segmentPath(first)
        let temporary = path + ".tmp"
        try files.makeDirectory(log.segmentsPath)
        let copy = try files.open(temporary, .replace)
        do throws(SystemError) {
            try self.copy(file, bytes, to: copy, temporary)
            try setAside(path)
            try files.rename(temporary, to: path)
            try files.syncDirectory(log.segmentsPath)
            // Not opened by its name: by now that may be another's again.
            return copy
        } catch {
            copy.close()
            try? files.remove(temporary)
            throw error
        }
    }

    private func copy(
        _ file: any LogFile, _ bytes: Int, to copy: any LogFile, _ path: String
    ) throws(SystemError) {
        var done = 0
        while done < bytes {
            let piece = try file.bytes(done..<min(done + SegmentRescue.pieceBytes, bytes))
            guard !piece.isEmpty else { throw SystemError("pread", path, SystemError.inputOutput) }
            let result: Result<Void, SystemError> = piece.withUnsafeBytes { raw in
                Result { () throws(SystemError) in try copy.writeAll(raw) }
            }
            try result.get()
            done += piece.count
        }
        try copy.sync()
    }

    private func setAside(_ path: String) throws(SystemError) {
        guard try files.identity(of: path) != nil else { return }
        try files.makeDirectory(log.quarantinePath)
        let name = log.quarantinePath + "/" + LogDirectory.segmentName(first) + ".replaced"
        var place = name
        var number = 1
        while try files.identity(of: place) != nil {
            number += 1
            place = "\(name).\(number)"
        }
        do throws(SystemError) {
            try files.rename(path, to: place)
        } catch  where error.number == SystemError.noEntry {
            // Gone again by now.
            return
        }
        try files.syncDirectory(log.quarantinePath)
    }
}
