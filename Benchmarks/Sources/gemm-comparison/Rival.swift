// OpenBLAS: the one that is linked, or another copy of it by its path.

import COpenBLAS
import Glibc

/// The matrix products of an OpenBLAS.
///
/// Integer arguments are declared as 64-bit: libraries with 32-bit integers read the lower half of
/// each register or stack slot.
struct Rival {
  typealias SGEMM =
    @convention(c) (
      Int, Int, Int, Int, Int, Int, Float, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int,
      Float,
      UnsafeMutablePointer<Float>, Int
    ) -> Void
  typealias DGEMM =
    @convention(c) (
      Int, Int, Int, Int, Int, Int, Double, UnsafePointer<Double>, Int, UnsafePointer<Double>, Int,
      Double, UnsafeMutablePointer<Double>, Int
    ) -> Void

  let name: String
  let single: SGEMM
  let double: DGEMM
  let setThreads: @convention(c) (Int32) -> Void

  /// The OpenBLAS at `path`, or the linked one.
  init(path: String?) {
    let handle = path.map { dlopen($0, RTLD_NOW) } ?? dlopen(nil, RTLD_NOW)
    guard let handle else { stop("cannot open \(path ?? "this program")") }
    // NumPy and SciPy bundle a copy whose names begin and end differently.
    func symbol(_ name: String) -> UnsafeMutableRawPointer {
      for form in [name, "scipy_\(name)64_", "\(name)64_"] {
        if let found = dlsym(handle, form) { return found }
      }
      stop("no \(name) in \(path ?? "the linked library")")
    }
    typealias Text = @convention(c) () -> UnsafePointer<CChar>
    let config = unsafeBitCast(symbol("openblas_get_config"), to: Text.self)
    let core = unsafeBitCast(symbol("openblas_get_corename"), to: Text.self)
    name = "\(String(cString: config())), kernel \(String(cString: core()))"
    single = unsafeBitCast(symbol("cblas_sgemm"), to: SGEMM.self)
    double = unsafeBitCast(symbol("cblas_dgemm"), to: DGEMM.self)
    setThreads = unsafeBitCast(
      symbol("openblas_set_num_threads"), to: (@convention(c) (Int32) -> Void).self)
    // Keeps the linked library even where nothing else names it.
    if path == nil { openblas_set_num_threads(1) }
  }
}
