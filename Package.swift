// swift-tools-version: 6.2
import PackageDescription

// NITAL_PORTABLE=1 builds the baseline kernels alone, without unsafe flags, so that the package can
// also be a versioned dependency. aarch64 builds the baseline kernels (NEON) alone too.
#if arch(x86_64)
let portable = Context.environment["NITAL_PORTABLE"] == "1"
#else
let portable = true
#endif

/// Settings of every Swift target but the kernels: warnings are errors, each unsafe use is marked.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .strictMemorySafety(),
  .enableUpcomingFeature("MemberImportVisibility"), .enableExperimentalFeature("Lifetimes"),
]

/// Tests use the same language mode; unsafe uses need no mark there.
let testing: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// One kernel source, three builds: `_Kernels256` and `_Kernels512` hold symbolic links.
///
/// Kernels are optimised in debug builds too: plain -Onone emits weak copies of standard-library code.
func kernels(_ name: String, _ flags: [String], _ defines: [String]) -> Target {
  let optimise: [SwiftSetting] = portable ? [] : [.unsafeFlags(["-O"] + flags)]
  return .target(
    name: name,
    exclude: name == "_Kernels128" ? ["generate_convolution.py", "generate_gemm.py"] : [],
    swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
      + optimise + defines.map { .define($0) })
}

let wideKernels: [Target] =
  portable
  ? []
  : [
    kernels("_Kernels256", ["-Xcc", "-march=x86-64-v3"], ["NITAL_256", "NITAL_FMA"]),
    kernels(
      "_Kernels512", ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"],
      ["NITAL_512", "NITAL_FMA"]),
  ]

/// A library target, its public product left to the caller.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies,
    swiftSettings: strict + (portable ? [.define("NITAL_PORTABLE")] : []),
    linkerSettings: [.linkedLibrary("m")])
}

/// A test target mirrors the source target of its name.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: testing)
}

let package = Package(
  name: "nital",
  products: [
    .library(name: "Tensors", targets: ["Tensors"]),
    .library(name: "LinearAlgebra", targets: ["LinearAlgebra"]),
    .library(name: "Estimators", targets: ["Estimators"]),
    .library(name: "Imaging", targets: ["Imaging"]),
    .library(name: "NeuralNetworks", targets: ["NeuralNetworks"]),
    .library(name: "WeightFormats", targets: ["WeightFormats"]),
    .library(name: "Metallography", targets: ["Metallography"]),
    .library(name: "Microstructures", targets: ["Microstructures"]),
    .library(name: "Reporting", targets: ["Reporting"]),
    .library(name: "Pipelines", targets: ["Pipelines"]),
    .executable(name: "nital", targets: ["nital"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // MARK: - Kernels and their choice at run time
    .target(name: "_CPUFeatures"),
    kernels("_Kernels128", [], []),

    // MARK: - Numerics
    library(
      "Tensors",
      ["_CPUFeatures", "_Kernels128"] + (portable ? [] : ["_Kernels256", "_Kernels512"])),
    library("LinearAlgebra", ["Tensors"]),
    library("Estimators", ["LinearAlgebra", "Tensors"]),
    library("NeuralNetworks", ["Tensors"]),

    // MARK: - Files and images
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png"), .linkedLibrary("z")]),
    library("Files", ["CZlib"]),
    library("WeightFormats", ["Files", "Tensors"]),
    library("Imaging", ["CPNG", "Files", "Tensors"]),
    library("Microstructures", ["Imaging", "Tensors"]),
    library("Metallography", ["Imaging", "Tensors"]),

    // MARK: - Results
    library("Reporting", ["Files", "Imaging", "Tensors"]),
    library(
      "Pipelines",
      [
        "Estimators", "Files", "Imaging", "LinearAlgebra", "Metallography", "Microstructures",
        "NeuralNetworks", "Reporting", "Tensors", "WeightFormats",
      ]),

    // MARK: - The command line
    .target(name: "_BareHost"),
    .executableTarget(
      name: "nital",
      dependencies: [
        "Estimators", "Files", "Imaging", "LinearAlgebra", "Metallography", "Microstructures",
        "NeuralNetworks", "Pipelines", "Reporting", "Tensors", "WeightFormats", "_BareHost",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict, linkerSettings: [.linkedLibrary("m")]),

    // MARK: - Tests
    tests(
      "Tensors",
      ["Tensors", "_Kernels128"] + (portable ? [] : ["_Kernels256", "_Kernels512"])),
    tests("LinearAlgebra", ["LinearAlgebra", "Tensors"]),
    tests("Estimators", ["Estimators", "LinearAlgebra", "Tensors"]),
    tests("NeuralNetworks", ["NeuralNetworks", "Tensors"]),
    tests("Files", ["Files"]),
    tests("WeightFormats", ["WeightFormats", "Files", "Tensors"]),
    tests("Imaging", ["Imaging", "Files", "Tensors"]),
    tests("Microstructures", ["Microstructures", "Imaging", "Tensors"]),
    tests("Metallography", ["Metallography", "Files", "Imaging", "Tensors", "WeightFormats"]),
    tests("Reporting", ["Reporting", "Imaging", "Tensors"]),
    tests(
      "Pipelines",
      [
        "Pipelines", "Estimators", "Files", "Imaging", "Metallography", "Microstructures",
        "NeuralNetworks", "Reporting", "Tensors", "WeightFormats",
      ]),
  ] + wideKernels
)
