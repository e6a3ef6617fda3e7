public import Events

/// A tool that a server offers with another definition than before.
public struct ToolChange: Sendable, Equatable {
    /// The record that says so.
    public var record: RecordReference
    /// When it was seen.
    public var timestamp: Timestamp
    /// The upstream's configured name.
    public var server: String
    /// The tool.
    public var tool: String

    /// Names a change.
    public init(record: RecordReference, timestamp: Timestamp, server: String, tool: String) {
        self.record = record
        self.timestamp = timestamp
        self.server = server
        self.tool = tool
    }

    /// Takes it from a control record; nil where that is of anything else.
    public init?(control: Control, record: RecordReference, timestamp: Timestamp) {
        guard control.event == .toolChanged, let server = control.text(.server), let tool = control.text(.tool) else {
            return nil
        }
        self.init(record: record, timestamp: timestamp, server: server, tool: tool)
    }
}
