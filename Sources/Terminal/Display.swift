#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What stands at the other end of an output: a terminal of some width, or a pipe or file.
public struct Display: Sendable, Equatable {
    /// Whether a person's terminal is there: lines may be rewritten in place.
    public var isTerminal: Bool
    /// Cells in a line; nil where there is no limit.
    public var columns: Int?
    /// Whether colours are wanted.
    public var usesColour: Bool

    /// Makes a display from its parts.
    public init(isTerminal: Bool, columns: Int?, usesColour: Bool) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.usesColour = usesColour
    }

    /// A pipe or a file: no colour, no limit, nothing rewritten.
    public static let pipe = Display(isTerminal: false, columns: nil, usesColour: false)

    /// Looks at a descriptor.
    ///
    /// Colour needs a terminal, no `NO_COLOR` (https://no-color.org) and a `TERM` other than `dumb`.
    public init(descriptor: Int32, environment: [String: String]) {
        let dumb = environment["TERM"] == "dumb"
        let terminal = isatty(descriptor) == 1
        isTerminal = terminal && !dumb
        usesColour = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
        columns = terminal ? Display.measuredColumns(descriptor) ?? Int(environment["COLUMNS"] ?? "") ?? 80 : nil
    }

    /// The same display, measured anew: people resize windows.
    public func remeasured(descriptor: Int32) -> Display {
        guard isTerminal, let columns = Display.measuredColumns(descriptor) else { return self }
        var copy = self
        copy.columns = columns
        return copy
    }

    private static func measuredColumns(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
