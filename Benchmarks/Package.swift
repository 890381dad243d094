// swift-tools-version: 6.2
import PackageDescription

// The rivals live in this package and nowhere else: Nital itself never links them.
let package = Package(
  name: "nital-benchmarks",
  dependencies: [.package(name: "nital", path: "..")],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CPeak"),
    .executableTarget(
      name: "gemm-comparison",
      dependencies: ["COpenBLAS", "CPeak", .product(name: "Tensors", package: "nital")],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
  ]
)
