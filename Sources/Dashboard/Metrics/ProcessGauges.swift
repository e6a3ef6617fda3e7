import Glibc

/// What the system says of this process, under the names that Prometheus' users expect.
///
/// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
struct ProcessGauges {
    var cpuSeconds: Double?
    var residentBytes: Double?
    var virtualBytes: Double?
    var openDescriptors: Double?
    var mostDescriptors: Double?
    var startSeconds: Double?

    /// Reads them from `/proc` (`proc_pid_stat(5)`); what cannot be read is left out.
    static func read() -> ProcessGauges {
        var gauges = ProcessGauges()
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        // The second field, the program's name, may have spaces and parentheses in it.
        let fields = contents("/proc/self/stat").map { text in
            text[(text.lastIndex(of: ")").map(text.index(after:)) ?? text.startIndex)...].split(separator: " ")
        }
        func number(_ field: Int) -> Double? {
            fields.flatMap { $0.indices.contains(field - 3) ? Double($0[field - 3]) : nil }
        }
        if let user = number(14), let system = number(15) { gauges.cpuSeconds = (user + system) / ticks }
        gauges.virtualBytes = number(23)
        gauges.residentBytes = number(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        if let start = number(22), let boot = bootSeconds() { gauges.startSeconds = boot + start / ticks }
        gauges.openDescriptors = openDescriptors().map(Double.init)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            gauges.mostDescriptors = Double(limit.rlim_cur)
        }
        return gauges
    }

    func write(to text: inout MetricsText) {
        text.add(.cpuSeconds, cpuSeconds)
        text.add(.residentBytes, residentBytes)
        text.add(.virtualBytes, virtualBytes)
        text.add(.openDescriptors, openDescriptors)
        text.add(.mostDescriptors, mostDescriptors)
        text.add(.startTime, startSeconds)
    }

    /// When the system was started, in seconds since 1970.
    private static func bootSeconds() -> Double? {
        contents("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // ".", ".." and the folder's own.
        return count - 3
    }

    private static func contents(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
