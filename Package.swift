// swift-tools-version: 6.2
import PackageDescription

// The house: arrows point down only. docs/ARCHITECTURE.md has the table, and `make lint` holds the two together.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "tollgate",
    products: [.executable(name: "tollgate", targets: ["tollgate"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "StrictJSON", swiftSettings: strict),
        .target(name: "Events", swiftSettings: strict),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CDigest"),
        .target(name: "AuditLog", dependencies: ["Events", "CZlib", "CDigest", crypto], swiftSettings: strict),
        .target(name: "Policy", dependencies: ["Events", "StrictJSON"], swiftSettings: strict),
        .target(name: "MCP", dependencies: ["StrictJSON"], swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "AuditLog", "Events", "MCP", "Policy", "StrictJSON", crypto, nioCore, nioHTTP1, nioPosix, nioSSL,
                nioTLS, yams,
            ],
            swiftSettings: strict),
        .target(name: "Warehouse", dependencies: ["Events", grdb, grdbSQLite], swiftSettings: strict),
        .target(name: "Ingest", dependencies: ["AuditLog", "Events", "Warehouse", crypto], swiftSettings: strict),
        .target(name: "Detection", dependencies: ["Events"], swiftSettings: strict),
        .target(
            name: "Alerts",
            dependencies: ["Detection", "Events", crypto, grdb, nioCore, nioHTTP1, nioPosix, nioSSL],
            swiftSettings: strict),
        .target(
            name: "Reports", dependencies: ["Detection", "Events", "Terminal", "Warehouse", mustache],
            swiftSettings: strict),
        .target(name: "Terminal", dependencies: ["Events"], swiftSettings: strict),
        .target(name: "Simulation", dependencies: ["Events"], swiftSettings: strict),
        .target(
            name: "Replay", dependencies: ["AuditLog", "Detection", "Events", "Policy", "StrictJSON", crypto],
            swiftSettings: strict),
        .target(
            name: "Dashboard",
            dependencies: [
                "Alerts", "AuditLog", "Events", "Policy", "Replay", "Reports", "StrictJSON", "Terminal", "Warehouse",
                crypto, httpTypes, hummingbird, hummingbirdCore, logging, nioCore, nioPosix, serviceLifecycle,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "tollgate",
            dependencies: [
                "Alerts", "AuditLog", "Dashboard", "Detection", "Events", "Gateway", "Ingest", "Policy", "Replay",
                "Reports",
                "Simulation", "Terminal", "Warehouse", argumentParser, logging, serviceLifecycle, unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "Measure",
            dependencies: [
                "AuditLog", "Detection", "Events", "MCP", "Policy", "Replay", "Simulation", "StrictJSON",
            ],
            path: "Benchmarks/Measure", swiftSettings: strict),
        .testTarget(name: "EventsTests", dependencies: ["Events"], swiftSettings: strict),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"], swiftSettings: strict),
        .testTarget(name: "AuditLogTests", dependencies: ["AuditLog", "Events"], swiftSettings: strict),
        .testTarget(name: "MCPTests", dependencies: ["MCP", "StrictJSON"], swiftSettings: strict),
        .testTarget(name: "PolicyTests", dependencies: ["Policy", "Events", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "AuditLog", "Events", "MCP", "Policy", "StrictJSON", crypto, nioCore, nioEmbedded, nioHTTP1,
                nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(name: "WarehouseTests", dependencies: ["Warehouse", "Events", grdb], swiftSettings: strict),
        .testTarget(
            name: "IngestTests", dependencies: ["Ingest", "AuditLog", "Events", "Warehouse", grdb],
            swiftSettings: strict),
        .testTarget(
            name: "DetectionTests", dependencies: ["Detection", "Events", "Simulation"], swiftSettings: strict),
        .testTarget(
            name: "AlertsTests", dependencies: ["Alerts", "Detection", "Events", "Simulation", grdb, nioCore],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Reports", "Detection", "Events", "Simulation", "Terminal", "Warehouse", grdb],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "DashboardTests",
            dependencies: ["Dashboard", "AuditLog", "Events", "Policy", "Reports", "Warehouse"], swiftSettings: strict),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal", "Events"], swiftSettings: strict),
        .testTarget(
            name: "ReplayTests",
            dependencies: ["Replay", "AuditLog", "Events", "Policy", "Simulation", "StrictJSON", crypto],
            swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "Events", crypto], swiftSettings: strict),
    ]
)
