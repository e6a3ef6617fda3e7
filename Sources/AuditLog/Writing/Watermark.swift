import Glibc
import Synchronization

/// The durable watermark that a writer shares with readers on its host: `live.state`, mapped into memory.
///
/// One number, the first seq that is not durable yet: members are committed whole and in order, so a reader that knows
/// its own next seq needs nothing else, and one aligned word cannot be read half.
final class Watermark: @unchecked Sendable {
    private static let size = 64
    private static let magic: UInt64 = 0x3145_5649_4C47_4C54  // "TLGLIVE1", little-endian
    private let memory: UnsafeMutableRawPointer

    /// Makes the file for a writer of this epoch.
    static func create(_ log: LogDirectory, epoch: Int, durable seq: UInt64) throws(SystemError) -> Watermark {
        // A new file each time: readers that still map the old one see an epoch that is over, not a torn mixture.
        let temporary = log.livePath + ".tmp"
        let descriptor = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open", temporary) }
        defer { close(descriptor) }
        // Allocated, not sparse: on a full disk a write to mapped memory would be a SIGBUS.
        let status = posix_fallocate(descriptor, 0, off_t(size))
        guard status == 0 else { throw SystemError("posix_fallocate", temporary, status) }
        let watermark = try Watermark(descriptor, writable: true, path: temporary)
        watermark.word(0).pointee.store(magic, ordering: .relaxed)
        watermark.word(1).pointee.store(BootID.number, ordering: .relaxed)
        watermark.word(2).pointee.store(UInt64(epoch), ordering: .relaxed)
        watermark.word(3).pointee.store(seq, ordering: .releasing)
        watermark.word(4).pointee.store(UInt64(getpid()), ordering: .releasing)
        guard rename(temporary, log.livePath) == 0 else { throw SystemError("rename", temporary) }
        return watermark
    }

    /// Maps a writer's file; nil when there is none that can be believed on this boot and for this epoch.
    static func read(_ log: LogDirectory, epoch: Int) -> Watermark? {
        let descriptor = open(log.livePath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size >= off_t(size),
            let watermark = try? Watermark(descriptor, writable: false, path: log.livePath),
            watermark.word(0).pointee.load(ordering: .relaxed) == magic,
            watermark.word(1).pointee.load(ordering: .relaxed) == BootID.number,
            watermark.word(2).pointee.load(ordering: .relaxed) == UInt64(epoch)
        else { return nil }
        return watermark
    }

    /// The first seq that is not durable yet.
    var durable: UInt64 {
        get { word(3).pointee.load(ordering: .acquiring) }
        set { word(3).pointee.store(newValue, ordering: .releasing) }
    }

    /// The writer's process id.
    var writer: UInt64 {
        word(4).pointee.load(ordering: .acquiring)
    }

    private init(_ descriptor: Int32, writable: Bool, path: String) throws(SystemError) {
        let protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
        guard let memory = mmap(nil, Watermark.size, protection, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
            throw SystemError("mmap", path)
        }
        self.memory = memory
    }

    deinit {
        munmap(memory, Watermark.size)
    }

    private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (memory + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}
