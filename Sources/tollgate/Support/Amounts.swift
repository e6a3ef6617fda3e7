import ArgumentParser

/// A span of time on the command line: `90s`, `15m`, `6h`, `400d`.
struct Span: ExpressibleByArgument {
    let seconds: Int64

    init(seconds: Int64) {
        self.seconds = seconds
    }

    init?(argument: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = argument.last, let unit = units[last], let count = Int64(argument.dropLast()),
            (0...36_600 * 86_400 / unit).contains(count)
        else { return nil }
        seconds = count * unit
    }

    var defaultValueDescription: String {
        seconds % 86_400 == 0 ? "\(seconds / 86_400)d" : "\(seconds)s"
    }
}

/// An amount of bytes on the command line: `4096`, `500MB`, `50GB`, `1TB`, in powers of 1,000.
struct ByteCount: ExpressibleByArgument {
    let count: Int

    init?(argument: String) {
        let units: [(suffix: String, bytes: Int)] = [
            ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("", 1),
        ]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
            let number = Int(argument.dropLast(unit.suffix.count)),
            (0...1_000_000_000_000_000 / unit.bytes).contains(number)
        else { return nil }
        count = number * unit.bytes
    }
}
