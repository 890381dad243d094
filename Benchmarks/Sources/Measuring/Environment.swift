// The process as a measurement needs it: a clean environment, a clock, the machine's names.

import Glibc

/// Starts this program again with the variables that OpenBLAS reads when it is loaded.
///
/// OpenBLAS takes the kernel for the processor unless OPENBLAS_CORETYPE names another; the rival of
/// `NITAL_ISA=avx2` is its Haswell kernel where the processor has AVX-512, of `baseline` its oldest.
/// Variables that hold it back (OPENBLAS_L2_SIZE, thread counts) are removed.
public func restartInCleanEnvironment() {
  let marker = "NITAL_COMPARISON_CLEAN"
  guard variable(marker) == nil else { return }
  for name in [
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
    "GOTO_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_THREAD_TIMEOUT",
  ] { unsetenv(name) }
  if variable("NITAL_ISA") == "avx2" { setenv("OPENBLAS_CORETYPE", "Haswell", 1) }
  if variable("NITAL_ISA") == "baseline" { setenv("OPENBLAS_CORETYPE", "Prescott", 1) }
  if let kernel = variable("RIVAL_CORETYPE") { setenv("OPENBLAS_CORETYPE", kernel, 1) }
  setenv(marker, "1", 1)
  var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
  arguments.append(nil)
  execv("/proc/self/exe", arguments)
  stop("cannot start again: errno \(errno)")
}

/// The value of an environment variable.
public func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Prints a message to stderr and ends the program.
public func stop(_ message: String) -> Never {
  let line = Array("benchmarks: \(message)\n".utf8)
  write(2, line, line.count)
  exit(2)
}

/// The clock of a measurement.
public enum Clock: String, Sendable {
  /// The time that passes.
  case wall
  /// The processor time that this program used: for one thread on a machine that has other work.
  case cpu
}

/// Seconds of a clock.
public func now(_ clock: Clock = .wall) -> Double {
  var time = timespec()
  clock_gettime(clock == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// The first line that a shell command prints, or nil where it prints none.
public func output(of command: String) -> String? {
  guard let pipe = popen(command, "r") else { return nil }
  defer { pclose(pipe) }
  var buffer = [CChar](repeating: 0, count: 1024)
  guard fgets(&buffer, 1024, pipe) != nil else { return nil }
  let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
  return String(decoding: bytes, as: UTF8.self)
}

/// `value` with `digits` decimals, at least `width` wide.
public func text(_ value: Double, _ digits: Int, width: Int = 8) -> String {
  var buffer = [CChar](repeating: 0, count: 64)
  withVaList([value]) { _ = vsnprintf(&buffer, 64, "%\(width).\(digits)f", $0) }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `string` with spaces after it up to `width`.
public func padded(_ string: String, _ width: Int) -> String {
  string + String(repeating: " ", count: max(0, width - string.count))
}

/// The median.
public func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Writes a whole file, or ends the program; what was there is replaced in one step.
public func writeFile(_ contents: String, to path: String) {
  guard let file = fopen(path + ".part", "w") else { stop("cannot write \(path)") }
  let bytes = Array(contents.utf8)
  let written = fwrite(bytes, 1, bytes.count, file)
  guard fclose(file) == 0, written == bytes.count, rename(path + ".part", path) == 0 else {
    stop("cannot write \(path)")
  }
}

/// The text of a file, or the end of the program.
public func fileText(_ path: String) -> String {
  guard let file = fopen(path, "r") else { stop("cannot read \(path)") }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  var text: [UInt8] = []
  while case let length = fread(&bytes, 1, bytes.count, file), length > 0 {
    text += bytes.prefix(length)
  }
  return String(decoding: text, as: UTF8.self)
}
