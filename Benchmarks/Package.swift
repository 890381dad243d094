// swift-tools-version: 6.2
import PackageDescription

// The rivals live in this package and nowhere else: Nital itself never knows them. They are opened
// at run time, so that this package builds without them.
func nital(_ name: String) -> Target.Dependency { .product(name: name, package: "nital") }
let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "nital-benchmarks",
  dependencies: [.package(name: "nital", path: "..")],
  targets: [
    .target(name: "CPeak", cSettings: [.unsafeFlags(["-O3"])]),
    library("Measuring", ["CPeak", nital("Tensors")]),
    library("GEMMLadder", ["Measuring", nital("Tensors")]),
    library(
      "Rivals",
      ["Measuring", nital("LinearAlgebra"), nital("NeuralNetworks"), nital("Tensors")]),
    program("gemm-ladder", ["GEMMLadder", "Measuring", nital("Tensors")]),
    program("gemm-comparison", ["Measuring", "Rivals", nital("Tensors")]),
    program("network-comparison", ["Measuring", "Rivals", nital("Tensors")]),
    program("parallel-loops", ["Measuring", nital("Tensors")]),
    program(
      "nital-benchmarks",
      ["GEMMLadder", "Measuring", "Rivals", nital("Reporting"), nital("Tensors")]),
  ]
)
