// swift-tools-version: 6.2
import PackageDescription

// The rivals live in this package and nowhere else: Nital itself never knows them. They are opened
// at run time, so that this package builds without them.
let tensors: Target.Dependency = .product(name: "Tensors", package: "nital")
let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
  name: "nital-benchmarks",
  dependencies: [.package(name: "nital", path: "..")],
  targets: [
    .target(name: "CPeak", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Measuring", dependencies: ["CPeak", tensors], swiftSettings: settings),
    .executableTarget(
      name: "gemm-comparison", dependencies: ["Measuring", tensors], swiftSettings: settings),
    .executableTarget(
      name: "parallel-loops", dependencies: ["Measuring", tensors], swiftSettings: settings),
  ]
)
