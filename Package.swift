// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors in every target of ours; dependencies keep their own settings.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "actdiff",
    products: [
        .executable(name: "actdiff", targets: ["actdiff"]),
        // For Fuzzing/, a package of its own: what reads bytes from the network, and what the samples are drawn with.
        .library(name: "Decoders", targets: ["Inputs", "Diffing", "Wire", "TestSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // System libraries: a modulemap and a shim header only.
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CLZ4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),

        // From the outside in: what files hold, then what is computed, then who computes it.
        library(
            "Inputs", [.product(name: "Crypto", package: "swift-crypto"), .product(name: "Yams", package: "Yams")]),
        .target(
            name: "Kernels", cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]),
        library("Tensors", ["Inputs", "Kernels"]),
        library("Models", ["Inputs", "Tensors"]),
        library("Tokenization", ["Inputs", "Tensors", "Models", "CPCRE2"]),
        library("Compute", ["Kernels"]),
        library("Transformers", ["Inputs", "Tensors", "Models", "Compute", "Kernels"]),
        library("Dictionaries", ["Inputs", "Tensors", "Models", "Compute", "Kernels"]),
        library("Diffing", ["Inputs", "Tensors", "Models", "Tokenization"]),
        library("Evaluation", ["Inputs", "Tensors", "Models", "Compute", "Transformers", "Dictionaries", "Diffing"]),
        library("Wire", ["Inputs", "Diffing", "CZeroMQ", "CLZ4"]),
        // What a daemon shows of itself; knows nothing of what it does.
        library(
            "Monitoring",
            ["NIOCore", "NIOHTTP1", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }),
        library(
            "Cluster",
            [
                "Inputs", "Tensors", "Models", "Tokenization", "Compute", "Diffing", "Evaluation", "Wire",
                "Monitoring",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "actdiff",
            dependencies: [
                "Inputs", "Tensors", "Models", "Compute", "Diffing", "Evaluation", "Wire", "Cluster",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // What several test targets need: comparisons, seeds, folders, files.
        .target(name: "TestSupport", dependencies: ["Inputs"], path: "Tests/Support", swiftSettings: strict),
        tests("SupportTests", ["TestSupport", "Inputs"]),

        tests("InputsTests", ["TestSupport", "Inputs"]),
        tests("KernelsTests", ["TestSupport", "Kernels"]),
        tests("ComputeTests", ["TestSupport", "Compute"]),
        tests(
            "EvaluationTests",
            ["TestSupport", "Inputs", "Compute", "Transformers", "Dictionaries", "Diffing", "Evaluation"]),
        tests(
            "TokenizationTests", ["TestSupport", "Tokenization", "Tensors", "Models", "Inputs"],
            resources: [.copy("Goldens")]),
        tests("ModelsTests", ["TestSupport", "Tensors", "Models", "Inputs"], resources: [.copy("Goldens")]),
        tests(
            "TransformersTests", ["TestSupport", "Kernels", "Tensors", "Models", "Compute", "Transformers"],
            resources: [.copy("Goldens")]),
        tests(
            "DictionariesTests", ["TestSupport", "Tensors", "Models", "Compute", "Dictionaries", "Inputs"],
            resources: [.copy("Goldens")]),
        tests(
            "ReferenceTests",
            [
                "TestSupport", "Inputs", "Tensors", "Models", "Compute", "Transformers", "Dictionaries", "Evaluation",
                "Diffing",
                "Cluster",
            ],
            exclude: ["Goldens"]),
        tests(
            "ClusterTests",
            [
                "TestSupport", "Inputs", "Tensors", "Models", "Compute", "Diffing", "Evaluation", "Wire", "Monitoring",
                "Cluster",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ]),
        tests("MonitoringTests", ["Monitoring"]),
        tests(
            "BundleTests",
            [
                "TestSupport", "Inputs", "Compute", "Diffing", "Wire", "Cluster",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Goldens"]),
        tests("ProcessTests", ["TestSupport", "actdiff"], resources: [.copy("Fixtures")]),
        tests("WireTests", ["TestSupport", "Inputs", "Diffing", "Wire", "CZeroMQ"]),
        tests("DiffingTests", ["TestSupport", "Inputs", "Diffing"], resources: [.copy("Goldens")]),
    ]
)
