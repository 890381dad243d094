// The process as the comparison needs it: a clean environment, a clock, the machine's names.

import Glibc

/// Starts this program again with the variables that OpenBLAS reads when it is loaded.
///
/// OpenBLAS takes the kernel for the processor unless OPENBLAS_CORETYPE names another; the rival of
/// `NITAL_ISA=avx2` is its Haswell kernel, of `baseline` its oldest, of `avx512` what it chooses. Variables that
/// hold it back (OPENBLAS_L2_SIZE, thread counts) are removed.
func restartInCleanEnvironment() {
  let marker = "NITAL_COMPARISON_CLEAN"
  guard getenv(marker) == nil else { return }
  for name in [
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
    "GOTO_NUM_THREADS", "OPENBLAS_THREAD_TIMEOUT",
  ] { unsetenv(name) }
  let set = getenv("NITAL_ISA").map { String(cString: $0) }
  if set == "avx2" { setenv("OPENBLAS_CORETYPE", "Haswell", 1) }
  if set == "baseline" { setenv("OPENBLAS_CORETYPE", "Prescott", 1) }
  if let kernel = getenv("RIVAL_CORETYPE") { setenv("OPENBLAS_CORETYPE", kernel, 1) }
  setenv(marker, "1", 1)
  var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
  arguments.append(nil)
  execv("/proc/self/exe", arguments)
  stop("cannot start again: errno \(errno)")
}

/// Prints a message to stderr and ends the program.
func stop(_ message: String) -> Never {
  let line = Array("gemm-comparison: \(message)\n".utf8)
  write(2, line, line.count)
  exit(2)
}

/// The clock of a measurement.
enum Clock: String, Sendable {
  /// The time that passes.
  case wall
  /// The processor time that this program used: for one thread on a machine that has other work.
  case cpu
}

/// Seconds of a clock.
func now(_ clock: Clock) -> Double {
  var time = timespec()
  clock_gettime(clock == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// The first line that a shell command prints.
func output(of command: String) -> String {
  guard let pipe = popen(command, "r") else { return "unknown" }
  defer { pclose(pipe) }
  var buffer = [CChar](repeating: 0, count: 256)
  guard fgets(&buffer, 256, pipe) != nil else { return "unknown" }
  let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
  return String(decoding: bytes, as: UTF8.self)
}

/// `value` with `digits` decimals, at least `width` wide.
func text(_ value: Double, _ digits: Int, width: Int = 8) -> String {
  var buffer = [CChar](repeating: 0, count: 64)
  withVaList([value]) { _ = vsnprintf(&buffer, 64, "%\(width).\(digits)f", $0) }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
