// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the ordinary build knows nothing of it. scripts/fuzz builds it, with the options that it
// needs.
let package = Package(
    name: "Fuzzing",
    dependencies: [.package(name: "actdiff", path: "..")],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["CLibFuzzer", .product(name: "Decoders", package: "actdiff")],
            swiftSettings: [.treatAllWarnings(as: .error)]),
    ]
)
