// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors in every target of ours; dependencies keep their own settings.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func library(
    _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: strict)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, resources: [Resource] = [],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: path, exclude: exclude, resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "actdiff",
    products: [
        .executable(name: "actdiff", targets: ["actdiff"]),
        // For Fuzzing/, a package of its own: what reads bytes from outside, and what the samples are drawn with.
        .library(
            name: "Readers",
            targets: [
                "Inputs", "Tensors", "Models", "Tokenization", "Compute", "Dictionaries", "Prompts", "Evaluation",
                "Work", "Latents", "Exemplars", "Wire", "Monitoring", "TestSupport", "WireSamples", "LatentsSamples",
                "ExemplarsSamples",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // System libraries: a modulemap and a shim header only.
        .systemLibrary(name: "CLinux", providers: [.apt(["libc6-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CLZ4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),

        // From the outside in: what files hold, then what is computed, then who computes it.
        library("Inputs", ["CCrypto", "CLinux", .product(name: "Yams", package: "Yams")]),
        .target(
            name: "Kernels", cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]),
        library("Tensors", ["Inputs", "Kernels", "CZlib"]),
        library("Models", ["Inputs", "Tensors"]),
        library("Tokenization", ["Inputs", "Tensors", "CPCRE2"]),
        library("Compute", ["Kernels"]),
        library("Transformers", ["Inputs", "Tensors", "Models", "Kernels", "Compute"]),
        library("Dictionaries", ["Inputs", "Tensors", "Kernels", "Compute"]),
        library("Prompts", ["Inputs", "Tokenization"]),
        // What a kind of work is, what kinds share that run models, and the kinds.
        library("Work", ["Inputs"]),
        library(
            "Evaluation",
            ["Inputs", "Models", "Kernels", "Compute", "Transformers", "Dictionaries", "Prompts", "Work"]),
        library(
            "Latents",
            [
                "Inputs", "Models", "Tokenization", "Kernels", "Compute", "Transformers", "Dictionaries", "Prompts",
                "Evaluation", "Work", "CLZ4",
            ], path: "Sources/Kinds/Latents"),
        library(
            "Exemplars",
            [
                "Inputs", "Models", "Tokenization", "Compute", "Dictionaries", "Prompts", "Evaluation", "Work",
                "Latents",
            ], path: "Sources/Kinds/Exemplars"),
        // What bundles say, as text, as data and as a page, whose templates and scripts are part of the program.
        library(
            "Reports",
            [
                "Inputs", "Kernels", "Prompts", "Evaluation", "Latents", "Exemplars",
                .product(name: "Mustache", package: "swift-mustache"),
            ], resources: [.embedInCode("Page/Resources")]),
        library("Wire", ["Inputs", "CZeroMQ"]),
        // What a daemon shows of itself; knows nothing of what it does.
        library("Monitoring", ["CLinux"]),
        library(
            "Cluster",
            [
                "CLinux", "Inputs", "Compute", "Work", "Wire", "Monitoring",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ]),
        // What `actdiff bench` measures with.
        library(
            "Benchmarking",
            [
                "Inputs", "Models", "Compute", "Transformers", "Dictionaries", "Prompts", "Evaluation", "Work",
                "Latents", "Wire", "Cluster", "CZeroMQ", .product(name: "Logging", package: "swift-log"),
            ], path: "Benchmarks/Benchmarking"),
        .executableTarget(
            name: "actdiff",
            dependencies: [
                "Inputs", "Compute", "Prompts", "Evaluation", "Work", "Latents", "Exemplars", "Reports", "Wire",
                "Monitoring", "Cluster", "Benchmarking", .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),

        // What several test targets need: comparisons, seeds, samples, folders, files.
        library("TestSupport", ["Inputs", "Work"], path: "Tests/Support"),
        // Random messages, and random tasks with results that fit them.
        library("WireSamples", ["TestSupport", "Inputs", "Wire"], path: "Tests/Samples/Wire"),
        library(
            "LatentsSamples", ["TestSupport", "Inputs", "Prompts", "Evaluation", "Work", "Latents"],
            path: "Tests/Samples/Latents"),
        library(
            "ExemplarsSamples", ["TestSupport", "Inputs", "Prompts", "Evaluation", "Exemplars"],
            path: "Tests/Samples/Exemplars"),
        // A second kind of work, as small as one can be, and a program that knows it.
        library("TokenCounts", ["Inputs", "Tokenization", "Prompts", "Work"], path: "Tests/Kinds/TokenCounts"),
        .executableTarget(
            name: "counting",
            dependencies: [
                "TestSupport", "Inputs", "Prompts", "Work", "Wire", "Cluster", "TokenCounts",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/Kinds/counting", swiftSettings: strict),
        tests(
            "BenchmarkingTests",
            [
                "TestSupport", "Inputs", "Work", "Latents", "Wire", "Cluster", "Benchmarking",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "BundleTests",
            [
                "TestSupport", "Inputs", "Compute", "Prompts", "Evaluation", "Work", "Latents", "Exemplars", "Wire",
                "Cluster",
                .product(name: "Logging", package: "swift-log"),
            ], exclude: ["Goldens"]),
        tests(
            "ClusterTests",
            [
                "TestSupport", "Inputs", "Compute", "Prompts", "Work", "Latents", "Wire", "Monitoring", "Cluster",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ]),
        tests("ComputeTests", ["TestSupport", "Compute"]),
        tests(
            "DictionariesTests", ["TestSupport", "Inputs", "Tensors", "Compute", "Dictionaries"],
            resources: [.copy("Goldens")]),
        tests(
            "EvaluationTests",
            ["TestSupport", "Inputs", "Compute", "Transformers", "Prompts", "Evaluation", "Latents"]),
        tests(
            "ExemplarsTests",
            ["TestSupport", "ExemplarsSamples", "Inputs", "Prompts", "Evaluation", "Work", "Exemplars"]),
        // What must hold for any bytes; scripts/fuzz has the same checks in a program of its own.
        tests(
            "FuzzingTests",
            [
                "TestSupport", "WireSamples", "LatentsSamples", "ExemplarsSamples", "Inputs", "Tensors", "Models",
                "Tokenization", "Compute", "Dictionaries", "Prompts", "Evaluation", "Work", "Latents", "Exemplars",
                "Wire", "Monitoring",
            ], path: "Fuzzing/Checks"),
        tests("InputsTests", ["TestSupport", "Inputs"]),
        tests("KernelsTests", ["TestSupport", "Kernels"], resources: [.copy("Goldens")]),
        tests(
            "KindTests",
            [
                "TestSupport", "Inputs", "Prompts", "Work", "Wire", "Cluster", "TokenCounts", "counting",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "LatentsTests",
            [
                "TestSupport", "LatentsSamples", "Inputs", "Compute", "Transformers", "Dictionaries", "Prompts",
                "Evaluation", "Work",
                "Latents",
            ],
            resources: [.copy("Goldens")]),
        tests("ModelsTests", ["TestSupport", "Inputs", "Tensors", "Models", "Kernels"], resources: [.copy("Goldens")]),
        tests("MonitoringTests", ["Monitoring"]),
        tests("PromptsTests", ["TestSupport", "Inputs", "Prompts"]),
        tests("ProcessTests", ["TestSupport", "Inputs", "Wire", "actdiff"], resources: [.copy("Fixtures")]),
        tests(
            "ReferenceTests",
            [
                "TestSupport", "Inputs", "Tensors", "Models", "Compute", "Transformers", "Prompts", "Evaluation",
                "Work", "Latents", "Exemplars",
            ], exclude: ["Goldens"]),
        tests(
            "ReportsTests", ["TestSupport", "LatentsSamples", "Inputs", "Prompts", "Latents", "Exemplars", "Reports"],
            exclude: ["Goldens"]),
        tests("SupportTests", ["TestSupport", "Inputs"]),
        tests("TokenizationTests", ["TestSupport", "Inputs", "Tokenization"], resources: [.copy("Goldens")]),
        tests(
            "TransformersTests", ["TestSupport", "Inputs", "Tensors", "Models", "Kernels", "Compute", "Transformers"],
            resources: [.copy("Goldens")]),
        tests("WireTests", ["TestSupport", "WireSamples", "Inputs", "Wire", "CZeroMQ"]),
        tests("WorkTests", ["Work"]),
    ]
)
