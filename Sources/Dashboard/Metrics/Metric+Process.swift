// What only a process knows: the gateway's, its log's writer's, and its own.

extension Metric {
    static let connections = Metric(
        "tollgate_gateway_connections", .gauge, [], "Clients' connections that are open.")
    static let sessions = Metric("tollgate_gateway_sessions", .gauge, [], "Sessions that are open.")
    static let streams = Metric("tollgate_gateway_streams", .gauge, [], "Event streams that are open towards clients.")
    static let requests = Metric(
        "tollgate_gateway_requests", .gauge, [], "Requests under way, held ones included.")
    static let heldCalls = Metric("tollgate_gateway_held_calls", .gauge, [], "Calls that wait for a person.")
    static let brakesActive = Metric("tollgate_gateway_brakes", .gauge, [], "Brakes that are on.")
    static let reloads = Metric(
        "tollgate_gateway_reloads_total", .counter, [],
        "Times that a changed configuration was taken over; refused ones are policy_rejected among the control records."
    )
    static let droppedLines = Metric(
        "tollgate_gateway_dropped_lines_total", .counter, [],
        "Lines that servers wrote to standard output and that were no messages.")

    static let gateway = [
        connections, sessions, streams, requests, heldCalls, brakesActive, reloads, droppedLines,
    ]

    static let writerRecords = Metric(
        "tollgate_log_committed_records_total", .counter, [], "Records that the gateway's log has committed.")
    static let writerCommits = Metric(
        "tollgate_log_commits_total", .counter, [], "Commits of the gateway's log; each is a batch of records.")
    static let writerFailures = Metric(
        "tollgate_log_failed_commits_total", .counter, [],
        "Commits that the disk refused, the tries to go on afterwards included.")
    static let writerLineBytes = Metric(
        "tollgate_log_line_bytes_total", .counter, [], "Bytes of the committed records' lines.")
    static let writerBytes = Metric(
        "tollgate_log_written_bytes_total", .counter, [], "Bytes written to the log's segments, compressed.")
    static let commitDuration = Metric(
        "tollgate_log_commit_duration_seconds", .histogram, [],
        "Seconds that a commit took: compressing, writing and, where it was due, syncing.")
    static let syncDuration = Metric(
        "tollgate_log_sync_duration_seconds", .histogram, [], "Seconds that fdatasync took.")
    static let queuedRecords = Metric(
        "tollgate_log_queued_records", .gauge, [], "Records that are queued and not acknowledged.")
    static let queuedBytes = Metric(
        "tollgate_log_queued_bytes", .gauge, [], "Bytes of lines that wait for the committer.")
    static let unsyncedRecords = Metric(
        "tollgate_log_unsynced_records", .gauge, [],
        "Records that are acknowledged and not synced; always 0 with durability strict.")
    static let segments = Metric(
        "tollgate_log_segments_total", .counter, ["step"], "Segments that were finished, sealed and removed.")
    static let isWell = Metric(
        "tollgate_log_well", .gauge, [],
        "1 while the gateway's log takes records as it should, 0 while calls cannot be recorded.")
    static let freeBytes = Metric(
        "tollgate_log_disk_free_bytes", .gauge, [], "Bytes that are free on the file system of the gateway's log.")
    static let sizeBytes = Metric(
        "tollgate_log_disk_size_bytes", .gauge, [], "Bytes of the file system of the gateway's log.")

    static let logWriter = [
        writerRecords, writerCommits, writerFailures, writerLineBytes, writerBytes, commitDuration, syncDuration,
        queuedRecords, queuedBytes, unsyncedRecords, segments, isWell, freeBytes, sizeBytes,
    ]

    static let ingestLag = Metric(
        "tollgate_ingest_lag_seconds", .gauge, ["log"],
        "Seconds between a log's newest record and the newest that the warehouse has; 0 where it has all.")
    static let ingestBehind = Metric(
        "tollgate_ingest_behind_records", .gauge, ["log"], "Records of a log that the warehouse does not have.")
    static let warehouseBytes = Metric(
        "tollgate_warehouse_size_bytes", .gauge, [], "Bytes of the warehouse's files.")
    static let warehouseIsReadable = Metric(
        "tollgate_warehouse_readable", .gauge, [], "1 where the warehouse can be read, 0 where not.")

    static let loading = [ingestLag, ingestBehind, warehouseBytes, warehouseIsReadable]

    static let buildInfo = Metric(
        "tollgate_build_info", .gauge, ["version"], "Always 1; the version is its label.")
    static let cpuSeconds = Metric(
        "process_cpu_seconds_total", .counter, [], "User and system time of this process, in seconds.")
    static let residentBytes = Metric(
        "process_resident_memory_bytes", .gauge, [], "Bytes of memory that this process has in use.")
    static let virtualBytes = Metric(
        "process_virtual_memory_bytes", .gauge, [], "Bytes of addresses that this process has.")
    static let openDescriptors = Metric(
        "process_open_fds", .gauge, [], "File descriptors that this process has open.")
    static let mostDescriptors = Metric(
        "process_max_fds", .gauge, [], "File descriptors that this process may have open.")
    static let startTime = Metric(
        "process_start_time_seconds", .gauge, [], "When this process started, in seconds since 1970.")

    static let process = [
        buildInfo, cpuSeconds, residentBytes, virtualBytes, openDescriptors, mostDescriptors, startTime,
    ]
}
