// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the ordinary build knows nothing of libFuzzer. scripts/fuzz builds it, with the options that
// it needs. The checks are also a part of the test target FuzzingTests of the main package.
let package = Package(
    name: "Fuzzing",
    dependencies: [.package(name: "actdiff", path: "..")],
    targets: [
        .systemLibrary(name: "CLibFuzzer", path: "CLibFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["CLibFuzzer", .product(name: "Readers", package: "actdiff")], path: ".",
            exclude: ["Package.swift", "CLibFuzzer", "Checks/Tests", "Corpus"],
            swiftSettings: [.treatAllWarnings(as: .error)]),
    ]
)
