// OpenBLAS and LAPACKE, opened at run time: nothing of them is linked.

import Glibc
import Measuring

/// The operations of an OpenBLAS that Nital is measured against.
///
/// Integer arguments are declared as 64-bit: libraries with 32-bit integers read the lower half of
/// each register or stack slot.
public struct OpenBLAS: Sendable {
  /// cblas_sgemm.
  public typealias SGEMM =
    @convention(c) (
      Int, Int, Int, Int, Int, Int, Float, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int,
      Float, UnsafeMutablePointer<Float>, Int
    ) -> Void
  /// cblas_dgemm.
  public typealias DGEMM =
    @convention(c) (
      Int, Int, Int, Int, Int, Int, Double, UnsafePointer<Double>, Int, UnsafePointer<Double>, Int,
      Double, UnsafeMutablePointer<Double>, Int
    ) -> Void
  /// LAPACKE_dgesdd: layout, job, m, n, A, lda, s, U, ldu, V transposed, ldvt.
  public typealias DGESDD =
    @convention(c) (
      Int, CChar, Int, Int, UnsafeMutablePointer<Double>, Int, UnsafeMutablePointer<Double>,
      UnsafeMutablePointer<Double>, Int, UnsafeMutablePointer<Double>, Int
    ) -> Int
  /// LAPACKE_dgejsv: layout, six jobs, m, n, A, lda, s, U, ldu, V, ldv, numbers, integers.
  public typealias DGEJSV =
    @convention(c) (
      Int, CChar, CChar, CChar, CChar, CChar, CChar, Int, Int, UnsafeMutablePointer<Double>, Int,
      UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, Int,
      UnsafeMutablePointer<Double>, Int, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Int>
    ) -> Int

  /// The version and the kernel in use.
  public let name: String
  /// cblas_sgemm.
  public let single: SGEMM
  /// cblas_dgemm.
  public let double: DGEMM
  /// Missing where the library has no LAPACKE.
  public let dgesdd: DGESDD?
  /// Missing where the library has no LAPACKE.
  public let dgejsv: DGEJSV?
  /// openblas_set_num_threads.
  public let setThreads: @convention(c) (Int32) -> Void

  /// The OpenBLAS at `path`, or NumPy's, or the system's.
  ///
  /// NumPy's is newer than most systems'. It is looked for with the Python of `NITAL_PYTHON`, or
  /// `python3`; `NITAL_OPENBLAS` names another library.
  public init(path: String? = nil) {
    let chosen = path ?? variable("NITAL_OPENBLAS") ?? Self.bundledWithNumPy() ?? "libopenblas.so.0"
    guard let handle = dlopen(chosen, RTLD_NOW) else { stop("cannot open OpenBLAS as '\(chosen)'") }
    let lapacke = dlopen("liblapacke.so.3", RTLD_NOW)
    // NumPy and SciPy bundle a copy whose names begin and end differently.
    func find(_ name: String) -> UnsafeMutableRawPointer? {
      for form in [name, "scipy_\(name)64_", "\(name)64_", "scipy_\(name)"] {
        if let found = dlsym(handle, form) { return found }
      }
      return name.hasPrefix("LAPACKE") && !chosen.contains("scipy")
        ? lapacke.flatMap { dlsym($0, name) } : nil
    }
    func symbol(_ name: String) -> UnsafeMutableRawPointer {
      guard let found = find(name) else { stop("no \(name) in \(chosen)") }
      return found
    }
    typealias Text = @convention(c) () -> UnsafePointer<CChar>
    let config = unsafeBitCast(symbol("openblas_get_config"), to: Text.self)
    let core = unsafeBitCast(symbol("openblas_get_corename"), to: Text.self)
    name = "\(String(cString: config())), kernel \(String(cString: core()))"
    single = unsafeBitCast(symbol("cblas_sgemm"), to: SGEMM.self)
    double = unsafeBitCast(symbol("cblas_dgemm"), to: DGEMM.self)
    dgesdd = find("LAPACKE_dgesdd").map { unsafeBitCast($0, to: DGESDD.self) }
    dgejsv = find("LAPACKE_dgejsv").map { unsafeBitCast($0, to: DGEJSV.self) }
    setThreads = unsafeBitCast(
      symbol("openblas_set_num_threads"), to: (@convention(c) (Int32) -> Void).self)
  }

  private static func bundledWithNumPy() -> String? {
    let python = variable("NITAL_PYTHON") ?? "python3"
    let script =
      "import glob, os, numpy; d = os.path.dirname(numpy.__file__); "
      + "print(glob.glob(os.path.join(d, '..', 'numpy.libs', 'libscipy_openblas*'))[0])"
    return output(of: "\(python) -c \"\(script)\" 2>/dev/null")
  }

  /// C = A B for row-major matrices.
  public func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>,
    _ C: UnsafeMutablePointer<Float>
  ) {
    single(101, 111, 111, m, n, k, 1, A, k, B, n, 0, C, n)
  }

  /// C = A B for row-major matrices.
  public func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ A: UnsafePointer<Double>, _ B: UnsafePointer<Double>,
    _ C: UnsafeMutablePointer<Double>
  ) {
    double(101, 111, 111, m, n, k, 1, A, k, B, n, 0, C, n)
  }
}
